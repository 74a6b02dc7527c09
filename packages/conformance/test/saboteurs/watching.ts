import type { Replacements } from "@holdfast/conformance";
import type { AdapterChange, StorageAdapter } from "@holdfast/core";
import { laterTurn } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

type Listener = (change: AdapterChange) => void;

const theme = "watch";
const once = "tells of each committed write exactly once, in order for each key";

/** Faults in telling of changes. */
export const watchingSaboteurs: readonly Saboteur[] = [
  {
    name: "watch event missing",
    story: "Deletes are not told: the other window goes on showing what is gone.",
    caughtBy: { theme, case: once },
    plant: (sound) => telling(sound, (tell) => (change) => change.type === "save" && tell(change)),
  },
  {
    name: "watch event doubled",
    story: "Told by the write and again by the poll: the counter in the corner counts two.",
    caughtBy: { theme, case: once },
    plant: (sound) =>
      telling(sound, (tell) => (change) => {
        tell({ ...change });
        tell({ ...change });
      }),
  },
  {
    name: "watch events out of order",
    story: "A delete overtakes the save before it, and the mirror keeps the item for ever.",
    caughtBy: { theme, case: once },
    plant: (sound) =>
      telling(sound, (tell) => (change) => {
        if (change.type === "delete") tell(change);
        else setTimeout(() => tell(change), 2);
      }),
  },
  {
    name: "watch of another prefix",
    story: "Channels are named by the key in lower case: a watcher of A hears of a, and one of A hears nothing.",
    caughtBy: { theme, case: "tells each watcher of the keys below its literal prefix" },
    plant: (sound) => telling(sound, (tell) => (change) => tell({ ...change, key: change.key.toLowerCase() })),
  },
  {
    name: "watch before the commit",
    story: "A listener reads what it was told of, finds the old value, and is never told again.",
    caughtBy: { theme, case: "what was told is there to be read" },
    plant(sound, store) {
      const listeners = listenersOf(store);
      return {
        async put(record, condition, options) {
          const { key, version } = record.header;
          for (const tell of listeners) tell({ type: "save", key, version });
          await laterTurn();
          return sound.put(record, condition, options);
        },
        watch(listener) {
          // A registration of its own for each call.
          const tell: Listener = (change) => listener(change);
          listeners.add(tell);
          return () => void listeners.delete(tell);
        },
      };
    },
  },
  {
    name: "watch of what was refused",
    story: "Every attempt is told, also the one that lost: the other window shows an edit that never was.",
    caughtBy: { theme, case: "tells nothing of what changed nothing" },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const { key, version } = record.header;
        if (outcome.outcome !== "written") for (const { tell } of store.listeners) tell({ type: "save", key, version });
        return outcome;
      },
    }),
  },
  {
    name: "watch of oneself only",
    story: "Two tabs on one store: each hears its own writes and never the other's.",
    caughtBy: { theme, case: "tells of what another opening writes, as a peer's" },
    hangsAfter: 500,
    plant(sound) {
      const own = new Set<string>();
      return {
        put(record, condition, options) {
          own.add(record.header.version);
          return sound.put(record, condition, options);
        },
        ...telling(sound, (tell) => (change) => own.has(change.version) && tell(change)),
      };
    },
  },
  {
    name: "watch after unwatch",
    story: "A closed screen goes on being told and writes into what is no longer there.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "watch tells of each commit exactly once, until it is let go",
    },
    plant: (sound) => ({
      async watch(listener) {
        await sound.watch?.(listener);
        return () => undefined;
      },
    }),
  },
  {
    name: "close that ends everybody's watch",
    story: "One window is closed and all others stop hearing of changes.",
    caughtBy: { theme, case: "tells nothing more once the storage is closed" },
    hangsAfter: 500,
    plant: (sound, store) => ({
      close() {
        store.listeners.clear();
        return sound.close();
      },
    }),
  },
];

function telling(
  sound: StorageAdapter,
  change: (tell: Listener) => Listener | ((change: AdapterChange) => unknown),
): Replacements {
  return { watch: (listener) => sound.watch?.((told) => void change(listener)(told)) ?? (() => undefined) };
}

const listenersByStore = new WeakMap<object, Set<Listener>>();

function listenersOf(store: object): Set<Listener> {
  const listeners = listenersByStore.get(store) ?? new Set<Listener>();
  listenersByStore.set(store, listeners);
  return listeners;
}
