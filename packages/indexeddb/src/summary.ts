import type { Version } from "@holdfast/core";
import type { FeedRow } from "./layout.js";
import { answered } from "./requests.js";

/** What the feed's newest entry says of the store as a whole. */
export interface Summary {
  /** The entry's number; 0 where there is none yet. */
  readonly sequence: number;
  readonly high: Version | undefined;
  readonly items: number;
  readonly bytes: number;
}

export const EMPTY: Summary = { sequence: 0, high: undefined, items: 0, bytes: 0 };

export function summaryOf(sequence: number, { v, n, s }: FeedRow): Summary {
  return { sequence, high: v, items: n, bytes: s };
}

/** What the newest entry of the feed says. */
export async function newest(feed: IDBObjectStore): Promise<Summary> {
  const cursor = await answered(feed.openCursor(null, "prev"));
  return cursor === null ? EMPTY : summaryOf(cursor.key as number, cursor.value as FeedRow);
}
