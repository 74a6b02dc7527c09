import type { RepairReport } from "@holdfast/core";
import { checkStore } from "./check-store.js";
import { isFileDamage, repairTables, trimTables } from "./item-table/maintenance.js";
import type { OpenStore } from "./open-store.js";
import { shrinkStore } from "./shrink-store.js";

export async function repairStore(store: OpenStore, signal: AbortSignal | undefined): Promise<RepairReport> {
  const { connection, table, group, context } = store;
  const { tokenizerVersion: version, termsOf, ports } = context;
  const before = await checkStore(store, signal);
  // Where pages are damaged, every write may spread the damage.
  if (before.some(isFileDamage)) return { repaired: [], remaining: before };
  await group.submit(() => repairTables(connection, table, { version, termsOf }, ports.clock.now()), { signal });
  await reclaimAll(store, signal);
  const remaining = await checkStore(store, signal);
  const left = new Set(remaining.map(({ message }) => message));
  return { repaired: before.filter(({ message }) => !left.has(message)), remaining };
}

export async function compactStore(store: OpenStore, signal: AbortSignal | undefined): Promise<void> {
  const { connection, table, group, context } = store;
  await reclaimAll(store, signal);
  await group.submit(() => trimTables(connection, table, context.ports.clock.now()), { signal });
  await shrinkStore(store, signal);
}

/** Frees discarded bodies, also those that other connections have discarded. */
async function reclaimAll(store: OpenStore, signal: AbortSignal | undefined): Promise<void> {
  const { bodies } = store.table;
  while (await store.read(() => bodies.lookForDiscarded(), signal)) {
    signal?.throwIfAborted();
    await store.group.submit(() => bodies.reclaim(RECLAIM_STEP), { signal });
  }
}

const RECLAIM_STEP = 64;
