import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/records.js";

/** A record that a query found. */
export interface Hit {
  readonly header: RecordHeader;
  /** How many of the query's terms equal a term of the record. */
  readonly exact: number;
}

/** Most terms met exactly, then newest, then by key. */
export function compareRank(a: Hit, b: Hit): number {
  return b.exact - a.exact || b.header.modified - a.header.modified || compareKeys(a.header.key, b.header.key);
}
