import type { AdapterMethod } from "./intercept.js";

/**
 * What can go wrong with one call.
 *
 * Failures that pass, which core repeats or answers with UNAVAILABLE:
 * - `before`: throws, and the call is never made
 * - `after`: the call is made, then its answer is lost and an error thrown
 * - `hang`: the call is not made and nothing comes back until its signal fires or the adapter is closed
 * - `duplicate`: the call is made twice, as by a network that repeats; the second answer comes back
 *
 * Answers that are not true. Core turns damage to stored bytes into CORRUPT; the rest it cannot tell from the truth:
 * - `stale`: the previous answer to the same question
 * - `short`: a list or a page of the feed without its last entries, a body without its last bytes
 * - `torn`: the header of this version with the body that the previous answer had
 * - `bitflip`: one bit of the body is turned, or of the hashes of its chunks
 */
export type FaultKind = "before" | "after" | "hang" | "duplicate" | "stale" | "short" | "torn" | "bitflip";

/** Which faults make sense for which call. */
export const faultsByMethod = {
  open: ["before", "hang"],
  stat: ["before", "after", "hang", "duplicate", "stale"],
  get: ["before", "after", "hang", "duplicate", "stale", "short", "torn", "bitflip"],
  put: ["before", "after", "hang", "duplicate"],
  delete: ["before", "after", "hang", "duplicate"],
  list: ["before", "after", "hang", "duplicate", "stale", "short"],
  // No duplicate: core never repeats a batch, and what a repeated one answers cannot be told from somebody else's doing.
  batch: ["before", "after", "hang"],
  query: ["before", "after", "hang", "duplicate", "stale", "short"],
  count: ["before", "after", "hang", "duplicate", "stale"],
  watch: ["before", "hang"],
  changes: ["before", "after", "hang", "duplicate", "stale", "short"],
  lastCursor: ["before", "after", "hang", "duplicate", "stale"],
  "history.list": ["before", "after", "hang", "duplicate", "stale", "short"],
  // Nothing torn: a version has one body for ever.
  "history.get": ["before", "after", "hang", "duplicate", "stale", "short", "bitflip"],
  "history.readStream": ["before", "hang", "short", "bitflip"],
  "history.readStream.next": ["before", "hang"],
  "history.sweep": ["before", "after", "hang", "duplicate"],
  "history.scan": ["before", "after", "hang", "duplicate", "stale"],
  "history.drop": ["before", "after", "hang", "duplicate"],
  readStream: ["before", "hang", "short", "bitflip"],
  "readStream.next": ["before", "hang"],
  writeStream: ["before", "hang"],
  "writeStream.write": ["before", "after", "hang"],
  "writeStream.commit": ["before", "after", "hang", "duplicate"],
  "writeStream.abort": ["before", "after"],
  rewrap: ["before", "after", "hang", "duplicate"],
  info: ["before", "after", "hang", "duplicate", "stale"],
  flush: ["before", "after", "hang"],
  check: ["before", "after", "hang", "duplicate"],
  repair: ["before", "after", "hang", "duplicate"],
  compact: ["before", "after", "hang", "duplicate"],
  close: ["after"],
} as const satisfies { readonly [M in AdapterMethod]: readonly FaultKind[] };

/** The faults that make sense for a method. */
export type FaultOf<M extends AdapterMethod> = (typeof faultsByMethod)[M][number];

/** One fault, or one that keeps coming back. The types allow only what makes sense. */
export type Fault = { [M in AdapterMethod]: FaultAt<M> }[AdapterMethod];

/** One fault of one method. */
export interface FaultAt<M extends AdapterMethod> {
  readonly method: M;
  readonly fault: FaultOf<M>;
  /** Only calls about this key, as the store has it, are met and counted. Default: all. */
  readonly key?: string | undefined;
  /** The first call that it meets, counted from 1 when the fault is injected. Default: 1. */
  readonly call?: number | undefined;
  /** How many calls in a row it meets; Infinity: all from then on. Default: 1, or with `probability` all. */
  readonly times?: number | undefined;
  /** Of each call that it could meet, from 0 to 1. Default: 1. */
  readonly probability?: number | undefined;
  /** What `before` and `after` throw. Default: a StorageError UNAVAILABLE. */
  readonly error?: unknown;
}

/** A fault that came to pass. */
export interface InjectedFault {
  readonly method: AdapterMethod;
  readonly fault: FaultKind;
  /** The key that the call was about, if it was about one. */
  readonly key: string | undefined;
  /** Which call of the method it met, counted from 1 since the adapter was made. */
  readonly call: number;
}
