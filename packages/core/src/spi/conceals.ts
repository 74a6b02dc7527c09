import type { RecordHeader } from "./records.js";

/**
 * Whether a record under `next` must not leave behind one under `old`: what is encrypted now must not stay readable in what it
 * was. The rule of `History` is the same for every adapter.
 */
export function conceals(next: Pick<RecordHeader, "encryption">, old: Pick<RecordHeader, "encryption">): boolean {
  return next.encryption !== undefined && old.encryption === undefined;
}
