import type { Replacements } from "@holdfast/conformance";
import { BEFORE_ALL_TIME, isLive, type PreviousRecord, type StorageAdapter } from "@holdfast/core";
import type { SimpleStore } from "../simple-store.js";
import { historyOf, laterTurn } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "adapter: history";
const whole = "keeps what is replaced or deleted, whole, newest first, with the instant";
const nothing = "keeps nothing of what wrote nothing";
const expired = "keeps nothing that had expired, and shows nothing that has expired since";
const batched = "keeps what a batch replaces, and nothing of one that was refused";
const sizes = "keeps bodies of every size exactly, and streams them unmoved by what is written meanwhile";
const streamed = "streams a kept body as it was written, whole or in pieces, and unmoved by later writes";

/** Faults in keeping previous versions. */
export const keepingSaboteurs: readonly Saboteur[] = [
  {
    name: "history without the newest",
    story: "The copy is made one save late: the version that the user wants back is the one that is not there.",
    caughtBy: { theme, case: whole },
    plant: (sound) => onKept(sound, (kept) => kept.slice(1)),
  },
  {
    name: "history with the version that stands",
    story: "The log shows every version, the present one too: the undo button brings back what is there.",
    caughtBy: { theme, case: whole },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        async list(key, options) {
          const [kept, standing] = [await historyOf(sound).list(key, options), await sound.stat(key, options)];
          return standing === undefined ? kept : [{ header: standing, replaced: options.now }, ...kept];
        },
      },
    }),
  },
  {
    name: "history with the oldest first",
    story: "The first entry of the list is restored as the last good one: a year of work is gone from view.",
    caughtBy: { theme, case: whole },
    plant: (sound) => onKept(sound, (kept) => [...kept].reverse()),
  },
  {
    name: "history that loses tags",
    story: "Tags lie in a table of their own that is emptied with the overwrite: restored notes are in no folder.",
    caughtBy: { theme, case: whole },
    plant: (sound) =>
      onKept(sound, (kept) => kept.map(({ header, replaced }) => ({ header: { ...header, tags: [] }, replaced }))),
  },
  {
    name: "history with the wrong body",
    story: "The old header points to the file of the key, which holds the new bytes.",
    caughtBy: { theme, case: whole },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        async get(key, version, options) {
          const [record, standing] = [await historyOf(sound).get(key, version, options), await sound.get(key, options)];
          return record && { header: record.header, body: standing?.body ?? new Uint8Array(record.body.length) };
        },
      },
    }),
  },
  {
    name: "replaced when it was saved",
    story:
      "The instant of a version is when it was made: one that stood for a year is swept on the day it is replaced.",
    caughtBy: { theme, case: whole },
    plant: (sound) => onKept(sound, (kept) => kept.map(({ header }) => ({ header, replaced: header.modified }))),
  },
  {
    name: "history lost on delete",
    story: "The trash is empty: deleting an item deletes its versions with it.",
    caughtBy: { theme, case: whole },
    plant: (sound, { previous }) => ({
      async delete(key, condition, options) {
        const outcome = await sound.delete(key, condition, options);
        if (outcome.outcome === "deleted") previous.delete(key);
        return outcome;
      },
    }),
  },
  {
    name: "history found under another key",
    story: "Versions are looked up by their number alone: a link with the wrong key opens somebody else's document.",
    caughtBy: { theme, case: "gives the version that stands, and undefined for one that never stood there" },
    plant: (sound, { records }) => ({
      history: {
        ...historyOf(sound),
        get: (key, version, options) => {
          const elsewhere = [...records.values()].find(({ header }) => header.version === version);
          return structuredClone(elsewhere) ?? historyOf(sound).get(key, version, options);
        },
      },
    }),
  },
  {
    name: "history of refused writes",
    story: "The old version is put aside before the condition is checked: each lost race fills the list with copies.",
    caughtBy: { theme, case: nothing },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome === "conflict") remember(store, record.header.key, condition.now);
        return outcome;
      },
    }),
  },
  {
    name: "retry that keeps its own write",
    story: "An answer was lost, the save is sent again, and the version it wrote is kept as one that it replaced.",
    caughtBy: { theme, case: nothing },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const { key, version } = record.header;
        if (outcome.outcome === "stale" && outcome.floor === version) remember(store, key, condition.now);
        return outcome;
      },
    }),
  },
  {
    name: "history that keeps the expired",
    story: "A message that was to vanish after an hour can be read in the versions for a year.",
    caughtBy: { theme, case: expired },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const { key } = record.header;
        const stored = store.records.get(key);
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome === "written" && stored !== undefined && !isLive(stored.header, condition.now)) {
          store.previous.set(key, [{ record: stored, replaced: condition.now }, ...(store.previous.get(key) ?? [])]);
        }
        return outcome;
      },
    }),
  },
  {
    name: "history that shows what has expired since",
    story: "What stands is checked for its expiration, what is kept is not.",
    caughtBy: { theme, case: expired },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        list: (key, options) => historyOf(sound).list(key, { ...options, now: BEFORE_ALL_TIME }),
        get: (key, version, options) => historyOf(sound).get(key, version, { ...options, now: BEFORE_ALL_TIME }),
      },
    }),
  },
  {
    name: "sweep that keeps what it removes",
    story: "The clean-up of expired items runs as a delete like any other, and every one of them is kept as a version.",
    caughtBy: { theme, case: "a deletion that looks before all time keeps nothing" },
    plant: (sound, store) => ({
      async delete(key, condition, options) {
        const record = store.records.get(key);
        const outcome = await sound.delete(key, condition, options);
        if (outcome.outcome === "deleted" && condition.now === BEFORE_ALL_TIME && record !== undefined) {
          store.previous.set(key, [{ record, replaced: condition.now }, ...(store.previous.get(key) ?? [])]);
        }
        return outcome;
      },
    }),
  },
  {
    name: "history that keeps too many",
    story: "The oldest is dropped before the newest is added: one version more than was agreed, of every document.",
    caughtBy: { theme, case: "keeps as many versions of each key as it was told to, the newest ones" },
    plant: (sound) => ({
      open: (context) =>
        sound.open({
          ...context,
          history: context.history && { ...context.history, versions: context.history.versions + 1 },
        }),
    }),
  },
  {
    name: "history that drops the newest",
    story: "The list is full and takes nothing more: ten versions from the first day, and none since.",
    caughtBy: { theme, case: "keeps as many versions of each key as it was told to, the newest ones" },
    plant(sound, { previous }) {
      let most = 0;
      return {
        open(context) {
          most = context.history ? context.history.versions : 0;
          return sound.open({ ...context, history: context.history && { ...context.history, versions: most + 1 } });
        },
        async put(record, condition, options) {
          const outcome = await sound.put(record, condition, options);
          const kept = previous.get(record.header.key);
          if (kept !== undefined && kept.length > most) previous.set(record.header.key, kept.slice(1));
          return outcome;
        },
      };
    },
  },
  {
    name: "history limit over all keys",
    story: "The limit counts rows of the table: whoever edits much pushes out what all others had.",
    caughtBy: { theme, case: "keeps as many versions of each key as it was told to, the newest ones" },
    plant: (sound, { previous }) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const others = [...previous.keys()].filter((key) => key !== record.header.key);
        if (previous.has(record.header.key)) for (const key of others) previous.delete(key);
        return outcome;
      },
    }),
  },
  {
    name: "history that begins with each life",
    story: "A key that is made anew drops what was kept of it: delete, undo, and the past is gone.",
    caughtBy: { theme, case: "goes on where it was when a key is deleted and made anew" },
    plant: (sound, { records, previous }) => ({
      async put(record, condition, options) {
        const isNew = !records.has(record.header.key);
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome === "written" && isNew) previous.delete(record.header.key);
        return outcome;
      },
    }),
  },
  {
    name: "batch that keeps nothing",
    story: "The import overwrites ten thousand items in batches, and not one of them can be brought back.",
    caughtBy: { theme, case: batched },
    plant: (sound, { previous }) => ({
      async batch(writes, options) {
        const before = new Map(previous);
        const outcome = await sound.batch?.(writes, options);
        if (outcome === undefined) throw new Error("the sound adapter has batches");
        previous.clear();
        for (const [key, kept] of before) previous.set(key, kept);
        return outcome;
      },
    }),
  },
  {
    name: "refused batch that keeps",
    story: "Versions are put aside before the conditions are checked: each refused batch leaves copies of what stands.",
    caughtBy: { theme, case: batched },
    plant: (sound, store) => ({
      async batch(writes, options) {
        const outcome = await sound.batch?.(writes, options);
        if (outcome === undefined) throw new Error("the sound adapter has batches");
        if (outcome.outcome === "refused") {
          for (const write of writes) {
            remember(store, write.type === "put" ? write.record.header.key : write.key, options.now);
          }
        }
        return outcome;
      },
    }),
  },
  {
    name: "kept versions counted as items",
    on: "indexed",
    story: "One document, edited nine times, is ten in the statistics and in the bill.",
    caughtBy: { theme, case: "is apart from what stands: nothing lists, finds or counts it" },
    plant: (sound, { previous }) => ({
      async info(options) {
        const info = (await sound.info?.(options)) ?? { items: 0, bytes: 0, details: {} };
        return { ...info, items: info.items + [...previous.values()].flat().length };
      },
    }),
  },
  {
    name: "history that shares references",
    story: "A screen sorts the tags of an old version for display, and they are sorted in the store from then on.",
    caughtBy: { theme, case: "belongs to who asked: spoiling an answer spoils nothing else" },
    plant: (sound, { previous }) => ({
      history: {
        ...historyOf(sound),
        list: (key) => (previous.get(key) ?? []).map(({ record: { header }, replaced }) => ({ header, replaced })),
      },
    }),
  },
  {
    name: "kept body cut at one mebibyte",
    story: "The table of versions has a column for so much and no more; nobody looks until the day it is needed.",
    caughtBy: { theme, case: sizes },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        async get(key, version, options) {
          const record = await historyOf(sound).get(key, version, options);
          return record && { ...record, body: record.body.slice(0, 2 ** 20) };
        },
      },
    }),
  },
  {
    name: "kept version without its chunk hashes",
    on: "indexed",
    story: "The hashes belong to what stands and go with it: an old version can no longer be checked while it streams.",
    caughtBy: { theme, case: streamed },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        async readStream(key, version, options) {
          const stream = await historyOf(sound).readStream?.(key, version, options);
          return stream && { ...stream, chunkHashes: new Uint8Array() };
        },
      },
    }),
  },
  {
    name: "stream of a version that is pulled away",
    on: "indexed",
    story: "An old film is being watched when its version is dropped: the picture stops, or another film goes on.",
    caughtBy: { theme, case: streamed },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        async readStream(key, version, options) {
          const stream = await historyOf(sound).readStream?.(key, version, options);
          if (stream === undefined) return undefined;
          const stands = async () => (await historyOf(sound).get(key, version, options)) !== undefined;
          return {
            ...stream,
            body: (async function* () {
              for await (const piece of stream.body) {
                if (!(await stands())) return;
                yield piece;
              }
            })(),
          };
        },
      },
    }),
  },
  {
    name: "history beside the write",
    story: "The old version is read, then the new one written: of two saves at once, one keeps what the other kept.",
    caughtBy: { theme, case: "keeps each of many racing versions once, in order" },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const { key } = record.header;
        const [old, before] = [store.records.get(key), store.previous.get(key) ?? []];
        await laterTurn();
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome === "written") {
          store.previous.set(key, old === undefined ? before : [{ record: old, replaced: condition.now }, ...before]);
        }
        return outcome;
      },
    }),
  },
  {
    name: "history after the write",
    on: "shared",
    story:
      "The old version is copied once the new one stands: killed in between, a process leaves neither copy nor original.",
    caughtBy: {
      theme: "two processes",
      case: "of which one is killed while it overwrites leave feed, history and what stands of one mind",
    },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const { key } = record.header;
        const outcome = await sound.put(record, condition, options);
        const kept = store.previous.get(key);
        if (outcome.outcome === "written" && kept !== undefined) {
          store.previous.set(key, kept.slice(1));
          setTimeout(() => store.previous.set(key, [...kept.slice(0, 1), ...(store.previous.get(key) ?? [])]), 20);
        }
        return outcome;
      },
    }),
  },
  {
    name: "history lost on closing",
    story: "Undo works until the app is started again.",
    caughtBy: { theme, case: "is there after reopening" },
    plant: (sound, { previous }) => ({
      async close() {
        await sound.close();
        previous.clear();
      },
    }),
  },
];

/** Changes what is listed of a key. */
function onKept(sound: StorageAdapter, change: (kept: readonly PreviousRecord[]) => PreviousRecord[]): Replacements {
  return {
    history: {
      ...historyOf(sound),
      list: async (key, options) => change(await historyOf(sound).list(key, options)),
    },
  };
}

/** Keeps what stands, which nothing has replaced. */
function remember({ records, previous }: SimpleStore, key: string, now: number): void {
  const record = records.get(key);
  if (record !== undefined) previous.set(key, [{ record, replaced: now }, ...(previous.get(key) ?? [])]);
}
