import { describeAdapter, plain } from "@holdfast/conformance";
import { type StorageAdapter, StorageError } from "@holdfast/core";
import { createMemoryStore, type MemoryStore, memory } from "@holdfast/memory";
import { fallbackAdapter } from "holdfast";
import { describe, it } from "vitest";

const given = process.env["HOLDFAST_SEED"];
const seed = given === undefined ? undefined : Number(given);

// The suite that every adapter passes holds whoever serves: the primary, with a fallback at its side that is kept up to date ...
describeAdapter(
  {
    name: "a primary with a fallback",
    async open() {
      const store = createMemoryStore();
      // A fallback belongs to one storage.
      const adapter = () => fallbackAdapter(memory({ store }), [memory()]);
      return { adapter, persistent: true, destroy: async () => undefined };
    },
  },
  { describe, it },
  { seed, modes: [plain] },
);

// ... and the fallback, where the primary never comes.
describeAdapter(
  {
    name: "a fallback without its primary",
    async open() {
      const store = createMemoryStore();
      return { adapter: () => alone(store), persistent: true, destroy: async () => undefined };
    },
  },
  { describe, it },
  { seed, modes: [plain] },
);

function alone(store: MemoryStore): StorageAdapter {
  return fallbackAdapter(away(), [memory({ store })], { whenUnknown: "absent" });
}

/** A primary that is never there, and would have neither feed nor history. */
function away(): StorageAdapter {
  const fail = () => Promise.reject(new StorageError("UNAVAILABLE", "nobody is there"));
  const like = memory();
  return {
    name: "nowhere",
    spi: like.spi,
    capabilities: { ...like.capabilities, changes: "none", history: "none", watch: "none" },
    open: fail,
    stat: fail,
    get: fail,
    put: fail,
    delete: fail,
    list: fail,
    batch: fail,
    classify: () => undefined,
    close: () => undefined,
  };
}
