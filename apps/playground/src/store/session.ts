import { createStorage, type StorageEngine } from "holdfast";

/** The open store, and what only browsers have. */
export interface Session {
  readonly storage: StorageEngine;
  /** Asks the browser to keep this site's data when it runs out of room; resolves to whether it will. */
  persist(): Promise<boolean>;
}

export async function openSession(): Promise<Session> {
  const storage = await createStorage(
    { platform: "browser", name: "holdfast-playground" },
    { history: { versions: 20 } },
  );
  return { storage, persist: () => navigator.storage.persist() };
}
