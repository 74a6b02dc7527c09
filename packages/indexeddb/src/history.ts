import { isLive, type PreviousRecord, type RecordHeader, type StoredRecord, type Version } from "@holdfast/core";
import { type HistoryRow, headerOf, type ItemRow, isItem, type Row, versionsOf } from "./layout.js";
import { bodyOf, livingHeader } from "./reads.js";
import { answered, commit } from "./requests.js";
import type { Store } from "./store.js";
import { toStored } from "./stored-key.js";

/** Versions that one transaction of a sweep looks at. */
const STEP = 256;

export async function list({ connection }: Store, key: string, now: number): Promise<PreviousRecord[]> {
  const transaction = await connection.begin(["history"], "readonly");
  const rows: HistoryRow[] = await answered(transaction.objectStore("history").getAll(versionsOf(toStored(key))));
  return rows
    .map((row) => ({ header: headerOf(row), replaced: row.r }))
    .filter(({ header }) => isLive(header, now))
    .reverse();
}

export async function get(
  { connection }: Store,
  key: string,
  version: Version,
  now: number,
): Promise<StoredRecord | undefined> {
  const transaction = await connection.begin(["records", "history", "chunks"], "readonly");
  const row = await find(transaction, key, version, now);
  return row && { header: headerOf(row), body: await bodyOf(row, transaction) };
}

/** A version that is kept, or that stands. */
export async function find(
  transaction: IDBTransaction,
  key: string,
  version: Version,
  now: number,
): Promise<ItemRow | undefined> {
  const stored = toStored(key);
  const [kept, standing]: [HistoryRow | undefined, Row | undefined] = await Promise.all([
    answered(transaction.objectStore("history").get([stored, version])),
    answered(transaction.objectStore("records").get(stored)),
  ]);
  const row = kept ?? standing;
  const header = livingHeader(row, now);
  return isItem(row) && header?.version === version ? row : undefined;
}

/** Some in each transaction, so that nobody waits for long. */
export async function sweep(
  store: Store,
  prefix: string,
  now: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let dropped = 0;
  let left = false;
  const start = toStored(prefix);
  for (let after: IDBValidKey | undefined = [start]; after !== undefined; ) {
    signal?.throwIfAborted();
    const step = await sweepStep(store, start, after, now);
    dropped += step.dropped;
    left ||= step.left;
    after = step.last;
  }
  if (left) void store.free();
  return dropped;
}

async function sweepStep(
  { connection, context }: Store,
  prefix: string,
  after: IDBValidKey,
  now: number,
): Promise<{ dropped: number; left: boolean; last: IDBValidKey | undefined }> {
  const transaction = await connection.begin(["records", "history", "unowned"], "readwrite");
  return commit(transaction, async () => {
    const history = transaction.objectStore("history");
    const range = IDBKeyRange.lowerBound(after, true);
    const [keys, rows] = await Promise.all([
      answered(history.getAllKeys(range, STEP)) as Promise<[stored: string, version: Version][]>,
      answered(history.getAll(range, STEP)) as Promise<HistoryRow[]>,
    ]);
    const below = keys.filter(([stored]) => stored.startsWith(prefix));
    const standing = new Map<string, boolean>();
    if (
      context.history !== false &&
      context.history !== undefined &&
      context.history.age === Number.POSITIVE_INFINITY
    ) {
      const records = transaction.objectStore("records");
      const distinct = new Set(below.map(([stored]) => stored));
      await Promise.all(
        Array.from(distinct, async (stored) => {
          standing.set(stored, livingHeader(await answered(records.get(stored)), now) !== undefined);
        }),
      );
    }
    let dropped = 0;
    let left = false;
    for (const [index, key] of below.entries()) {
      const row = rows[index];
      if (row === undefined || !isOver(row, headerOf(row), standing.get(key[0]))) continue;
      history.delete(key);
      dropped++;
      if (row.c === undefined) continue;
      transaction.objectStore("unowned").put(true, row.c[0]);
      left = true;
    }
    return { dropped, left, last: below.length < STEP ? undefined : keys.at(-1) };
  });

  function isOver(row: HistoryRow, header: RecordHeader, stands: boolean | undefined): boolean {
    const { history } = context;
    if (history === false || history === undefined || !isLive(header, now)) return true;
    return stands === undefined ? row.r + history.age < now : !stands;
  }
}
