import { openStorage, type StorageEngine } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";

/** The adapters that keep their data on a disk, by name. */
export type StoreName = "sqlite";

export const STORE_NAMES: readonly StoreName[] = ["sqlite"];

/** Opens the store that keeps everything below `directory`. */
export function openStore(name: StoreName, directory: string): Promise<StorageEngine> {
  switch (name) {
    case "sqlite":
      return openStorage(sqlite({ path: `${directory}/app.db` }));
  }
}
