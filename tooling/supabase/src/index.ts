export type { SupabaseClient } from "@supabase/supabase-js";
export { type FaultyProxy, type NetworkFault, startFaultyProxy } from "./faulty-proxy.ts";
export { type EmbeddedSupabase, type SignedUp, type SupabaseOptions, startSupabase } from "./start-supabase.ts";
