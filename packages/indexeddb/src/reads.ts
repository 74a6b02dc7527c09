import type { ListRange, RecordHeader, StoredRecord } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { headerOf, type ItemRow, isItem, type Row } from "./layout.js";
import { answered } from "./requests.js";
import type { Store } from "./store.js";
import { startingWith, toStored } from "./stored-key.js";

/** Records that one request of a listing brings at most. */
const STEP = 512;

export async function stat(connection: Connection, key: string, now: number): Promise<RecordHeader | undefined> {
  const transaction = await connection.begin(["records"], "readonly");
  return livingHeader(await answered(transaction.objectStore("records").get(toStored(key))), now);
}

export async function get(store: Store, key: string, now: number): Promise<StoredRecord | undefined> {
  const transaction = await store.connection.begin(["records", "chunks"], "readonly");
  const row = await livingRow(transaction, store, key, now);
  return row && { header: headerOf(row), body: await bodyOf(row, transaction) };
}

/** What is alive under a key, noted as used. */
export async function livingRow(
  transaction: IDBTransaction,
  store: Store,
  key: string,
  now: number,
): Promise<ItemRow | undefined> {
  const stored = toStored(key);
  const row: Row | undefined = await answered(transaction.objectStore("records").get(stored));
  if (!isLiving(row, now)) return undefined;
  store.used(stored, row);
  return row;
}

/** The body of a record, whole, in the transaction that read the record. */
export async function bodyOf({ b, c }: Pick<ItemRow, "b" | "c">, transaction: IDBTransaction): Promise<Uint8Array> {
  if (b !== undefined || c === undefined) return b ?? new Uint8Array(0);
  const chunks: Uint8Array[] = await answered(transaction.objectStore("chunks").getAll(chunksOf(c[0])));
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let start = 0;
  for (const chunk of chunks) {
    whole.set(chunk, start);
    start += chunk.byteLength;
  }
  return whole;
}

export function chunksOf(body: string): IDBKeyRange {
  return IDBKeyRange.bound([body], [body, []]);
}

/** In one transaction: what it shows is the store at one instant. */
export async function list(
  connection: Connection,
  { prefix, after, limit }: ListRange,
  now: number,
): Promise<RecordHeader[]> {
  const transaction = await connection.begin(["records"], "readonly");
  const headers: RecordHeader[] = [];
  const range = { prefix: toStored(prefix), after: after === undefined ? undefined : toStored(after) };
  for await (const some of living(transaction, range, limit, now)) {
    headers.push(...some);
    if (headers.length >= limit) break;
  }
  return headers.slice(0, limit);
}

/**
 * Living headers in order, as many at once as one request brought; `wanted` is a guess of how many will be taken. Stays within
 * its transaction.
 */
export async function* living(
  transaction: IDBTransaction,
  { prefix, after }: { readonly prefix: string; readonly after?: string | undefined },
  wanted: number,
  now: number,
): AsyncGenerator<RecordHeader[]> {
  const records = transaction.objectStore("records");
  let range = startingWith(prefix, after);
  let step = Math.min(wanted, STEP);
  while (range !== undefined) {
    const rows: Row[] = await answered(records.getAll(range, step));
    yield livingHeaders(rows, now);
    const last = rows.at(-1);
    if (last === undefined || rows.length < step) return;
    range = startingWith(prefix, isItem(last) ? toStored(headerOf(last).key) : last.k);
    // What was passed over may go on for long.
    step = STEP;
  }
}

function livingHeaders(rows: readonly Row[], now: number): RecordHeader[] {
  const headers: RecordHeader[] = [];
  for (const row of rows) if (isLiving(row, now)) headers.push(headerOf(row));
  return headers;
}

export function livingHeader(row: Row | undefined, now: number): RecordHeader | undefined {
  return isLiving(row, now) ? headerOf(row) : undefined;
}

function isLiving(row: Row | undefined, now: number): row is ItemRow {
  return isItem(row) && (row.e === undefined || row.e > now);
}
