/** What an operation reports of itself while it runs. */
export interface Tally {
  /** Of stored bodies, read and written. */
  bytes: number;
  /** Questions to the adapter that were asked again. */
  retries: number;
}

/** Adds to the bytes of an operation, where they are counted. */
export function countBytes({ tally }: { readonly tally?: Tally | undefined }, bytes: number): void {
  if (tally !== undefined) tally.bytes += bytes;
}
