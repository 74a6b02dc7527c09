import type { IndexedDbOptions } from "@holdfast/indexeddb";
import type { MemoryOptions } from "@holdfast/memory";
import type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "../adapter-entry.js";
import { indexeddbEntry } from "../indexeddb-entry.js";
import { memoryEntry } from "../memory-entry.js";

/** What is known without `register`. Bundlers take this file for browsers: nothing here may lead to Node code. */
export interface BuiltIn {
  readonly memory: AdapterEntry<MemoryOptions>;
  readonly sqlite?: AdapterEntry<SqliteStoreOptions>;
  readonly file?: AdapterEntry<FileStoreOptions>;
  readonly indexeddb?: AdapterEntry<IndexedDbOptions>;
}

export const builtIn: BuiltIn = { memory: memoryEntry, indexeddb: indexeddbEntry };

/** Why a scheme that is known on other platforms is not on this one. */
export const elsewhere: Readonly<Record<string, string>> = {
  sqlite: "@holdfast/sqlite works on files and needs Node",
  file: "@holdfast/filesystem works on files and needs Node",
};

/** The command that adds a package to the app. */
export function installCommand(packageName: string): string {
  return `npm install ${packageName}`;
}
