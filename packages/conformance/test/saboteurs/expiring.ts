import type { Replacements } from "@holdfast/conformance";
import { BEFORE_ALL_TIME, type StorageAdapter } from "@holdfast/core";
import { onWrittenHeader } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "expiration";

/** Faults in what has expired. */
export const expiringSaboteurs: readonly Saboteur[] = [
  {
    name: "expiry off by one",
    story: "A token is good for one instant longer than it says, and a test that fails once a year nobody trusts.",
    caughtBy: { theme, case: "an item is alive until the instant of its expiration, and absent from it on" },
    plant: (sound) => readingAt(sound, (now) => now - 1),
  },
  {
    name: "expiry by the adapter's own clock",
    story: "The server decides what has expired, and its clock is minutes from the app's.",
    caughtBy: {
      theme: "adapter: stat, get, list and query",
      case: "now decides what is alive, and before all time everything is",
    },
    plant: (sound) => readingAt(sound, () => Date.now()),
  },
  {
    name: "expired item that blocks ifVersion: null",
    story: "A lock has expired, yet nobody can take it: the row is still there and counts as one.",
    caughtBy: { theme: "adapter: put and delete", case: "put answers and acts by core's rule" },
    plant: (sound) => ({
      put: (record, { expect }, options) => sound.put(record, { expect, now: BEFORE_ALL_TIME }, options),
    }),
  },
  {
    name: "expired items counted into a page",
    story: "The limit is applied before expired rows are filtered: a page comes back short, and the reader stops.",
    caughtBy: { theme, case: "pages are full of living items, whatever has expired between them" },
    plant: (sound) => ({
      async list(range, options) {
        const page = await sound.list(range, { ...options, now: BEFORE_ALL_TIME });
        return page.filter(({ expiration }) => expiration === null || expiration > options.now);
      },
    }),
  },
  {
    name: "expiration in whole seconds",
    story: "A time to live is a number of seconds: what should live 900 ms is dead at once.",
    caughtBy: { theme, case: "every instant that a Date can hold may be an expiration" },
    plant: (sound) =>
      onWrittenHeader(sound, (header) => ({
        ...header,
        expiration: header.expiration && Math.floor(header.expiration / 1_000) * 1_000,
      })),
  },
  {
    name: "expiration kept by an overwrite",
    story: "A draft with a week to live is saved for good, and is gone in a week all the same.",
    caughtBy: { theme, case: "an overwrite takes the expiration away or moves it" },
    plant: (sound, store) =>
      onWrittenHeader(sound, (header) => ({
        ...header,
        expiration: header.expiration ?? store.records.get(header.key)?.header.expiration ?? null,
      })),
  },
  {
    name: "expired items counted by info",
    on: "indexed",
    story: "The quota page says that 2 GB are in use; the user sees an empty folder.",
    caughtBy: {
      theme: "verify, repair, flush and info",
      case: "getInfo counts living items and their stored bytes, and names the adapter",
    },
    plant: (sound) => ({
      info: async () => {
        const info = await sound.info?.({ now: BEFORE_ALL_TIME, signal: undefined });
        return info ?? { items: 0, bytes: 0, details: {} };
      },
    }),
  },
  {
    name: "expired items found by search",
    on: "indexed",
    story: "The index knows nothing of time: a search shows what no longer opens.",
    caughtBy: { theme, case: "what has expired is absent for every operation" },
    plant: (sound) => ({
      query: (query, options) => sound.query?.(query, { ...options, now: BEFORE_ALL_TIME }) ?? [],
    }),
  },
];

function readingAt(sound: StorageAdapter, instant: (now: number) => number): Replacements {
  return {
    stat: (key, options) => sound.stat(key, { ...options, now: instant(options.now) }),
    get: (key, options) => sound.get(key, { ...options, now: instant(options.now) }),
    list: (range, options) => sound.list(range, { ...options, now: instant(options.now) }),
  };
}
