import { join } from "node:path";
import type { Style } from "@holdfast/cli/terminal";
import { formatStoreUrl, openStore, type StorageEngine } from "holdfast";
import { showFiles } from "./readable-files.js";

/** A store that the corpus passes through. */
export interface Stop {
  name: string;
  /** `folder` is the demo's own. */
  open(folder: string): Promise<StorageEngine>;
  /** Prints what there is to see of it, once everything has arrived. */
  show?(folder: string, style: Style, print: (line: string) => void): Promise<void>;
}

/** The corpus is imported into the first and migrated from each to the next. */
export const ROUTE: readonly Stop[] = [
  { name: "SQLite", open: (folder) => openStore(sqliteIn(folder, "first.db")) },
  { name: "readable files", open: openFiles, show: (folder, ...rest) => showFiles(join(folder, "files"), ...rest) },
  { name: "memory", open: () => openStore("memory:") },
  { name: "second SQLite", open: (folder) => openStore(sqliteIn(folder, "second.db")) },
];

/** With time for a slow disk to take all files. */
function openFiles(folder: string): Promise<StorageEngine> {
  const options = { flushTimeout: "120000" };
  return openStore({ scheme: "file", path: join(folder, "files"), options }, { closeTimeout: 120_000 });
}

function sqliteIn(folder: string, file: string): string {
  return formatStoreUrl({ scheme: "sqlite", path: join(folder, file), options: {} });
}
