import {
  type EncryptionHeader,
  isLive,
  type KeptRange,
  type PreviousRecord,
  type RecordHeader,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
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

/** Headers of all keys, by key and version. */
export async function scan({ connection }: Store, { after, limit }: KeptRange, now: number): Promise<RecordHeader[]> {
  const headers: RecordHeader[] = [];
  for (let from = after && [toStored(after.key), after.version]; headers.length < limit; ) {
    const history = (await connection.begin(["history"], "readonly")).objectStore("history");
    const range = from && IDBKeyRange.lowerBound(from, true);
    const rows: HistoryRow[] = await answered(history.getAll(range, limit));
    const found = rows.map(headerOf);
    headers.push(...found.filter((header) => isLive(header, now)).slice(0, limit - headers.length));
    const last = found.at(-1);
    if (last === undefined || rows.length < limit) break;
    from = [toStored(last.key), last.version];
  }
  return headers;
}

export async function drop(store: Store, key: string, version: Version): Promise<void> {
  const transaction = await store.connection.begin(["history", "unowned"], "readwrite");
  const left = await commit(transaction, async () => {
    const history = transaction.objectStore("history");
    const place = [toStored(key), version];
    const row: HistoryRow | undefined = await answered(history.get(place));
    history.delete(place);
    if (row?.c !== undefined) transaction.objectStore("unowned").put(true, row.c[0]);
    return row?.c !== undefined;
  });
  if (left) void store.free();
}

/** Replaces `encryption` in the header of a version, standing or kept. False when it is not there. */
export async function rewrap(
  { connection }: Store,
  key: string,
  version: Version,
  encryption: EncryptionHeader,
): Promise<boolean> {
  const transaction = await connection.begin(["records", "history"], "readwrite");
  return commit(transaction, async () => {
    const stored = toStored(key);
    const places: [IDBObjectStore, IDBValidKey][] = [
      [transaction.objectStore("records"), stored],
      [transaction.objectStore("history"), [stored, version]],
    ];
    for (const [rows, place] of places) {
      const row: Row | HistoryRow | undefined = await answered(rows.get(place));
      if (row === undefined || !("h" in row)) continue;
      const header = headerOf(row);
      if (header.version !== version) continue;
      rows.put({ ...row, h: JSON.stringify({ ...header, encryption }) }, place);
      return true;
    }
    return false;
  });
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
