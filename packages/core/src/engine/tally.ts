import type { OperationEvent } from "../contract/operations.js";

/** What an operation reports of itself while it runs. */
export interface Tally {
  /** Of stored bodies, read and written. */
  bytes: number;
  /** Questions to the adapter that were asked again. */
  retries: number;
  /** It failed with an error of the caller's own code. */
  isCallers?: true;
}

/** An operation that has ended, without its key. */
export type Ended = Pick<OperationEvent, "op" | "bytes" | "milliseconds" | "outcome" | "retries">;

/** Adds to the bytes of an operation, where they are counted. */
export function countBytes({ tally }: { readonly tally?: Tally | undefined }, bytes: number): void {
  if (tally !== undefined) tally.bytes += bytes;
}
