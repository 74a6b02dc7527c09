import { compareRank, type Hit, matchTerms, type ParsedQuery, type RecordHeader } from "@holdfast/core";
import { headerOf, type ItemRow, type Row } from "./layout.js";
import { living, livingHeader } from "./reads.js";
import { answered } from "./requests.js";
import { startingWith, toStored } from "./stored-key.js";

/** Records that are asked for at once. */
export const STEP = 256;
/** Keys of one range of the index that are read at first; each further try reads so many times as many. */
const FEW = 256;
const MORE = 4;
/** More than any range has. */
const MOST_ENTRIES = 2 ** 31 - 1;
/** Items of one instant beyond which a walk through the newest does not get on. */
const MOST_AT_ONCE = 1_024;

/** What a query asks of a header beyond its index: its comparisons. */
type Meets = (header: RecordHeader) => boolean;

/** The page of a query in the order of rank or of keys, upwards. Reads little more than what stands on it. */
export async function firstOf(
  transaction: IDBTransaction,
  asked: ParsedQuery,
  now: number,
  meets: Meets,
): Promise<RecordHeader[]> {
  const end = asked.offset + asked.limit;
  const headers = await inOrder(transaction, asked, now, { end, meets });
  return headers.slice(asked.offset, end);
}

interface Wanted {
  /** How many are taken at most. */
  readonly end: number;
  readonly meets: Meets;
}

/** The first `end` at least, or all. */
async function inOrder(
  transaction: IDBTransaction,
  asked: ParsedQuery,
  now: number,
  wanted: Wanted,
): Promise<RecordHeader[]> {
  if (asked.order.by === "rank") return byRank(transaction, asked, now, wanted);
  const headers: RecordHeader[] = [];
  for await (const some of byKey(transaction, asked, now, wanted.end)) {
    for (const { header } of some) if (wanted.meets(header)) headers.push(header);
    if (headers.length >= wanted.end) break;
  }
  return headers;
}

/** What matches, comparisons aside, by key upwards, some at a time. `end`: how many may be taken. */
export async function* byKey(
  transaction: IDBTransaction,
  asked: ParsedQuery,
  now: number,
  end: number,
): AsyncGenerator<Hit[]> {
  const ranges = rangesOf(asked);
  if (ranges.length === 0) {
    for await (const headers of living(transaction, { prefix: toStored(asked.prefix) }, end, now)) {
      yield headers.map((header) => ({ header, exact: 0 }));
    }
    return;
  }
  let behind = "";
  const tag = onlyTag(asked);
  if (tag !== undefined && end <= STEP) {
    const rows = await tagged(transaction, tag, end);
    yield rows.flatMap((row) => livingHit(row, asked, now) ?? []);
    const last = rows.at(-1);
    if (last === undefined || rows.length < end) return;
    behind = toStored(headerOf(last).key);
  }
  let found: Set<string> | undefined;
  for (let most = FEW; found === undefined; most *= MORE) found = await within(transaction, asked, ranges, most);
  const keys = Array.from(found).filter((key) => key > behind);
  yield* hitsAmong(transaction, keys.sort(), asked, now);
}

/** The tag, when nothing else is asked for. */
function onlyTag({ tags, terms }: ParsedQuery): string | undefined {
  return tags.length === 1 && terms === undefined ? tags[0] : undefined;
}

/** The first records with a tag, by key: the index keeps those of one tag in that order, so that one request brings a page. */
function tagged(transaction: IDBTransaction, tag: string, most: number): Promise<ItemRow[]> {
  return answered(transaction.objectStore("records").index("found").getAll(rangeOfTag(tag), most));
}

/**
 * By turns, each time further: as many keys of the index as may be all there are, and as many of the newest records as may fill
 * the page. Few items have a rare word; and of a common one the newest are soon found.
 */
async function byRank(
  transaction: IDBTransaction,
  asked: ParsedQuery,
  now: number,
  { end, meets }: Wanted,
): Promise<RecordHeader[]> {
  const ranges = rangesOf(asked);
  const walk = new Walk(transaction);
  const hits: Hit[] = [];
  let first = 0;
  for (let most = FEW; ; most *= MORE) {
    const found = await within(transaction, asked, ranges, most);
    if (found !== undefined) {
      const all: Hit[] = [];
      for await (const some of hitsAmong(transaction, [...found], asked, now)) {
        all.push(...some.filter(({ header }) => meets(header)));
      }
      return headersOf(all);
    }
    while (end <= most && walk.goesOn && walk.seen < most) {
      for (const row of await walk.next()) {
        const hit = livingHit(row, asked, now);
        if (hit === undefined || !meets(hit.header)) continue;
        hits.push(hit);
        // Those that meet every term exactly come before all others, the newest first: as the walk does.
        if (hit.exact === asked.terms?.length && ++first >= end) return headersOf(hits);
      }
    }
    if (walk.hasSeenAll) return headersOf(hits);
  }
}

