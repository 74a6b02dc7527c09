import { afterPrefix, compareKeys } from "@holdfast/core";

/** Keys from `from` on, below `below`: bounds for `key >= ? AND key < ?`. */
export interface KeyRange {
  readonly from: string;
  /** Empty bytes stand above all text: SQLite sorts every blob behind every text. */
  readonly below: string | Uint8Array;
}

const ABOVE_ALL = new Uint8Array();
const FIRST_SURROGATE = 0xd800;
/** How many code points share one high surrogate. */
const BLOCK = 0x400;

/** The keys that start with `prefix`, behind `after`; undefined when no legal key does. */
export function keyRange(prefix: string, after?: string): KeyRange | undefined {
  const range = prefixRange(prefix);
  // No key has a control character, so none stands between a key and that key followed by NUL.
  if (range === undefined || after === undefined || compareKeys(after, range.from) < 0) return range;
  return { from: `${after}\0`, below: range.below };
}

function prefixRange(prefix: string): KeyRange | undefined {
  if (prefix.isWellFormed()) return { from: prefix, below: afterPrefix(prefix) ?? ABOVE_ALL };
  // A prefix is a literal start, and half a surrogate pair starts 1,024 characters. Elsewhere no legal key has one.
  const stem = prefix.slice(0, -1);
  const half = prefix.charCodeAt(prefix.length - 1);
  if (!stem.isWellFormed() || half >= 0xdc00) return undefined;
  const first = 0x10000 + (half - FIRST_SURROGATE) * BLOCK;
  return {
    from: stem + String.fromCodePoint(first),
    below: afterPrefix(stem + String.fromCodePoint(first + BLOCK - 1)) ?? ABOVE_ALL,
  };
}
