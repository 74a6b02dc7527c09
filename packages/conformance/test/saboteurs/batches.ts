import type { AdapterWrite, BatchOutcome, StorageAdapter } from "@holdfast/core";
import { call, laterTurn } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const refused = "conditions of all operations hold, or none is applied";

/** Faults in doing many things as one. */
export const batchSaboteurs: readonly Saboteur[] = [
  {
    name: "batch half applied",
    story: "Money leaves one account and never reaches the other: what came before the refused operation stays.",
    caughtBy: { theme: "batch", case: refused },
    plant: (sound) => ({
      async batch(writes, options) {
        const outcome = await batch(sound, writes, options.now);
        if (outcome.outcome === "refused" && outcome.index > 0)
          await batch(sound, writes.slice(0, outcome.index), options.now);
        return outcome;
      },
    }),
  },
  {
    name: "batch without the refused operation",
    story: "What cannot be done is left out, the rest is done, and the whole is answered as done.",
    caughtBy: { theme: "batch", case: refused },
    plant: (sound) => ({
      async batch(writes, options) {
        let left = writes;
        for (;;) {
          const outcome = await batch(sound, left, options.now);
          if (outcome.outcome !== "refused" || outcome.reason.outcome === "stale") return outcome;
          left = left.filter((_, index) => index !== outcome.index);
        }
      },
    }),
  },
  {
    name: "batch in several steps",
    story: "All conditions are checked, then one write follows the other: a report read meanwhile does not add up.",
    caughtBy: { theme: "atomicity", case: "whoever lists meanwhile sees all of a batch or nothing of it" },
    plant: (sound) => ({
      async batch(writes, options) {
        const results: Extract<BatchOutcome, { outcome: "applied" }>["results"][number][] = [];
        for (const [index, write] of writes.entries()) {
          const outcome = await batch(sound, [write], options.now);
          if (outcome.outcome === "refused") return { ...outcome, index };
          results.push(...outcome.results);
          await laterTurn();
        }
        return { outcome: "applied", results };
      },
    }),
  },
  {
    name: "batch answered in another order",
    story: "Operations are sorted by key for the index, and so are their answers: each caller gets another's.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "batch applies all, and tells what each did",
    },
    plant: (sound) => ({
      batch(writes, options) {
        const keyOf = (write: AdapterWrite) => (write.type === "put" ? write.record.header.key : write.key);
        const byKey = [...writes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
        return batch(sound, byKey, options.now);
      },
    }),
  },
  {
    name: "batch that blames the first operation",
    story: "The message names a key that was fine; the one in conflict is found by trying all of them.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "batch names the first operation in the way, and does nothing",
    },
    plant: (sound) => ({
      async batch(writes, options) {
        const outcome = await batch(sound, writes, options.now);
        return outcome.outcome === "refused" ? { ...outcome, index: 0 } : outcome;
      },
    }),
  },
];

async function batch(sound: StorageAdapter, writes: readonly AdapterWrite[], now: number): Promise<BatchOutcome> {
  const outcome = await sound.batch?.(writes, { now, ...call });
  if (outcome === undefined) throw new Error("the sound adapter has batches");
  return outcome;
}
