import { join } from "node:path";
import { type Around, intercept } from "@holdfast/conformance";
import { type MigrateOptions, openStorage, type StorageEngine, storageJournal } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";

export type Side = "source" | "destination" | "backup" | "journal";

/** Into an empty destination; or replacing what stands there, after a copy of it was kept. */
export type Variant = "empty" | "overwrite";

/** What one migration works with: databases in one folder. */
export interface Stores extends AsyncDisposable, Readonly<Record<Side, StorageEngine>> {
  /** With what it is called. */
  readonly options: MigrateOptions;
}

/** With one item in flight. */
export const BATCH = 16;

/** `around` is led around each call of an adapter. */
export async function openStores(folder: string, variant: Variant, around?: Around): Promise<Stores> {
  const open = (side: Side) => {
    const adapter = sqlite({ path: join(folder, `${side}.db`), durability: "process" });
    return openStorage(around === undefined ? adapter : intercept(adapter, around));
  };
  const [source, destination] = [await open("source"), await open("destination")];
  const [backup, journal] = [await open("backup"), await open("journal")];
  const policy = variant === "overwrite" ? ({ conflict: "overwrite", backup } as const) : {};
  return {
    source,
    destination,
    backup,
    journal,
    options: { ...policy, journal: storageJournal(journal), concurrency: 1 },
    async [Symbol.asyncDispose]() {
      for (const storage of [source, destination, backup, journal]) await storage.close();
    },
  };
}
