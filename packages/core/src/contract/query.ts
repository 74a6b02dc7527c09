import type { OperationOptions } from "./options.js";

/** A value that a condition compares with. Different types never compare equal. */
export type Scalar = string | number | boolean | null;

/** All parts that are named must hold, for one and the same element where the path leads to an array. */
export interface Comparison {
  /** Greater: text with text, by code points; numbers with numbers. So for the three below. */
  gt?: string | number | undefined;
  gte?: string | number | undefined;
  lt?: string | number | undefined;
  lte?: string | number | undefined;
  /** Equal to one of these. */
  in?: readonly Scalar[] | undefined;
  /** Whether the path is there at all, whatever its value. A missing path meets no other condition than `false`. */
  exists?: boolean | undefined;
}

/** Conditions on metadata by dotted path (`"author.name"`; a dot inside a name is written `\.`, a backslash `\\`). All must hold. */
export type Where = { readonly [path: string]: Scalar | Comparison };

/** What `search` and `count` look for: items that meet everything that is named. */
export interface Query extends OperationOptions {
  /** A literal start of the key, not a segment. */
  prefix?: string | undefined;
  /** Each of its terms must start some word of the key, the tags or the metadata's strings. */
  text?: string | undefined;
  /** All of these. */
  tags?: readonly string[] | undefined;
  /** Conditions on the metadata. */
  where?: Where | undefined;
  /**
   * `key`, `created`, `modified`, `size`, `expiration` or `metadata.<path>`; a leading `-` reverses. Ties go by key; items
   * without the value come last either way. Default: with `text` by rank (terms met exactly, then newest, then key), else by key.
   */
  sort?: string | undefined;
  /** At most this many. Default: all. */
  limit?: number | undefined;
  /** Leaves out so many of the first. Default: 0. */
  offset?: number | undefined;
}
