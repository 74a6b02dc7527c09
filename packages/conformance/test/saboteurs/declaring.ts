import type { Awaitable, Capabilities, StorageAdapter } from "@holdfast/core";
import { simpleAdapter } from "../simple-adapter.js";
import { createSimpleStore } from "../simple-store.js";
import type { Saboteur } from "./saboteur.js";

const theme = "capabilities";
const reach = "compare-and-set reaches no further than is declared: beyond, somebody loses a race";
const parts = "a batch that is declared as bulk can be seen in parts";
const declared = "what is declared is there, and what is there is declared";
const lasting = "of which one works alone and is killed keep what was acknowledged, for who opens the store then";

/** Faults in what an adapter says of itself and of its errors. */
export const declaringSaboteurs: readonly Saboteur[] = [
  {
    name: "capability over-declared",
    story: "The table says native search; the call fails in production, in the one screen that needs it.",
    caughtBy: { theme, case: declared },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, query: "native" } }),
  },
  {
    name: "capability under-declared",
    story: "Batches are there but not announced: every caller takes the slow way, and nobody tests the fast one.",
    caughtBy: { theme, case: declared },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, batch: "none" } }),
  },
  {
    name: "feed that is not announced",
    story: "The store keeps a log of every change; each reader lists everything every minute to find out what is new.",
    caughtBy: { theme, case: declared },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, changes: "none" } }),
  },
  {
    name: "history that is not there",
    story: "The version list is shown because the table says so, and fails when it is opened.",
    caughtBy: { theme, case: declared },
    plant: () => ({ history: undefined }),
  },
  {
    name: "compare-and-set declared as none",
    story: "Exact between all its users, it says that it is not: an app puts a lock server in front of it.",
    caughtBy: { theme, case: reach },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, compareAndSet: "none" } }),
  },
  {
    name: "compare-and-set declared for one process",
    on: "shared",
    story: "The database is exact between processes; the app runs as one, on one core, for fear that it is not.",
    caughtBy: { theme, case: reach },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, compareAndSet: "process" } }),
  },
  {
    name: "atomic batch declared as bulk",
    story: "All or nothing, but nobody is told: the app writes a journal of its own around every batch.",
    caughtBy: { theme, case: parts },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, batch: "bulk" } }),
  },
  {
    name: "atomic batch declared as bulk, on a store that outlives its process",
    on: "shared",
    story: "Not even a crash leaves half of a batch, and still every caller has to reckon with it.",
    caughtBy: { theme, case: parts },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, batch: "bulk" } }),
  },
  {
    name: "memory declared as media",
    on: "shared",
    story: "A map in memory passes every test of one process, and is chosen for what has to outlast it.",
    caughtBy: { theme: "two processes", case: lasting },
    // What one adapter holds, no other process has.
    plant: (sound) => ({ ...simpleAdapter(createSimpleStore()), capabilities: ofOneProcess(sound, "media") }),
  },
  {
    name: "acknowledged when queued, written at close",
    on: "shared",
    story: "Nothing is lost as long as the app is closed in good order: the day's work goes with the first crash.",
    caughtBy: { theme: "two processes", case: lasting },
    plant(sound) {
      const queue: (() => Awaitable<unknown>)[] = [];
      return {
        capabilities: ofOneProcess(sound, "process"),
        put(record, condition, options) {
          queue.push(() => sound.put(record, condition, options));
          return { outcome: "written", header: structuredClone(record.header) };
        },
        async close() {
          for (const write of queue.splice(0)) await write();
          await sound.close();
        },
      };
    },
  },
  {
    name: "capability of no known level",
    story: "A level that no version of core knows falls through every comparison.",
    caughtBy: { theme, case: "each has a level that there is, and the limits are sizes" },
    plant: (sound) => ({ capabilities: { ...sound.capabilities, watch: "always" as "process" } }),
  },
  {
    name: "capability that changes",
    story: "What the server offers is asked when it is connected: the choice made before it was another.",
    caughtBy: { theme, case: "they are the same for every adapter of a store, before it is opened, while and after" },
    plant(sound) {
      const capabilities = { ...sound.capabilities };
      return {
        capabilities,
        open(context) {
          capabilities.durability = "process";
          return sound.open(context);
        },
      };
    },
  },
  {
    name: "classify that swallows",
    story: "A programming error is taken for a passing failure and tried again for a minute.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "classify knows its own errors only, and throws at none",
    },
    plant: () => ({ classify: () => ({ code: "UNAVAILABLE", message: "something went wrong", retryable: true }) }),
  },
  {
    name: "adapter without its own name",
    story: "Errors and reports say Store #1, and nobody can tell which of three backends failed.",
    caughtBy: { theme, case: "name and interface number are as they must be" },
    plant: () => ({ name: "Store #1" }),
  },
];

function ofOneProcess({ capabilities }: StorageAdapter, durability: Capabilities["durability"]): Capabilities {
  return { ...capabilities, durability, compareAndSet: "process", watch: "process" };
}
