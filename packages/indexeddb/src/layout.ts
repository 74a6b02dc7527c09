import { parseJson, type RecordHeader, type Version } from "@holdfast/core";

/** See docs/indexeddb.md. A new number comes with a step in `upgrade.ts` and a stored older layout among the tests. */
export const LAYOUT = 3;
/** The database's version is layout × this + the tokenizer's version, so that a change of either is an upgrade. */
export const TOKENIZERS = 1_000;

/** Bodies above this are kept apart, so that listings do not read them. */
export const INLINE_LIMIT = 4 * 1024;

/** What stands under a key. */
export type Row = ItemRow | TombstoneRow;

export interface ItemRow {
  /** The header as JSON. */
  readonly h: string;
  /** The body, when it is small. */
  readonly b?: Uint8Array;
  /** Otherwise where it is: its name in `chunks`, and how many there are. */
  readonly c?: readonly [body: string, count: number];
  /** The list of chunk hashes, where there is one. */
  readonly x?: Uint8Array;
  /** What it is found by: `#tag`, `=term`. */
  readonly t?: readonly string[];
  /** When it was last modified, as a negative number: the newest comes first. Of what stands only. */
  readonly m?: number;
  /** When it expires. */
  readonly e?: number;
  /** When it was last used; for items that may be evicted. */
  readonly u?: number;
}

interface TombstoneRow {
  /** The version of the deletion. */
  readonly d: Version;
  /** The stored key, so that a listing knows where it is. */
  readonly k: string;
}

export interface HistoryRow extends Omit<ItemRow, "t" | "m" | "u"> {
  /** When it was replaced or deleted. */
  readonly r: number;
}

/** One committed transaction. */
export interface FeedRow {
  readonly c: readonly FeedChange[];
  /** The greatest version that the store had ever held. */
  readonly v: Version;
  /** Items and the bytes of their bodies, after it. */
  readonly n: number;
  readonly s: number;
}

export type FeedChange = readonly [type: "save" | "delete", key: string, version: Version];

export type StoreName = "records" | "feed" | "chunks" | "unowned" | "history" | "store";
export const STORES: readonly StoreName[] = ["records", "feed", "chunks", "unowned", "history", "store"];

export function isItem(row: Row | undefined): row is ItemRow {
  return row !== undefined && "h" in row;
}

export function headerOf(row: Pick<ItemRow, "h">): RecordHeader {
  // Only this adapter writes into its database.
  return parseJson(row.h) as RecordHeader;
}

/** What an item is found by. Undefined rather than empty: such records are not in the index at all. */
export function foundBy(tags: readonly string[], terms: readonly string[]): string[] | undefined {
  const entries = [...tags.map((tag) => `#${tag}`), ...terms.map((term) => `=${term}`)];
  return entries.length === 0 ? undefined : entries;
}

/** The keys in `history` of all versions of one item. */
export function versionsOf(stored: string): IDBKeyRange {
  return IDBKeyRange.bound([stored], [stored, []]);
}
