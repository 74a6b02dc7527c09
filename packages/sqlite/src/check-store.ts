import type { AdapterContext, Awaitable, Problem } from "@holdfast/core";
import type { Connection } from "./driver.js";
import type { ItemTable } from "./item-table/item-table.js";
import { checkIndex, checkTables, isFileDamage } from "./item-table/maintenance.js";

/** What of an open store is needed to look for damage. */
export interface CheckedStore {
  readonly connection: Connection;
  readonly table: ItemTable;
  readonly context: Pick<AdapterContext, "ports">;
  /** Repeats what meets a lock. */
  read<T>(work: () => T, signal: AbortSignal | undefined): Awaitable<T>;
}

/** Damage to the file, to headers and to what is derived from them. Needs the write lock for a moment, at its end. */
export async function checkStore(store: CheckedStore, signal: AbortSignal | undefined): Promise<Problem[]> {
  const { connection, table, context } = store;
  const problems = await store.read(() => checkTables(connection, table, context.ports.clock.now()), signal);
  if (problems.some(isFileDamage)) return problems;
  // By itself: a lock is to be waited for, not to have everything looked through again.
  return [...problems, ...(await store.read(() => checkIndex(connection, table), signal))];
}
