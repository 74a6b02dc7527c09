export { type CloudAdapter, cloud } from "./cloud.js";
export type { ClientAnswer, CloudClient } from "./cloud-client.js";
export type { CloudOptions } from "./options.js";
export { patientFetch } from "./patient-fetch.js";
export { type SupabaseStoreOptions, supabaseEntry } from "./supabase-entry.js";
