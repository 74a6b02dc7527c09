export type { SupabaseClient } from "@supabase/supabase-js";
export { chosenDatabase } from "./chosen-database.ts";
export { type FaultyProxy, type NetworkFault, startFaultyProxy } from "./faulty-proxy.ts";
export type { Address, Database } from "./messages.ts";
export { readSqlFiles } from "./read-sql-files.ts";
export { type RealtimeStandIn, startRealtimeStandIn } from "./realtime-stand-in.ts";
export { startSigningStandIn } from "./signing-stand-in.ts";
export {
  connectSupabase,
  type EmbeddedSupabase,
  type SignedUp,
  type SupabaseOptions,
  startSupabase,
} from "./start-supabase.ts";
