import type { Problem } from "@holdfast/core";
import { checkStore } from "@holdfast/sqlite/item-table";
import type { FileStore } from "../file-store.js";
import { lookThrough } from "./look-through.js";

/** Damage to the item table and to the files. Bodies in the table are core's to verify. */
export async function checkFiles(store: FileStore, signal: AbortSignal | undefined): Promise<Problem[]> {
  const problems = await checkStore(store, signal);
  const findings = await lookThrough(store, signal);
  return [...problems, ...findings.map(({ problem }) => problem)];
}
