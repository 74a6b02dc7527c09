export { checkProject, type ProjectCheck } from "./check-project.js";
export { type CloudAdapter, cloud } from "./cloud.js";
export type { ClientAnswer, CloudClient } from "./cloud-client.js";
export { MIGRATIONS } from "./migrations.js";
export type { CloudOptions } from "./options.js";
export { patientFetch } from "./patient-fetch.js";
export type { ReceivedShare, Share, ShareRole, Shares, ShareTarget } from "./shares.js";
export { checkEnvironment, supabaseEntry } from "./supabase-entry.js";
export type { SupabaseStoreOptions } from "./supabase-store-options.js";
