import type { GroupCommit } from "./group-commit.js";
import type { SweepStep } from "./item-table/history.js";
import type { ItemTable } from "./item-table/item-table.js";

/** Drops previous versions that are due, step by step, so that other writes have their turns in between. */
export async function sweepHistory(
  { group, table }: { readonly group: GroupCommit; readonly table: ItemTable },
  prefix: string,
  now: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  for (let step: SweepStep | undefined; step === undefined || step.next !== undefined; ) {
    signal?.throwIfAborted();
    const place = step?.next;
    step = await group.submit(() => table.history.sweep(prefix, place, now), { signal });
    total += step.dropped;
  }
  return total;
}
