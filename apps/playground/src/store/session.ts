import { createStorage, type StorageEngine } from "holdfast";
import type { Account } from "./account.ts";

/** What every store of the playground is opened with. */
export const SETTINGS = { history: { versions: 20 } } as const;

/** An open store, and whose it is where it is in the cloud. */
export interface Session {
  readonly storage: StorageEngine;
  /** Undefined: the store is in this browser. */
  readonly account: Account | undefined;
}

export async function openInBrowser(): Promise<Session> {
  const storage = await createStorage({ platform: "browser", name: "holdfast-playground" }, SETTINGS);
  return { storage, account: undefined };
}
