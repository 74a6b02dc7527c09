import { StorageError, type StoredRecord } from "@holdfast/core";
import { call, laterTurn } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const race = "exactly one of many that race to replace a version wins";

/** Faults in what happens when several writers or readers meet. */
export const racingSaboteurs: readonly Saboteur[] = [
  {
    name: "lost update",
    story: "Two people edit one document; both saves are answered as done, and one of them is gone.",
    caughtBy: { theme: "compare-and-set", case: race },
    plant: (sound) => ({
      put: async (record, { now }) => {
        await laterTurn();
        return sound.put(record, { expect: "any", now }, call);
      },
    }),
  },
  {
    name: "check, then act",
    story: "The precondition is read first and the write sent later: between the two somebody else writes.",
    caughtBy: { theme: "compare-and-set", case: race },
    plant: (sound) => ({
      async put(record, { expect, now }) {
        const current = await sound.stat(record.header.key, { now, ...call });
        const holds = expect === "any" || (expect === "absent" ? current === undefined : current?.version === expect);
        if (!holds) return { outcome: "conflict", current };
        await laterTurn();
        return sound.put(record, { expect: "any", now }, call);
      },
    }),
  },
  {
    name: "instances that do not exclude each other",
    story: "A lock within the process keeps one window's saves apart; the second window has a lock of its own.",
    caughtBy: {
      theme: "compare-and-set",
      case: "exactly one wins also when the racers are several openings of the store",
    },
    plant(sound) {
      let last: Promise<unknown> = Promise.resolve();
      return {
        put(record, { expect, now }) {
          const turn = last.then(async () => {
            const current = await sound.stat(record.header.key, { now, ...call });
            const holds =
              expect === "any" || (expect === "absent" ? current === undefined : current?.version === expect);
            if (!holds) return { outcome: "conflict", current } as const;
            await laterTurn();
            const outcome = await sound.put(record, { expect: "any", now }, call);
            // Overtaken by the other window in between: it takes itself for the winner all the same.
            return outcome.outcome === "stale" ? ({ outcome: "written", header: record.header } as const) : outcome;
          });
          last = turn;
          return turn;
        },
      };
    },
  },
  {
    name: "ignored precondition",
    story: "The backend's conditional header is not supported by an older server, which writes anyway.",
    caughtBy: { theme: "compare-and-set", case: "ifVersion null writes only where nothing is" },
    plant: (sound) => ({ put: (record, { now }) => sound.put(record, { expect: "any", now }, call) }),
  },
  {
    name: "unconditional delete",
    story: "A clean-up deletes what it saw an hour ago, although it was edited since.",
    caughtBy: { theme: "compare-and-set", case: "a delete goes ahead only when its version stands" },
    plant: (sound) => ({ delete: (key, condition) => sound.delete(key, { ...condition, expect: "any" }, call) }),
  },
  {
    name: "conflict without the version that stands",
    story: "The app is told that it lost, but not against what, and offers its user nothing to merge with.",
    caughtBy: {
      theme: "compare-and-set",
      case: "a save with another version is a conflict that tells the one that stands, and changes nothing",
    },
    plant: (sound) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        return outcome.outcome === "conflict" ? { outcome: "conflict", current: undefined } : outcome;
      },
    }),
  },
  {
    name: "version compared as a number",
    story: "A version longer than 53 bits is parsed as a number: two writes in one instant compare as equal.",
    caughtBy: {
      theme: "compare-and-set",
      case: "a save with another version is a conflict that tells the one that stands, and changes nothing",
    },
    plant: (sound) => ({
      async put(record, { expect, now }) {
        const current = await sound.stat(record.header.key, { now, ...call });
        const equal = current !== undefined && asNumber(current.version) === asNumber(expect);
        return sound.put(record, { expect: equal ? current.version : expect, now }, call);
      },
    }),
  },
  {
    name: "retry that conflicts with itself",
    story: "The network loses an answer, the write is sent again, and the user is told of a conflict with nobody.",
    caughtBy: {
      theme: "failures",
      case: "a write whose answer was lost is made once, and is no conflict with itself",
    },
    plant: (sound) => ({
      async put(record, condition, options) {
        const current = await sound.stat(record.header.key, { now: condition.now, ...call });
        if (current?.version === record.header.version && condition.expect !== "any")
          return { outcome: "conflict", current };
        return sound.put(record, condition, options);
      },
    }),
  },
  {
    name: "torn header",
    story: "Metadata and data are two writes: who reads between them gets the new size with the old bytes.",
    caughtBy: { theme: "atomicity", case: "whoever reads meanwhile sees one version, its header and its body" },
    plant(sound, store) {
      const bodies = bodiesOf(store);
      return {
        async put(record, condition, options) {
          const outcome = await sound.put(record, condition, options);
          await laterTurn();
          if (outcome.outcome === "written") bodies.set(record.header.key, record.body);
          return outcome;
        },
        async get(key, options) {
          const record = await sound.get(key, options);
          return record && { ...record, body: bodies.get(key) ?? record.body };
        },
      };
    },
  },
  {
    name: "resolve before commit",
    story: "The save is answered when it is queued; the page that reloads at once shows the old text.",
    caughtBy: { theme: "save and load", case: "loads what was saved, and save tells all about it" },
    plant(sound) {
      const unread = new Map<string, StoredRecord | undefined>();
      return {
        async put(record, condition, options) {
          const { key } = record.header;
          unread.set(key, await sound.get(key, { now: condition.now, ...call }));
          setTimeout(() => unread.delete(key), 5);
          return sound.put(record, condition, options);
        },
        get: (key, options) => (unread.has(key) ? unread.get(key) : sound.get(key, options)),
      };
    },
  },
  {
    name: "stale read after write",
    story: "Each instance keeps what it read in a cache that hears of its own writes only.",
    caughtBy: { theme: "save and load", case: "what one opening saved, another one loads" },
    plant(sound) {
      const cache = new Map<string, StoredRecord>();
      return {
        async get(key, options) {
          const record = cache.get(key) ?? (await sound.get(key, options));
          if (record !== undefined) cache.set(key, record);
          return structuredClone(record);
        },
        async put(record, condition, options) {
          const outcome = await sound.put(record, condition, options);
          if (outcome.outcome === "written")
            cache.set(record.header.key, { header: outcome.header, body: record.body });
          return outcome;
        },
        delete(key, condition, options) {
          cache.delete(key);
          return sound.delete(key, condition, options);
        },
      };
    },
  },
  {
    name: "one abort for the whole group",
    story: "Saves that arrive together commit together; one user's cancelled upload fails everybody's.",
    caughtBy: { theme: "abort", case: "one caller's abort does not touch what others do at the same time" },
    plant(sound) {
      let group: AbortSignal[] = [];
      return {
        async put(record, condition, options) {
          const mine = group;
          if (options.signal !== undefined) mine.push(options.signal);
          await laterTurn();
          group = [];
          if (mine.some(({ aborted }) => aborted)) throw new StorageError("ABORTED", "the transaction was rolled back");
          return sound.put(record, condition, options);
        },
      };
    },
  },
];

function asNumber(version: string): number {
  return Number.parseInt(version.replaceAll("-", ""), 16);
}

const bodiesByStore = new WeakMap<object, Map<string, Uint8Array>>();

function bodiesOf(store: object): Map<string, Uint8Array> {
  const bodies = bodiesByStore.get(store) ?? new Map<string, Uint8Array>();
  bodiesByStore.set(store, bodies);
  return bodies;
}
