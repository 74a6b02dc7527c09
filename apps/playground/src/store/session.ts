import { openStorage, type StorageEngine } from "@holdfast/core";
import { type IndexedDbAdapter, indexeddb } from "@holdfast/indexeddb";

/** The open store, and what only this backend has. */
export interface Session {
  readonly storage: StorageEngine;
  readonly adapter: IndexedDbAdapter;
}

export async function openSession(): Promise<Session> {
  const adapter = indexeddb({ name: "holdfast-playground" });
  const storage = await openStorage(adapter, { history: { versions: 20 } });
  return { storage, adapter };
}
