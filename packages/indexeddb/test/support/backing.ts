import type { Backing, Peer } from "@holdfast/conformance";
import { indexeddb } from "@holdfast/indexeddb";
import { deleteDB, openDB } from "idb";

/** Milliseconds. Some cases make tens of thousands of transactions, which take their time where many tests run at once. */
export const LONGEST_CASE = 300_000;

let made = 0;

/** The name of a database that nobody has. */
export function newName(): string {
  return `test-${++made}-${crypto.randomUUID()}`;
}

/** A new database for one case of the suite. */
export function newBacking(startPeer: (name: string) => Promise<Peer>): Backing {
  const name = newName();
  return {
    adapter: () => indexeddb({ name }),
    persistent: true,
    peer: () => startPeer(name),
    forgetFeed: () => forgetFeed(name),
    destroy: () => deleteDB(name),
  };
}

async function forgetFeed(name: string): Promise<void> {
  const database = await openDB(name);
  const { store, done } = database.transaction("feed", "readwrite");
  const [last = 0] = (await store.getAllKeys()).slice(-1) as number[];
  // The newest entry never leaves.
  await store.delete(IDBKeyRange.upperBound(last, true));
  await done;
  database.close();
}
