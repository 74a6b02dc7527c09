export { type EmbeddedSupabase, type SignedUp, type SupabaseOptions, startSupabase } from "./start-supabase.ts";
