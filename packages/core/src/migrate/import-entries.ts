import type { ImportEntries, ImportOptions, ImportReport } from "../contract/import.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { internalsOf } from "../engine/internals.js";

/**
 * Saves what another kind of store holds. `entries` may be a function that begins them anew; with `conflict: "stop"`, the default,
 * they are gone over twice, so that a stream or a generator that was begun is refused.
 *
 * @example
 * const report = await importEntries(storage, [{ key: "a", data: 1 }], { conflict: "skip" });
 *
 * @throws INVALID_OPTION, what the entries throw, and what ends the work as a whole; what is wrong with one entry is in the report
 */
export async function importEntries(
  storage: StorageEngine,
  entries: ImportEntries | (() => ImportEntries),
  options: ImportOptions = {},
): Promise<ImportReport> {
  const internals = internalsOf(storage);
  const { runImport } = await import("./run-import.js");
  return runImport(storage, internals, entries, options);
}
