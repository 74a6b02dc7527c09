import { type SupabaseStoreOptions, supabaseEntry } from "@holdfast/cloud";
import { register } from "holdfast";

declare module "holdfast" {
  interface AdapterRegistry {
    supabase: SupabaseStoreOptions;
  }
}

/** Lets commands take `supabase:` URLs. */
export function registerSupabase(): void {
  register("supabase", supabaseEntry);
}
