import type { SupabaseClient } from "@supabase/supabase-js";

/** Signed in. */
export declare const client: SupabaseClient;
