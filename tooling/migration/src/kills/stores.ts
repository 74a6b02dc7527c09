import { join } from "node:path";
import {
  type MigrateOptions,
  openStorage,
  type StorageAdapter,
  type StorageEngine,
  storageJournal,
} from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";

export type Side = "source" | "destination" | "backup" | "journal";

/** Into an empty destination; or replacing what stands there, after a copy of it was kept. */
export type Variant = "empty" | "overwrite";

/** What one migration works with: databases in one folder. */
export interface Stores extends AsyncDisposable, Readonly<Record<Side, StorageEngine>> {
  /** With what it is called. */
  readonly options: MigrateOptions;
}

/** Makes a call of an adapter, or does something else in its place. */
export type Around = (work: () => unknown) => Promise<unknown>;

/** With one item in flight. */
export const BATCH = 16;

/** `around` is led around each call of an adapter. */
export async function openStores(folder: string, variant: Variant, around?: Around): Promise<Stores> {
  const open = (side: Side) => {
    const adapter = sqlite({ path: join(folder, `${side}.db`), durability: "process" });
    return openStorage(around === undefined ? adapter : surrounded(adapter, around));
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

const SYNCHRONOUS: ReadonlySet<PropertyKey> = new Set(["classify"]);

/** The suite has an `intercept` that knows each method; loading that suite would take most of a short life. */
function surrounded(adapter: StorageAdapter, around: Around): StorageAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const method = member.bind(target) as (...given: unknown[]) => unknown;
      return SYNCHRONOUS.has(name) ? method : (...given: unknown[]) => around(() => method(...given));
    },
  });
}
