import type { AdapterWrite, PutOutcome, StorageAdapter, StoredRecord } from "@holdfast/core";
import { overriding } from "./overriding.ts";

/** What is between the app and what it asks, where a fault is put. */
export type Place = "store of the primary" | "way to the primary" | "fallback";

interface Fault {
  readonly place: Place;
  /** What the simulation must say, sooner or later. */
  readonly notice: RegExp;
  spoil(adapter: StorageAdapter): Partial<StorageAdapter>;
}

type Answered<Method extends keyof StorageAdapter> = Awaited<
  ReturnType<Extract<StorageAdapter[Method], (...given: never[]) => unknown>>
>;

/** Members with one fault each, so that it is seen whether anybody notices. */
const faults = {
  "forgets the ledger's entries": {
    place: "fallback",
    notice: /is lost|absent|older|there again/,
    spoil: (adapter) => ({ put: (record, ...more) => adapter.put(unmarked(record), ...more) }),
  },
  "acknowledges entries that it does not keep": {
    place: "fallback",
    notice: /is lost|absent|older|did not know/,
    spoil: (adapter) => ({
      put: (record, ...more) =>
        stateOf(record) === "saved" ? { outcome: "written", header: record.header } : adapter.put(record, ...more),
    }),
  },
  "forgets deletions": {
    place: "fallback",
    notice: /there again|older/,
    spoil: (adapter) => ({
      put: (record, ...more) =>
        stateOf(record) === "deleted" ? { outcome: "written", header: record.header } : adapter.put(record, ...more),
    }),
  },
  "answers with what it had before": {
    place: "fallback",
    notice: /older/,
    spoil(adapter) {
      const before = new Map<string, StoredRecord>();
      return {
        async put(record, ...more) {
          const { key } = record.header;
          const standing = await adapter.get(key, { now: 0, signal: undefined });
          if (standing !== undefined) before.set(key, standing);
          return adapter.put(record, ...more);
        },
        get: (key, options) => before.get(key) ?? adapter.get(key, options),
      };
    },
  },
  "keeps no copies": {
    place: "fallback",
    notice: /did not know/,
    spoil: (adapter) => ({
      put: (record, ...more) =>
        stateOf(record) === "copy" ? { outcome: "written", header: record.header } : adapter.put(record, ...more),
    }),
  },
  "ignores preconditions": {
    place: "store of the primary",
    notice: /had not seen/,
    spoil: (adapter) => ({
      put: (record, condition, options) => adapter.put(record, { ...condition, expect: "any" }, options),
    }),
  },
  "takes a batch in parts": {
    place: "way to the primary",
    notice: /in parts|is lost/,
    spoil: (adapter) => ({
      async batch(writes, { now, signal }) {
        const results: (Answered<"put"> | Answered<"delete">)[] = [];
        for (const write of writes) results.push(await alone(adapter, write, now, signal));
        // Each by itself: what it refuses is answered as if it had been taken.
        return { outcome: "applied", results } as Answered<"batch">;
      },
    }),
  },
  "refuses what it has taken": {
    place: "way to the primary",
    notice: /was refused, and is in the primary|times/,
    spoil(adapter) {
      let taken = 0;
      return {
        async put(record, condition, options) {
          const outcome = await adapter.put(record, condition, options);
          if (outcome.outcome !== "written" || condition.expect === "any") return outcome;
          // Not each time: an update would go on for ever.
          return ++taken % 3 === 1 ? ({ outcome: "conflict", current: outcome.header } satisfies PutOutcome) : outcome;
        },
      };
    },
  },
  "has forgotten its feed and its history": {
    place: "way to the primary",
    notice: /times/,
    spoil: ({ history }) => ({
      changes: () => ({ outcome: "page", changes: [] }),
      ...(history && { history: overriding(history, { get: () => undefined }) }),
    }),
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type Sabotage = keyof typeof faults;

export const sabotages = Object.entries(faults).map(([name, { notice }]) => ({ name: name as Sabotage, notice }));

/** The adapter with the fault, where it belongs to this place. */
export function spoiled(adapter: StorageAdapter, place: Place, sabotage: Sabotage | undefined): StorageAdapter {
  const fault: Fault | undefined = sabotage && faults[sabotage];
  if (fault?.place !== place) return adapter;
  return overriding(adapter, fault.spoil(adapter));
}

function alone(adapter: StorageAdapter, write: AdapterWrite, now: number, signal: AbortSignal | undefined) {
  if (write.type === "put") return adapter.put(write.record, { expect: write.expect, now }, { signal });
  return adapter.delete(write.key, { version: write.version, expect: write.expect, now }, { signal });
}

interface Marked {
  readonly fallback?: { readonly state: string };
}

function stateOf({ header }: StoredRecord): string | undefined {
  return (header as Marked).fallback?.state;
}

function unmarked<R extends StoredRecord>(record: R): R {
  const { fallback: _, ...header } = record.header as R["header"] & Marked;
  return { ...record, header };
}
