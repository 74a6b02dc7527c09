import { join } from "node:path";
import { openStorage, type StorageAdapter, type StorageEngine } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";

/** A kind of store that can be opened in a new place below a folder. */
export interface Kind {
  readonly name: string;
  /** Keeps previous versions as it is opened here. */
  readonly history: boolean;
  open(folder: string): Promise<StorageEngine>;
}

const HISTORY = { history: { versions: 100 }, closeTimeout: 120_000 };

function kind(name: string, adapterIn: (folder: string) => StorageAdapter): Kind {
  return { name, history: true, open: (folder) => openStorage(adapterIn(folder), HISTORY) };
}

export const nodeKinds: readonly Kind[] = [
  kind("memory", () => memory()),
  kind("sqlite", (folder) => sqlite({ path: join(folder, "store.db"), durability: "process" })),
  kind("filesystem", (folder) => filesystem({ root: join(folder, "files"), durability: "process" })),
];

/** The IndexedDB of a browser, reached from this process: single reads and writes, no history. */
export const browserKind: Kind = {
  name: "indexeddb",
  history: false,
  async open(folder) {
    const { openInBrowser } = await import("@holdfast/demo/browser");
    return openInBrowser(folder);
  },
};

/** A Supabase in a process of its own, on PGlite. Each read is a request: for `pnpm migration pairs`, not for each test run. */
export const cloudKind: Kind = {
  name: "cloud",
  history: true,
  async open() {
    const { openInCloud } = await import("@holdfast/demo/cloud");
    return openInCloud(HISTORY);
  },
};
