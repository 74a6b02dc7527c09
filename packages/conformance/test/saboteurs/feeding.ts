import type { Replacements } from "@holdfast/conformance";
import {
  type AdapterChange,
  BEFORE_ALL_TIME,
  type FeedEntry,
  type FeedPage,
  type StorageAdapter,
} from "@holdfast/core";
import { createSimpleFeed, cursorAt, enter } from "../simple-feed.js";
import type { SimpleStore } from "../simple-store.js";
import { call, laterTurn } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "adapter: changes";
const each = "tells each committed write once, in the order of the commits, and nothing else";
const behind = "goes on behind any cursor, in pages of any size";
const fresh = "asks for a fresh start where a cursor is of another store, and refuses what is none";
const last = "has a last cursor, also before the first write, behind which the next one comes";

/** Faults in the feed of changes. */
export const feedingSaboteurs: readonly Saboteur[] = [
  {
    name: "feed without deletes",
    story: "A mirror is told of every save and of no deletion: what was thrown away lives on there for ever.",
    caughtBy: { theme, case: each },
    plant: (sound) => onEntries(sound, (entries) => entries.filter(({ type }) => type === "save")),
  },
  {
    name: "feed without swept items",
    story: "Expired items go without a word: the search index of another service finds them for years.",
    caughtBy: { theme, case: each },
    plant: (sound, store) => ({
      async delete(key, condition, options) {
        const outcome = await sound.delete(key, condition, options);
        if (outcome.outcome === "deleted" && condition.now === BEFORE_ALL_TIME) store.feed.entries.pop();
        return outcome;
      },
    }),
  },
  {
    name: "feed entry doubled",
    story: "A trigger and the app both write the entry: every order is shipped twice.",
    caughtBy: { theme, case: each },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const { key, version } = record.header;
        if (outcome.outcome === "written") enter(store.feed, { type: "save", key, version });
        return outcome;
      },
    }),
  },
  {
    name: "feed of what was refused",
    story: "The entry is written first and stays when the condition does not hold: a change that never was is told.",
    caughtBy: { theme, case: each },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const { key, version } = record.header;
        if (outcome.outcome === "conflict") enter(store.feed, { type: "save", key, version });
        return outcome;
      },
    }),
  },
  {
    name: "feed that keeps the newest entry of each key",
    story: "Entries are keyed by item to save room: who asks what happened since Monday hears half of it.",
    caughtBy: { theme, case: each },
    plant: (sound) =>
      onEntries(sound, (entries) =>
        entries.filter((entry, at) => !entries.slice(at + 1).some(({ key }) => key === entry.key)),
      ),
  },
  {
    name: "feed of one's own writes",
    story: "The log is kept by each window: none of them knows what the others did.",
    caughtBy: { theme, case: each },
    plant(sound) {
      const own = new Set<string>();
      return {
        put(record, condition, options) {
          own.add(record.header.version);
          return sound.put(record, condition, options);
        },
        ...onEntries(sound, (entries) => entries.filter(({ version }) => own.has(version))),
      };
    },
  },
  {
    name: "cursor that two entries share",
    story: "A cursor is the second in which the write came: whoever stops in the middle of one never sees the rest.",
    caughtBy: { theme, case: each },
    plant: (sound, { feed }) =>
      onEntries(sound, (entries) =>
        entries.map((entry) => ({ ...entry, cursor: cursorAt(feed, numberIn(entry.cursor) & ~1) })),
      ),
  },
  {
    name: "feed in the order of the versions",
    story: "Sorted by the writers' clocks: a machine whose clock is slow writes into the past, behind every reader.",
    caughtBy: { theme, case: "follows the commits, whatever order the versions have" },
    plant: (sound) => onEntries(sound, (entries) => [...entries].sort((a, b) => (a.version < b.version ? -1 : 1))),
  },
  {
    name: "batch that is one entry",
    story: "The feed has a row for each transaction, with the key of its first write: the others are never synced.",
    caughtBy: { theme, case: "tells each operation of a batch that wrote, and none of one that was refused" },
    plant: (sound, store) => ({
      async batch(writes, options) {
        const before = store.feed.entries.length;
        const outcome = await sound.batch?.(writes, options);
        if (outcome === undefined) throw new Error("the sound adapter has batches");
        store.feed.entries.splice(before + 1);
        return outcome;
      },
    }),
  },
  {
    name: "cursor that includes its entry",
    story: "At or behind, not behind: the last change of each run is applied again by the next.",
    caughtBy: { theme, case: behind },
    plant: (sound, { feed }) => ({
      async changes({ after, limit }, options) {
        const number = after === undefined ? 0 : numberIn(after);
        const from = number > 0 ? cursorAt(feed, number - 1) : after;
        return pageOf(sound, { after: from, limit }, options);
      },
    }),
  },
  {
    name: "page of the feed above its limit",
    story: "One entry more is read to know whether there is a next page, and handed out.",
    caughtBy: { theme, case: behind },
    plant: (sound) => ({
      changes: ({ after, limit }, options) => pageOf(sound, { after, limit: limit + 1 }, options),
    }),
  },
  {
    name: "page of the feed that begins in its middle",
    story: "The newest entries of a page are kept when there are too many, and the oldest dropped.",
    caughtBy: { theme, case: behind },
    plant: (sound) => ({
      async changes({ after, limit }, options) {
        const page = await pageOf(sound, { after, limit: limit + 1 }, options);
        return page.outcome === "page" ? { outcome: "page", changes: page.changes.slice(-limit) } : page;
      },
    }),
  },
  {
    name: "empty feed without a place",
    story: "There is no cursor before the first write: who sets up the mirror first never hears of that write.",
    caughtBy: { theme, case: last },
    plant: (sound, { feed }) => ({
      lastCursor: (options) => (feed.entries.length === 0 ? "" : (sound.lastCursor?.(options) ?? "")),
    }),
  },
  {
    name: "last cursor of one's own newest write",
    story: "Where the feed stands is remembered by each window: a snapshot taken in one repeats what others wrote.",
    caughtBy: { theme, case: last },
    plant(sound, { feed }) {
      let own = cursorAt(feed, 0);
      return {
        async put(record, condition, options) {
          const outcome = await sound.put(record, condition, options);
          own = (await sound.lastCursor?.(options)) ?? own;
          return outcome;
        },
        lastCursor: () => own,
      };
    },
  },
  {
    name: "cursor of another epoch accepted",
    story:
      "The database was made anew, and its numbers begin at one again: the mirror goes on at 4,711 and misses all before.",
    caughtBy: { theme, case: fresh },
    plant: (sound, store) => ({
      changes: ({ after, limit }, options) =>
        pageOf(sound, { after: after?.replace(/^.*:(\d+)$/, `${store.feed.epoch}:$1`), limit }, options),
    }),
  },
  {
    name: "broken cursor read as the beginning",
    story: "A cursor that cannot be parsed counts as none: a truncated setting replays years of changes.",
    caughtBy: { theme, case: fresh },
    plant: (sound) => ({
      async changes(range, options) {
        try {
          return await pageOf(sound, range, options);
        } catch {
          return pageOf(sound, { ...range, after: undefined }, options);
        }
      },
    }),
  },
  {
    name: "cursor that skips a late committer",
    story: "Numbers are drawn before the commit: a slow writer commits 41 when the reader has gone on behind 42.",
    caughtBy: { theme, case: "skips none and repeats none for who reads while several write" },
    plant(sound, store) {
      const numbers = numbersOf(store);
      return {
        async put(record, condition, options) {
          const number = numbers.size + 1;
          numbers.set(record.header.version, number);
          // Every third writer is slow.
          if (number % 3 === 0) for (let turn = 0; turn < 8; turn++) await laterTurn();
          return sound.put(record, condition, options);
        },
        async changes({ after, limit }) {
          const start = after === undefined ? 0 : numberIn(after);
          const entries = store.feed.entries.map((entry) => ({ ...entry, number: numbers.get(entry.version) ?? 0 }));
          const wanted = entries.filter(({ number }) => number > start).sort((a, b) => a.number - b.number);
          return {
            outcome: "page",
            changes: wanted.slice(0, limit).map(({ number, ...entry }) => ({
              ...entry,
              cursor: cursorAt(store.feed, number),
            })),
          };
        },
      };
    },
  },
  {
    name: "feed behind its writes",
    story: "The log is written in the background: a reader that asks right after a save is told that there is nothing.",
    caughtBy: { theme, case: "holds what was acknowledged before it is asked" },
    plant(sound, { feed }) {
      let known = 0;
      return {
        async changes(range, options) {
          const page = await pageOf(sound, range, options);
          const seen = known;
          known = feed.entries.length;
          if (page.outcome !== "page") return page;
          return { outcome: "page", changes: page.changes.filter(({ cursor }) => numberIn(cursor) <= seen) };
        },
      };
    },
  },
  {
    name: "page of the feed from a cache",
    story:
      "What was behind the cursor is remembered for who asks again: at the end of the feed that is nothing, for good.",
    caughtBy: { theme, case: "holds what was acknowledged before it is asked" },
    plant(sound) {
      const pages = new Map<string, FeedPage>();
      return {
        async changes(range, options) {
          const question = JSON.stringify(range);
          const page = pages.get(question) ?? (await pageOf(sound, range, options));
          pages.set(question, page);
          return structuredClone(page);
        },
      };
    },
  },
  {
    name: "newest place from a replica",
    story: "How far the feed goes is asked of a copy that lags: a reader stops there and takes it for the end.",
    caughtBy: { theme: "changes", case: "skips none for who polls while several openings write" },
    plant(sound) {
      let known: string | undefined;
      return {
        async lastCursor(options) {
          const [before, cursor] = [known, await sound.lastCursor?.(options)];
          known = cursor;
          return before ?? cursor ?? "";
        },
      };
    },
  },
  {
    name: "deletion told with the version that it removed",
    story:
      "The row is gone when the entry is written, so its old version goes in: a mirror takes it for known and keeps the item.",
    caughtBy: {
      theme: "changes",
      case: "keeps a mirror right that began with a reading of everything, whatever is written meanwhile",
    },
    plant: (sound, store) => ({
      async delete(key, condition, options) {
        const removed = store.records.get(key)?.header.version;
        const outcome = await sound.delete(key, condition, options);
        const entry = store.feed.entries.at(-1);
        if (outcome.outcome === "deleted" && entry !== undefined && removed !== undefined) {
          store.feed.entries[store.feed.entries.length - 1] = { ...entry, version: removed };
        }
        return outcome;
      },
    }),
  },
  {
    name: "feed beside the write",
    on: "shared",
    story:
      "The entry follows the write: a process that is killed in between leaves a change that nobody will ever hear of.",
    caughtBy: {
      theme: "two processes",
      case: "of which one is killed while it overwrites leave feed, history and what stands of one mind",
    },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        const entry = outcome.outcome === "written" ? store.feed.entries.pop() : undefined;
        if (entry !== undefined) setTimeout(() => enter(store.feed, withoutCursor(entry)), 20);
        return outcome;
      },
    }),
  },
  {
    name: "watch with cursors of its own",
    story: "Watchers are told the version in place of the cursor: who reconnects with it is refused, or worse, is not.",
    caughtBy: { theme, case: "is what watch tells: the same entries, in the same order, with the same cursors" },
    plant: (sound) => watchedThrough(sound, (tell) => (change) => tell({ ...change, cursor: change.version })),
  },
  {
    name: "watch in another order than the feed",
    story: "Each key has a queue of its own: a watcher that stops at the last cursor it saw leaves out what was late.",
    caughtBy: { theme, case: "is what watch tells: the same entries, in the same order, with the same cursors" },
    plant: (sound) =>
      watchedThrough(sound, (tell) => (change) => {
        if (change.key.endsWith("3")) setTimeout(() => tell(change), 3);
        else tell(change);
      }),
  },
  {
    name: "feed that begins anew with each start",
    story: "The feed lives in memory: every restart of the server makes all mirrors read everything again.",
    caughtBy: { theme, case: "goes on behind a cursor from before the store was closed" },
    plant: (sound, store) => ({
      async close() {
        await sound.close();
        store.feed = createSimpleFeed();
      },
    }),
  },
  {
    name: "trimmed feed that answers in silence",
    story: "Old entries are dropped and the rest is told as if it were all: the mirror is wrong and nobody knows.",
    caughtBy: { theme, case: "asks for a fresh start where it has forgotten, and never passes over it in silence" },
    plant: (sound, { feed }) => ({
      changes({ after, limit }, options) {
        const tooOld = feed.forgotten > (after === undefined ? 0 : numberIn(after));
        return pageOf(sound, { after: tooOld ? cursorAt(feed, feed.forgotten) : after, limit }, options);
      },
    }),
  },
  {
    name: "feed that hands out its own entries",
    story: "A listener adds a field to what it was told, and every later reader finds it there.",
    caughtBy: { theme, case: "gives answers that belong to who asked: spoiling one spoils nothing else" },
    plant: (_, { feed }) => ({
      changes({ after, limit }) {
        const start = after === undefined ? 0 : numberIn(after);
        return { outcome: "page", changes: feed.entries.slice(start, start + limit) };
      },
    }),
  },
];

