import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, replacing } from "@holdfast/conformance";
import type { Capabilities, StorageAdapter } from "@holdfast/core";
import { createIndexedStore, type IndexedStore, indexedAdapter } from "./indexed-adapter.js";
import { simpleAdapter } from "./simple-adapter.js";
import { forget } from "./simple-feed.js";
import { startSimplePeer } from "./simple-peer.js";
import { createSimpleStore, type SimpleStore } from "./simple-store.js";

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

/** Stores of the simple adapter that other processes share. */
export function sharedHarness(
  name = "shared",
  make: (sound: StorageAdapter, store: SimpleStore) => StorageAdapter = (sound) => sound,
  timeout: number = TIMEOUT,
): Harness {
  const shared = (sound: StorageAdapter, store: SimpleStore) => {
    const capabilities: Capabilities = {
      ...sound.capabilities,
      durability: "process",
      compareAndSet: "cross-process",
      watch: "cross-process",
    };
    return make(replacing(sound, { capabilities }), store);
  };
  const simple = simpleHarness(name, shared, timeout);
  return {
    ...simple,
    async open() {
      const backing = await simple.open();
      return { ...backing, peer: async () => startSimplePeer(() => backing.adapter()) };
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
