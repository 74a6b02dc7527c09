import { type AdapterChange, type FeedEntry, type FeedPage, type FeedRange, StorageError } from "@holdfast/core";

/** What was written, in the order of the commits. A cursor is the feed's epoch and the number of an entry, from 1 on. */
export interface SimpleFeed {
  readonly epoch: string;
  readonly entries: FeedEntry[];
  /** How many of the first entries are gone. */
  forgotten: number;
}

export function createSimpleFeed(): SimpleFeed {
  return { epoch: crypto.randomUUID(), entries: [], forgotten: 0 };
}

export function enter(feed: SimpleFeed, change: Omit<AdapterChange, "cursor">): FeedEntry {
  const entry = { ...change, cursor: cursorAt(feed, feed.entries.length + 1) };
  feed.entries.push(entry);
  return entry;
}

/** Keeps nothing of what it holds by now but how much that was. */
export function forget(feed: SimpleFeed): void {
  feed.forgotten = feed.entries.length;
}

export function lastCursorOf(feed: SimpleFeed): string {
  return cursorAt(feed, feed.entries.length);
}

export function cursorAt({ epoch }: SimpleFeed, number: number): string {
  return `${epoch}:${number}`;
}

export function pageOf(feed: SimpleFeed, { after, limit }: FeedRange): FeedPage {
  const start = after === undefined ? 0 : numberOf(feed, after);
  if (start === undefined || start < feed.forgotten || start > feed.entries.length) return { outcome: "resync" };
  return { outcome: "page", changes: structuredClone(feed.entries.slice(start, start + limit)) };
}

/** Undefined: of another epoch. */
function numberOf({ epoch }: SimpleFeed, cursor: string): number | undefined {
  const [, ofEpoch, number] = /^([0-9a-f-]{36}):(\d{1,15})$/.exec(cursor) ?? [];
  if (number === undefined) throw new StorageError("INVALID_OPTION", `${JSON.stringify(cursor)} is no cursor`);
  return ofEpoch === epoch ? Number(number) : undefined;
}