/** Changes what the whole feed holds; cursors, limits and the rest stay as they are. */
function onEntries(
  sound: StorageAdapter,
  change: (entries: readonly FeedEntry[]) => readonly FeedEntry[],
): Replacements {
  return {
    async changes({ after, limit }, options) {
      const whole = await pageOf(sound, { after: undefined, limit: Number.MAX_SAFE_INTEGER }, options);
      if (whole.outcome !== "page") return whole;
      const entries = change(whole.changes);
      const start = entries.findIndex(({ cursor }) => cursor === after) + 1;
      return { outcome: "page", changes: entries.slice(start, start + limit) };
    },
  };
}

async function pageOf(
  sound: StorageAdapter,
  ...[range, options]: Parameters<NonNullable<StorageAdapter["changes"]>>
): Promise<FeedPage> {
  const page = await sound.changes?.(range, options ?? call);
  if (page === undefined) throw new Error("the sound adapter has a feed");
  return page;
}

function watchedThrough(
  sound: StorageAdapter,
  change: (tell: (change: AdapterChange) => void) => (change: AdapterChange) => void,
): Replacements {
  return { watch: (listener) => sound.watch?.(change(listener)) ?? (() => undefined) };
}

function withoutCursor({ cursor: _, ...change }: FeedEntry): Omit<FeedEntry, "cursor"> {
  return change;
}

function numberIn(cursor: string): number {
  return Number(cursor.slice(cursor.lastIndexOf(":") + 1));
}

const numbersByStore = new WeakMap<SimpleStore, Map<string, number>>();

function numbersOf(store: SimpleStore): Map<string, number> {
  const numbers = numbersByStore.get(store) ?? new Map<string, number>();
  numbersByStore.set(store, numbers);
  return numbers;
}
