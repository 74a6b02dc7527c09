import { describeAdapter, type Harness, plain, type Replacements, replacing, themes } from "@holdfast/conformance";
import { type BatchOutcome, checkWrite, type PutOutcome, type StorageAdapter } from "@holdfast/core";
import { describe, it } from "vitest";
import { simpleAdapter } from "./simple-adapter.js";
import { indexedHarness, loneHarness, sharedHarness, simpleHarness } from "./simple-harness.js";
import { clearStore, createSimpleStore, type SimpleStore } from "./simple-store.js";

describeAdapter(simpleHarness(), { describe, it }, { modes: [plain] });

// With every feature that an adapter may offer.
describeAdapter(indexedHarness(), { describe, it }, { modes: [plain] });

// With other processes at work on its store.
const aboutProcesses = ["capabilities", "two processes"];
describeAdapter(
  sharedHarness(),
  { describe, it },
  { modes: [plain], themes: themes.filter(({ name }) => aboutProcesses.includes(name)) },
);

// With other processes on its store, one at a time.
describeAdapter(
  loneHarness(),
  { describe, it },
  { modes: [plain], themes: themes.filter(({ name }) => aboutProcesses.includes(name)) },
);

// Without any feature that an adapter may leave out, and with a store that is gone when nobody has it open: here every
// case that needs something proves the refusal instead.
describeAdapter(
  forgetfulHarness("bare", (sound, store) => ({
    capabilities: {
      ...sound.capabilities,
      compareAndSet: "none",
      batch: "none",
      watch: "none",
      changes: "none",
      history: "none",
    },
    batch: undefined,
    watch: undefined,
    changes: undefined,
    lastCursor: undefined,
    history: undefined,
    ...unguarded(sound, store),
  })),
  { describe, it },
  { modes: [plain] },
);

// With batches that are no units.
const aboutBatches = [
  "capabilities",
  "adapter: open, batch, watch, streams and classify",
  "batch",
  "atomicity",
  "watch",
];
describeAdapter(
  forgetfulHarness("bulk", (sound) => ({
    capabilities: { ...sound.capabilities, batch: "bulk" },
    batch: oneByOne(sound),
  })),
  { describe, it },
  { modes: [plain], themes: themes.filter(({ name }) => aboutBatches.includes(name)) },
);

function forgetfulHarness(name: string, change: (sound: StorageAdapter, store: SimpleStore) => Replacements): Harness {
  return {
    name,
    async open() {
      const store = createSimpleStore();
      let open = 0;
      return {
        persistent: false,
        destroy: async () => undefined,
        adapter() {
          const sound = simpleAdapter(store);
          return replacing(sound, {
            ...change(sound, store),
            open(context) {
              open++;
              return sound.open(context);
            },
            close() {
              if (--open === 0) clearStore(store);
            },
          });
        },
      };
    },
  };
}

/** Compares, then writes: exact for the writers of one adapter, which wait for each other, and not between several. */
function unguarded(sound: StorageAdapter, store: SimpleStore): Pick<StorageAdapter, "put"> {
  let last: Promise<unknown> = Promise.resolve();
  return {
    put(record, condition, options) {
      const turn = last.then(async (): Promise<PutOutcome> => {
        const { key, version } = record.header;
        const standing = { stored: store.records.get(key)?.header, tombstone: store.tombstones.get(key) };
        const refusal = checkWrite(standing, version, condition);
        await Promise.resolve();
        return structuredClone(refusal) ?? sound.put(record, { ...condition, expect: "any" }, options);
      });
      last = turn;
      return turn;
    },
  };
}

function oneByOne(sound: StorageAdapter): NonNullable<StorageAdapter["batch"]> {
  return async (writes, options) => {
    const results: Extract<BatchOutcome, { outcome: "applied" }>["results"][number][] = [];
    for (const [index, write] of writes.entries()) {
      const outcome = await sound.batch?.([write], options);
      if (outcome === undefined) throw new Error("the sound adapter has batches");
      if (outcome.outcome === "refused") return { ...outcome, index };
      results.push(...outcome.results);
    }
    return { outcome: "applied", results };
  };
}
