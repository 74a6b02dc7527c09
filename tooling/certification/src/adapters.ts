import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, type Result, runConformance, type Theme } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import type { Capabilities } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { indexeddb } from "@holdfast/indexeddb";
import { createMemoryStore, memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";
import { betterSqlite3 } from "@holdfast/sqlite/item-table";
import { runInBrowser } from "./browser/run-in-browser.ts";
import { cloudCapabilities, runInCloud } from "./cloud/run-in-cloud.ts";

/** An adapter that is certified, as an app gets it that sets no option. */
export interface CertifiedAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Runs these themes of the suite on it, in every mode. */
  run(themes: readonly Theme[]): AsyncIterable<Result>;
}

/** Every adapter of this repository. */
export const adapters: readonly CertifiedAdapter[] = [
  onNode(memory().capabilities, {
    name: "memory",
    async open() {
      const store = createMemoryStore();
      return {
        adapter: () => memory({ store }),
        persistent: true,
        forgetFeed: async () => store.forgetFeed(),
        destroy: async () => undefined,
      };
    },
  }),
  // Nothing is opened by asking.
  onNode(sqlite({ path: join(tmpdir(), "never-opened.db") }).capabilities, {
    name: "sqlite",
    async open() {
      const directory = await mkdtemp(join(tmpdir(), "holdfast-certify-"));
      const path = join(directory, "store.db");
      return {
        adapter: () => sqlite({ path }),
        persistent: true,
        peer: () => forkPeer(new URL("sqlite-peer.ts", import.meta.url), [path]),
        forgetFeed: () => forgetFeedIn(path),
        destroy: () => rm(directory, { recursive: true, force: true }),
      };
    },
  }),
  onNode(filesystem({ root: join(tmpdir(), "never-opened") }).capabilities, {
    name: "filesystem",
    async open() {
      const root = await mkdtemp(join(tmpdir(), "holdfast-certify-"));
      return {
        adapter: () => filesystem({ root }),
        persistent: true,
        peer: () => forkPeer(new URL("filesystem-peer.ts", import.meta.url), [root]),
        forgetFeed: () => forgetFeedIn(join(root, ".holdfast", "store.db")),
        destroy: () => rm(root, { recursive: true, force: true }),
      };
    },
  }),
  { name: "indexeddb", capabilities: indexeddb({ name: "never-opened" }).capabilities, run: runInBrowser },
  { name: "cloud", capabilities: cloudCapabilities, run: runInCloud },
];

function onNode(capabilities: Capabilities, harness: Harness): CertifiedAdapter {
  return { name: harness.name, capabilities, run: (themes) => runConformance(harness, { themes }) };
}

/** Of an item table, as it lies in the file of sqlite and filesystem alike. */
async function forgetFeedIn(path: string): Promise<void> {
  // By the adapters' own library: two of them in one process take the locks on a file from each other.
  const database = await betterSqlite3().open(path, "readwrite");
  // The newest entry never leaves.
  database.exec("DELETE FROM feed WHERE seq < (SELECT max(seq) FROM feed)");
  database.close();
}
