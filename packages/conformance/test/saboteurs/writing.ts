import type { StoredRecord } from "@holdfast/core";
import type { Saboteur } from "./saboteur.js";

const call = { signal: undefined };
const laterTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Faults in what is written, and when. */
export const writingSaboteurs: readonly Saboteur[] = [
  {
    fault: "loses an update: it checks the precondition first and writes later",
    caughtBy: { theme: "compare-and-set", case: "exactly one of many that race to replace a version wins" },
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
    fault: "writes whatever the precondition says",
    caughtBy: { theme: "compare-and-set", case: "ifVersion null writes only where nothing is" },
    plant: (sound) => ({ put: (record, { now }) => sound.put(record, { expect: "any", now }, call) }),
  },
  {
    fault: "deletes whatever the precondition says",
    caughtBy: { theme: "compare-and-set", case: "a delete goes ahead only when its version stands" },
    plant: (sound) => ({ delete: (key, condition) => sound.delete(key, { ...condition, expect: "any" }, call) }),
  },
  {
    fault: "adds the new tags to the old ones",
    caughtBy: {
      theme: "save and load",
      case: "save replaces the whole item: data, tags, metadata, expiration and format",
    },
    plant: (sound) => ({
      async put(record, condition) {
        const old = await sound.stat(record.header.key, { now: condition.now, ...call });
        const tags = [...new Set([...(old?.tags ?? []), ...record.header.tags])];
        return sound.put({ ...record, header: { ...record.header, tags } }, condition, call);
      },
    }),
  },
  {
    fault: "forgets when an item came into being",
    caughtBy: {
      theme: "save and load",
      case: "an overwrite keeps the creation of a living item and moves its modification",
    },
    plant: (sound) => ({
      async put(record, condition) {
        const outcome = await sound.put(record, condition, call);
        if (outcome.outcome !== "written") return outcome;
        return { outcome: "written", header: { ...outcome.header, created: record.header.created } };
      },
    }),
  },
  {
    fault: "answers a save before it can be read",
    caughtBy: { theme: "save and load", case: "loads what was saved, and save tells all about it" },
    plant(sound) {
      const unread = new Map<string, StoredRecord | undefined>();
      return {
        async put(record, condition) {
          const { key } = record.header;
          unread.set(key, await sound.get(key, { now: condition.now, ...call }));
          setTimeout(() => unread.delete(key), 5);
          return sound.put(record, condition, call);
        },
        get: (key, options) => (unread.has(key) ? unread.get(key) : sound.get(key, options)),
      };
    },
  },
  {
    fault: "loses the last save when it is closed",
    caughtBy: { theme: "open and close", case: "what was acknowledged is there after any number of reopenings" },
    plant(sound) {
      let last: string | undefined;
      return {
        put(record, condition) {
          last = record.header.key;
          return sound.put(record, condition, call);
        },
        async close() {
          const header = last === undefined ? undefined : await sound.stat(last, { now: 0, ...call });
          if (header !== undefined) {
            const version = `${header.version.slice(0, -1)}~` as typeof header.version;
            await sound.delete(header.key, { version, expect: "any", now: 0 }, call);
          }
          return sound.close();
        },
      };
    },
  },
  {
    fault: "applies a batch up to the operation that is in the way",
    caughtBy: { theme: "batch", case: "conditions of all operations hold, or none is applied" },
    plant: (sound) => ({
      async batch(writes, options) {
        const outcome = await sound.batch?.(writes, options);
        if (outcome === undefined) throw new Error("the sound adapter has batches");
        if (outcome.outcome === "refused" && outcome.index > 0)
          await sound.batch?.(writes.slice(0, outcome.index), options);
        return outcome;
      },
    }),
  },
  {
    fault: "keeps only the header properties that it knows",
    caughtBy: {
      theme: "adapter: stat, get, list and query",
      case: "headers come back whole, with properties that nobody knows yet",
    },
    plant: (sound) => ({
      put(record, condition) {
        const {
          key,
          version,
          size,
          storedSize,
          format,
          compression,
          created,
          modified,
          expiration,
          tags,
          metadata,
          checksum,
        } = record.header;
        const header = {
          key,
          version,
          size,
          storedSize,
          format,
          compression,
          created,
          modified,
          expiration,
          tags,
          metadata,
          checksum,
        };
        return sound.put({ ...record, header }, condition, call);
      },
    }),
  },
];
