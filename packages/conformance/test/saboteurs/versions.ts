import { StorageError, type Version } from "@holdfast/core";
import type { SimpleStore } from "../simple-store.js";
import type { Saboteur } from "./saboteur.js";

const writes = "adapter: put and delete";
const deletes = "delete answers and acts by core's rule";
/** Of the adapters of one store, who share it. */
const connections = new WeakMap<SimpleStore, { users: number; open: boolean }>();

/** Faults in versions and tombstones, while open and over a restart. */
export const versionSaboteurs: readonly Saboteur[] = [
  {
    name: "version reused after restart",
    story:
      "The clock was set back while the app was closed; versions are given out a second time, and an old one passes for the new.",
    caughtBy: {
      theme: "versions",
      case: "versions go on upwards after reopening with the clock set back, also over deleted items",
    },
    plant: (sound) => ({
      async open(context) {
        await sound.open(context);
        return { lastVersion: undefined };
      },
    }),
  },
  {
    name: "greatest version without deletions",
    story: "It is taken from the items that are there; what was deleted last lends its version to what comes next.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "open tells the greatest version that the store ever held, deleted ones included",
    },
    plant: (sound, store) => ({
      async open(context) {
        await sound.open(context);
        const versions = Array.from(store.records.values(), ({ header }) => header.version);
        return { lastVersion: versions.sort().at(-1) };
      },
    }),
  },
  {
    name: "clock set back accepted",
    story: "The last to write wins by arrival: a laptop whose clock is behind overwrites newer work.",
    caughtBy: { theme: writes, case: "of many puts at once, the greatest version stands, and each answer is true" },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome !== "stale") return outcome;
        const { header, body } = record;
        store.records.set(header.key, structuredClone({ header, body }));
        return { outcome: "written", header: structuredClone(header) };
      },
    }),
  },
  {
    name: "delete without a tombstone",
    story: "A retried save from before the delete arrives late, finds nothing in its way, and the note is back.",
    caughtBy: { theme: writes, case: deletes },
    plant: (sound, store) => ({
      async delete(key, condition, options) {
        const outcome = await sound.delete(key, condition, options);
        if (outcome.outcome === "deleted") store.tombstones.delete(key);
        return outcome;
      },
    }),
  },
  {
    name: "stale tombstone",
    story:
      "The tombstone keeps the version of what was deleted, not of the deletion: writes between the two come back to life.",
    caughtBy: { theme: writes, case: deletes },
    plant: (sound, store) => ({
      async delete(key, condition, options) {
        const version = store.records.get(key)?.header.version;
        const outcome = await sound.delete(key, condition, options);
        if (outcome.outcome === "deleted" && version !== undefined) store.tombstones.set(key, version);
        return outcome;
      },
    }),
  },
  {
    name: "tombstones lost on restart",
    story: "They are kept in memory; after a restart a tab that slept through the delete brings everything back.",
    caughtBy: {
      theme: "atomicity",
      case: "what was deleted before reopening is not brought back by an older write",
    },
    plant: (sound, store) => ({
      open(context) {
        store.tombstones.clear();
        return sound.open(context);
      },
    }),
  },
  {
    name: "close that drops writes",
    story: "The last save before quitting is still in a buffer when the process ends.",
    caughtBy: { theme: "open and close", case: "what was acknowledged is there after any number of reopenings" },
    plant(sound, store) {
      let last: string | undefined;
      return {
        put(record, condition, options) {
          last = record.header.key;
          return sound.put(record, condition, options);
        },
        close() {
          if (last !== undefined) store.records.delete(last);
          return sound.close();
        },
      };
    },
  },
  {
    name: "delete that is undone by reopening",
    story: "A delete only hides the row from this session; with the next start everything is there again.",
    caughtBy: { theme: "open and close", case: "reopening keeps everything as it was" },
    plant(sound, store) {
      const hidden = new Map<string, Version>();
      return {
        async delete(key, condition, options) {
          const record = structuredClone(store.records.get(key));
          const outcome = await sound.delete(key, condition, options);
          if (outcome.outcome !== "deleted" || record === undefined) return outcome;
          hidden.set(key, record.header.version);
          store.tombstones.delete(key);
          store.records.set(key, record);
          return outcome;
        },
        stat: async (key, options) => (hidden.has(key) ? undefined : sound.stat(key, options)),
        get: async (key, options) => (hidden.has(key) ? undefined : sound.get(key, options)),
        list: async (range, options) => (await sound.list(range, options)).filter(({ key }) => !hidden.has(key)),
      };
    },
  },
  {
    name: "connection that is closed under who comes",
    story:
      "One page is left and the next one comes; they share a connection, which the first closes while the second is on its way in.",
    caughtBy: {
      theme: "adapter: open, batch, watch, streams and classify",
      case: "one adapter opens while another on the store closes, whichever begins first",
    },
    plant(sound, store) {
      const connection = connections.get(store) ?? { users: 0, open: false };
      connections.set(store, connection);
      const connected = () => {
        if (!connection.open) throw new StorageError("CLOSED", "the connection is closed");
      };
      return {
        async open(context) {
          connection.open = true;
          const state = await sound.open(context);
          // Too late: who closed meanwhile was the last one.
          connection.users++;
          return state;
        },
        close() {
          connection.users--;
          if (connection.users === 0) connection.open = false;
          return sound.close();
        },
        put(record, condition, options) {
          connected();
          return sound.put(record, condition, options);
        },
        get(key, options) {
          connected();
          return sound.get(key, options);
        },
      };
    },
  },
];
