import type { StorageAdapter } from "@holdfast/core";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { cloud } from "./cloud.js";
import { patientFetch } from "./patient-fetch.js";
import type { SupabaseStoreOptions } from "./supabase-store-options.js";

/** An adapter with a client of its own. */
export function openProject({ url, key, store, owner }: SupabaseStoreOptions): StorageAdapter {
  return cloud({ client: connectProject({ url, key }), store, owner });
}

/** A client that keeps no session anywhere and waits as the server asks. */
export function connectProject({ url, key }: Pick<SupabaseStoreOptions, "url" | "key">): SupabaseClient {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: patientFetch() },
  });
}
