import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, replacing } from "@holdfast/conformance";
import { type Capabilities, type StorageAdapter, StorageError } from "@holdfast/core";
import { createIndexedStore, type IndexedStore, indexedAdapter } from "./indexed-adapter.js";
import { simpleAdapter } from "./simple-adapter.js";
import { forget } from "./simple-feed.js";
import { startSimplePeer } from "./simple-peer.js";
import { createSimpleStore, type SimpleStore } from "./simple-store.js";

/** Stores of the simple adapter, each adapter as `make` leaves it. */
export function simpleHarness(
  name = "simple",
  make: (sound: StorageAdapter, store: SimpleStore) => StorageAdapter = (sound) => sound,
  timeout?: number,
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
  timeout?: number,
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

/** Stores of the simple adapter that outlive their process, and that one process has at a time. */
export function loneHarness(): Harness {
  const simple = simpleHarness("lone");
  return {
    ...simple,
    async open() {
      const backing = await simple.open();
      const lock: Lock = { holder: undefined, openings: 0 };
      return {
        ...backing,
        adapter: () => locking(backing.adapter(), lock, "suite"),
        async peer() {
          const process = crypto.randomUUID();
          const peer = startSimplePeer(() => locking(backing.adapter(), lock, process));
          return {
            ...peer,
            async kill() {
              await peer.kill();
              if (lock.holder === process) Object.assign(lock, { holder: undefined, openings: 0 });
            },
          };
        },
      };
    },
  };
}

interface Lock {
  /** The process that has the store open, so many times. */
  holder: string | undefined;
  openings: number;
}

function locking(sound: StorageAdapter, lock: Lock, process: string): StorageAdapter {
  return replacing(sound, {
    capabilities: { ...sound.capabilities, durability: "process" },
    open(context) {
      if (lock.openings > 0 && lock.holder !== process) throw new StorageError("LOCKED", "another process has it open");
      lock.holder = process;
      lock.openings++;
      return sound.open(context);
    },
    close() {
      lock.openings--;
      return sound.close();
    },
  });
}

/** Stores of the indexed adapter, each adapter as `make` leaves it. */
export function indexedHarness(
  name = "indexed",
  make: (sound: StorageAdapter, store: IndexedStore) => StorageAdapter = (sound) => sound,
  timeout?: number,
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