function headersOf(hits: Hit[]): RecordHeader[] {
  return hits.sort(compareRank).map(({ header }) => header);
}

/** Reads records from the newest on. */
class Walk {
  readonly #index: IDBIndex;
  #from: number | undefined;
  /** Of the records seen, those with the last one's time: a range of times begins with them again. */
  #again = 0;
  seen = 0;
  hasSeenAll = false;

  constructor(transaction: IDBTransaction) {
    this.#index = transaction.objectStore("records").index("newest");
  }

  async next(): Promise<ItemRow[]> {
    const range = this.#from === undefined ? null : IDBKeyRange.lowerBound(this.#from);
    const all: ItemRow[] = await answered(this.#index.getAll(range, this.#again + STEP));
    const rows = all.slice(this.#again);
    const last = all.at(-1)?.m;
    this.#again = all.length - all.findIndex(({ m }) => m === last);
    this.#from = last;
    this.seen += rows.length;
    this.hasSeenAll = rows.length < STEP;
    return rows;
  }

  get goesOn(): boolean {
    return !this.hasSeenAll && this.#again < MOST_AT_ONCE;
  }
}

/** The parts of the index for each tag and each term. */
function rangesOf({ tags, terms = [] }: ParsedQuery): IDBKeyRange[] {
  const words = terms.map((term) => startingWith(`=${term}`)).filter((range) => range instanceof IDBKeyRange);
  return [...tags.map(rangeOfTag), ...words];
}

function rangeOfTag(tag: string): IDBKeyRange {
  return IDBKeyRange.only(`#${tag}`);
}

/**
 * The stored keys, below the prefix, that are in every range of up to `most` entries; the records tell which are in the others.
 * Undefined: every range has more. Nothing is counted before, since that takes the browser as long as to read.
 */
async function within(
  transaction: IDBTransaction,
  { prefix }: ParsedQuery,
  ranges: readonly IDBKeyRange[],
  most: number,
): Promise<Set<string> | undefined> {
  const index = transaction.objectStore("records").index("found");
  const lists = (await Promise.all(ranges.map((range) => answered(index.getAllKeys(range, most + 1))))) as string[][];
  const start = toStored(prefix);
  let found: Set<string> | undefined;
  for (const keys of lists) {
    if (keys.length > most) continue;
    const before: Set<string> | undefined = found;
    found = new Set(keys.filter((key) => key.startsWith(start) && (before === undefined || before.has(key))));
  }
  return found;
}

/** The stored keys, below the prefix, that have every tag and term. Undefined: neither is asked for. */
export async function wholly(transaction: IDBTransaction, asked: ParsedQuery): Promise<Set<string> | undefined> {
  return within(transaction, asked, rangesOf(asked), MOST_ENTRIES);
}

/** What among `keys` is alive and matches, comparisons aside, in their order, some at a time. */
async function* hitsAmong(
  transaction: IDBTransaction,
  keys: readonly string[],
  asked: ParsedQuery,
  now: number,
): AsyncGenerator<Hit[]> {
  const records = transaction.objectStore("records");
  for (let start = 0; start < keys.length; start += STEP) {
    const part = keys.slice(start, start + STEP);
    const rows = await Promise.all(part.map((key): Promise<Row | undefined> => answered(records.get(key))));
    yield rows.flatMap((row) => livingHit(row, asked, now) ?? []);
  }
}

/** As `matchQuery` of core, with the stored terms: cutting texts into terms again is most of its work. */
function livingHit(row: Row | undefined, { prefix, tags, terms }: ParsedQuery, now: number): Hit | undefined {
  const header = livingHeader(row, now);
  if (header === undefined || !header.key.startsWith(prefix)) return undefined;
  if (!tags.every((tag) => header.tags.includes(tag))) return undefined;
  if (terms === undefined) return { header, exact: 0 };
  const { t = [] } = row as ItemRow;
  const own = t.filter((entry) => entry.startsWith("=")).map((entry) => entry.slice(1));
  const exact = matchTerms(own, terms);
  return exact === undefined ? undefined : { header, exact };
}
