import { openStorage, type StorageEngine } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { sqlite } from "@holdfast/sqlite";

/** The adapters that keep their data on a disk, by name. */
export type StoreName = "sqlite" | "filesystem";

export const STORE_NAMES: readonly StoreName[] = ["sqlite", "filesystem"];

/** Opens the store that keeps everything below `directory`. */
export function openStore(name: StoreName, directory: string): Promise<StorageEngine> {
  switch (name) {
    case "sqlite":
      return openStorage(sqlite({ path: `${directory}/app.db` }));
    case "filesystem":
      return openStorage(filesystem({ root: directory }));
  }
}
