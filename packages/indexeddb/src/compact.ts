import { versionTime } from "@holdfast/core";
import { headerOf, isItem, type Row } from "./layout.js";
import { answered, commit } from "./requests.js";
import type { Store } from "./store.js";
import { startingWith, toStored } from "./stored-key.js";

/** Milliseconds for which a tombstone is kept at least. */
const TOMBSTONE_AGE = 30 * 24 * 60 * 60 * 1_000;
const STEP = 512;

/** Drops old tombstones, some in each transaction so that nobody waits for long, and frees bodies that nobody uses. */
export async function compact(store: Store, signal: AbortSignal | undefined): Promise<void> {
  const oldest = store.context.ports.clock.now() - TOMBSTONE_AGE;
  for (let after: string | undefined = ""; after !== undefined; ) {
    signal?.throwIfAborted();
    after = await dropTombstones(store, after, oldest);
  }
  await store.free();
}

/** Returns where to go on; undefined at the end. */
async function dropTombstones({ connection }: Store, after: string, oldest: number): Promise<string | undefined> {
  const transaction = await connection.begin(["records"], "readwrite");
  return commit(transaction, async () => {
    const records = transaction.objectStore("records");
    const rows: Row[] = await answered(records.getAll(startingWith("", after), STEP));
    for (const row of rows) if (!isItem(row) && versionTime(row.d) < oldest) records.delete(row.k);
    const last = rows.length < STEP ? undefined : rows.at(-1);
    return last && (isItem(last) ? toStored(headerOf(last).key) : last.k);
  });
}
