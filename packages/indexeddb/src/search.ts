import {
  countQuery,
  type Hit,
  matchesWhere,
  matchQuery,
  matchTerms,
  type ParsedQuery,
  type RecordHeader,
  scanQuery,
  selectHits,
} from "@holdfast/core";
import type { Connection } from "./connection.js";
import { newest } from "./group-commit.js";
import type { ItemRow, Row } from "./layout.js";
import { living, livingHeader } from "./reads.js";
import { answered } from "./requests.js";
import { startingWith, toStored } from "./stored-key.js";

/** Records that are asked for at once. */
const STEP = 256;
/** Up to so many candidates are looked at one by one, rather than narrowed down by further parts of the index. */
const FEW = 256;

export async function query(connection: Connection, asked: ParsedQuery, now: number): Promise<RecordHeader[]> {
  const transaction = await connection.begin(["records"], "readonly");
  const prefix = toStored(asked.prefix);
  const page = asked.offset + asked.limit;
  const ranges = rangesOf(asked);
  if (ranges.length === 0) {
    if (asked.order.by !== "key" || asked.order.descending)
      return scanQuery(living(transaction, { prefix }, page, now), asked);
    const hits: Hit[] = [];
    for await (const header of living(transaction, { prefix }, page, now)) {
      const hit = matchQuery(header, asked);
      if (hit !== undefined && hits.push(hit) >= page) break;
    }
    return selectHits(hits, asked);
  }
  const found = await candidates(transaction, prefix, ranges, FEW);
  const hits: Hit[] = [];
  for (const group of await inOrder(transaction, found, asked)) {
    for await (const hit of hitsAmong(transaction, group, asked, now)) {
      hits.push(hit);
      if (hits.length >= page && asked.order.by === "key") break;
    }
    // Whatever is in a later group comes behind all of an earlier one.
    if (hits.length >= page) break;
  }
  return selectHits(hits, asked);
}

export async function count(connection: Connection, asked: ParsedQuery, now: number): Promise<number> {
  const transaction = await connection.begin(["records", "feed"], "readonly");
  const prefix = toStored(asked.prefix);
  const ranges = rangesOf(asked);
  const expires = transaction.objectStore("records").index("expires");
  if (ranges.length === 0) {
    if (prefix !== "" || asked.where.length > 0) return countQuery(living(transaction, { prefix }, STEP, now), asked);
    const { items } = await newest(transaction.objectStore("feed"));
    return items - (await answered(expires.count(IDBKeyRange.upperBound(now))));
  }
  const found = await candidates(transaction, prefix, ranges, 0);
  let sum = 0;
  if (asked.where.length > 0) {
    for await (const _hit of hitsAmong(transaction, [...found].sort(), asked, now)) sum++;
    return sum;
  }
  const expired = new Set(await answered(expires.getAllKeys(IDBKeyRange.upperBound(now))));
  for (const key of found) if (!expired.has(key)) sum++;
  return sum;
}

/** One range of the index for each tag and each term. */
function rangesOf({ tags, terms = [] }: ParsedQuery): IDBKeyRange[] {
  const words = terms.map((term) => startingWith(`=${term}`));
  return [...tags.map((tag) => IDBKeyRange.only(`#${tag}`)), ...words.filter((range) => range instanceof IDBKeyRange)];
}

/**
 * The stored keys that are in every range, or in so few ranges as leave no more than `few` of them: then what is left is
 * looked at anyway. The smallest range comes first.
 */
async function candidates(
  transaction: IDBTransaction,
  prefix: string,
  ranges: readonly IDBKeyRange[],
  few: number,
): Promise<Set<string>> {
  const index = transaction.objectStore("records").index("found");
  const sizes = await Promise.all(ranges.map((range) => answered(index.count(range))));
  const bySize = ranges.map((range, at) => ({ range, size: sizes[at] ?? 0 })).sort((a, b) => a.size - b.size);
  let found: Set<string> | undefined;
  for (const { range } of bySize) {
    if (found !== undefined && found.size <= few) break;
    const keys = (await answered(index.getAllKeys(range))) as string[];
    const before = found;
    found = new Set(keys.filter((key) => key.startsWith(prefix) && (before === undefined || before.has(key))));
  }
  return found ?? new Set();
}

/** The candidates in groups of which each comes wholly before the next, as far as the index alone can tell. */
async function inOrder(
  transaction: IDBTransaction,
  found: Set<string>,
  { order, terms = [], offset, limit }: ParsedQuery,
): Promise<string[][]> {
  if (order.by === "key") return [order.descending ? [...found].sort().reverse() : [...found].sort()];
  const worthwhile = order.by === "rank" && found.size > Math.max(FEW, 2 * (offset + limit));
  if (!worthwhile) return [[...found].sort()];
  const index = transaction.objectStore("records").index("found");
  const exact = new Map<string, number>();
  const keys = await Promise.all(terms.map((term) => answered(index.getAllKeys(`=${term}`)) as Promise<string[]>));
  for (const key of keys.flat()) if (found.has(key)) exact.set(key, (exact.get(key) ?? 0) + 1);
  const groups: string[][] = Array.from({ length: terms.length + 1 }, () => []);
  for (const key of [...found].sort()) groups[terms.length - (exact.get(key) ?? 0)]?.push(key);
  return groups;
}

/** What among `keys` is alive and matches, in their order. */
async function* hitsAmong(
  transaction: IDBTransaction,
  keys: readonly string[],
  asked: ParsedQuery,
  now: number,
): AsyncGenerator<Hit> {
  const records = transaction.objectStore("records");
  for (let start = 0; start < keys.length; start += STEP) {
    const part = keys.slice(start, start + STEP);
    const rows: (Row | undefined)[] = await rowsOf(records, part);
    for (const row of rows) {
      const header = livingHeader(row, now);
      const hit = header === undefined ? undefined : match(row as ItemRow, header, asked);
      if (hit !== undefined) yield hit;
    }
  }
}

async function rowsOf(records: IDBObjectStore, keys: readonly string[]): Promise<(Row | undefined)[]> {
  return Promise.all(keys.map((key): Promise<Row | undefined> => answered(records.get(key))));
}

/** As `matchQuery` of core, with the stored terms: cutting texts into terms again is most of its work. */
function match({ t = [] }: ItemRow, header: RecordHeader, { tags, terms, where }: ParsedQuery): Hit | undefined {
  if (!tags.every((tag) => header.tags.includes(tag)) || !matchesWhere(header, where)) return undefined;
  if (terms === undefined) return { header, exact: 0 };
  const exact = matchTerms(
    t.filter((entry) => entry.startsWith("=")).map((entry) => entry.slice(1)),
    terms,
  );
  return exact === undefined ? undefined : { header, exact };
}
