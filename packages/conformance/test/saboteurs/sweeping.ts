import type { Previous } from "../simple-store.js";
import { historyOf } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "adapter: history";
const byAge = "sweep drops by age, to the millisecond, below a literal prefix";
const swept = "sweep without an age drops what is kept of keys that do not stand";
const off = "switched off it keeps nothing, and a sweep drops what was kept before";

/** Faults in letting go of previous versions. */
export const sweepingSaboteurs: readonly Saboteur[] = [
  {
    name: "age of a version from its making",
    story: "A page that stood unchanged for a year loses its old version the moment it is edited.",
    caughtBy: { theme, case: byAge },
    plant: (sound, { previous }) => ({
      history: {
        ...historyOf(sound),
        sweep(prefix, options) {
          for (const [key, kept] of previous) {
            previous.set(
              key,
              kept.map(({ record, replaced }) => ({ record, replaced: Math.min(replaced, record.header.created) })),
            );
          }
          return historyOf(sound).sweep(prefix, options);
        },
      },
    }),
  },
  {
    name: "sweep of history off by one",
    story:
      "At least as old, not older: the version of this very instant a week ago is gone in one store and there in another.",
    caughtBy: { theme, case: byAge },
    plant: (sound) => ({
      history: {
        ...historyOf(sound),
        sweep: (prefix, options) => historyOf(sound).sweep(prefix, { ...options, now: options.now + 1 }),
      },
    }),
  },
  {
    name: "sweep of history with a pattern",
    story: "LIKE takes _ for any letter: sweeping one customer's folder empties the trash of another.",
    caughtBy: { theme, case: byAge },
    plant: (sound, { previous }) => ({
      history: {
        ...historyOf(sound),
        async sweep(prefix, options) {
          const pattern = new RegExp(`^${prefix.replaceAll("_", ".")}`, "su");
          let dropped = 0;
          for (const key of [...previous.keys()].filter((each) => pattern.test(each))) {
            dropped += await historyOf(sound).sweep(key, options);
          }
          return dropped;
        },
      },
    }),
  },
  {
    name: "history back after the sweep",
    story: "The sweep marks versions as swept and the list leaves them out; by their numbers they still open.",
    caughtBy: { theme, case: swept },
    plant(sound, { previous }) {
      const all = new Map<string, Previous["record"]>();
      return {
        history: {
          ...historyOf(sound),
          sweep(prefix, options) {
            for (const { record } of [...previous.values()].flat()) all.set(record.header.version, record);
            return historyOf(sound).sweep(prefix, options);
          },
          get: async (key, version, options) =>
            (await historyOf(sound).get(key, version, options)) ?? structuredClone(all.get(version)),
        },
      };
    },
  },
  {
    name: "sweep that takes the history of the living",
    story: "A job that empties the trash every night drops the versions of what is still there as well.",
    caughtBy: { theme, case: swept },
    plant: (sound, { previous }) => ({
      history: {
        ...historyOf(sound),
        async sweep(prefix, options) {
          const dropped = await historyOf(sound).sweep(prefix, options);
          previous.clear();
          return dropped;
        },
      },
    }),
  },
  {
    name: "sweep that knows no expired items",
    story: "An expired item whose row is still there counts as standing: its versions are never dropped.",
    caughtBy: { theme, case: swept },
    plant: (sound, { previous, records }) => ({
      history: {
        ...historyOf(sound),
        async sweep(prefix, options) {
          const spared = [...previous].filter(([key]) => records.has(key));
          const dropped = await historyOf(sound).sweep(prefix, options);
          const back = spared.filter(([key]) => !previous.has(key));
          for (const [key, kept] of back) previous.set(key, kept);
          return dropped - back.reduce((sum, [, kept]) => sum + kept.length, 0);
        },
      },
    }),
  },
  {
    name: "history that cannot be switched off",
    story: "No versions, says the contract with the customer; the disk says otherwise.",
    caughtBy: { theme, case: off },
    plant: (sound) => ({
      open: (context) =>
        sound.open({ ...context, history: context.history || { versions: 10, age: Number.POSITIVE_INFINITY } }),
    }),
  },
  {
    name: "history that stays when it is switched off",
    story: "Switched off, nothing new is kept; what was kept before lies there, and no sweep removes it.",
    caughtBy: { theme, case: off },
    plant(sound) {
      let isOff = false;
      return {
        open(context) {
          isOff = context.history === false;
          return sound.open(context);
        },
        history: {
          ...historyOf(sound),
          sweep: (prefix, options) => (isOff ? 0 : historyOf(sound).sweep(prefix, options)),
        },
      };
    },
  },
];
