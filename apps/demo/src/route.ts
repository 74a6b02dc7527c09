import { join } from "node:path";
import { formatStoreUrl, openStore, type StorageEngine } from "holdfast";

/** A store that the corpus passes through. */
export interface Stop {
  name: string;
  /** `folder` is the demo's own. */
  open(folder: string): Promise<StorageEngine>;
}

/** The corpus is imported into the first and migrated from each to the next. */
export const ROUTE: readonly Stop[] = [
  { name: "SQLite", open: (folder) => openStore(sqliteIn(folder, "first.db")) },
  { name: "memory", open: () => openStore("memory:") },
  { name: "second SQLite", open: (folder) => openStore(sqliteIn(folder, "second.db")) },
];

function sqliteIn(folder: string, file: string): string {
  return formatStoreUrl({ scheme: "sqlite", path: join(folder, file), options: {} });
}
