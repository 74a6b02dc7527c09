import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import { createIndexedStore, type IndexedStore, indexedAdapter } from "./indexed-adapter.js";
import { createSimpleStore, type SimpleStore, simpleAdapter } from "./simple-adapter.js";
import { forget } from "./simple-feed.js";

const TIMEOUT = 30_000;

/** Stores of the simple adapter, each adapter as `make` leaves it. */
export function simpleHarness(
  name = "simple",
  make: (sound: StorageAdapter, store: SimpleStore) => StorageAdapter = (sound) => sound,
  timeout: number = TIMEOUT,
): Harness {
  return {
    name,
    timeout,
    async open() {
      const store = createSimpleStore();
      return {
        adapter: () => make(simpleAdapter(store), store),
        persistent: true,
        forgetFeed: async () => forget(store.feed),
        destroy: async () => store.records.clear(),
      };
    },
  };
}

/** Stores of the indexed adapter, likewise. */
export function indexedHarness(
  name = "indexed",
  make: (sound: StorageAdapter, store: IndexedStore) => StorageAdapter = (sound) => sound,
  timeout: number = TIMEOUT,
): Harness {
  return {
    name,
    timeout,
    async open() {
      const directory = await mkdtemp(join(tmpdir(), "holdfast-indexed-"));
      const store = createIndexedStore(directory);
      return {
        adapter: () => make(indexedAdapter(store), store),
        persistent: true,
        destroy: () => rm(directory, { recursive: true, force: true }),
      };
    },
  };
}
