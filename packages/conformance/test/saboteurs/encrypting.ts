import { historyOf } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "encryption";
const concealed = "an encrypted save drops what is kept of its key in plain, in a batch and as a stream as well";
const rotated = "a rotation changes nothing but the wrap, and nothing needs the former key";
const listed = "what keeps versions lists those of all keys in pages, changes the wrap of each, and drops one alone";
const absent = "the wrap of a version that is not there is not replaced";

/** Faults in what encryption needs of an adapter. */
export const encryptingSaboteurs: readonly Saboteur[] = [
  {
    name: "plain version kept beside the ciphertext",
    story: "The user turns encryption on and sees a lock; the day before stays readable in the history.",
    caughtBy: { theme, case: concealed },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const before = store.records.get(record.header.key);
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome === "written" && before !== undefined && record.header.encryption !== undefined) {
          store.previous.set(record.header.key, [{ record: before, replaced: condition.now }]);
        }
        return outcome;
      },
    }),
  },
  {
    name: "wrap that is put on whatever stands",
    story:
      "A rotation and a save meet: the new value gets the wrapped key of the old one, and nobody can read it again.",
    caughtBy: { theme, case: absent },
    plant: (sound, store) => ({
      rewrap: (key, version, encryption, options) =>
        sound.rewrap?.(key, store.records.get(key)?.header.version ?? version, encryption, options) ?? false,
    }),
  },
  {
    name: "rotation that touches the time of the change",
    story: "After a yearly rotation every note looks as if it had been written that night.",
    caughtBy: { theme, case: rotated },
    plant: (sound, store) => ({
      async rewrap(key, version, encryption, options) {
        const done = await sound.rewrap?.(key, version, encryption, options);
        const standing = store.records.get(key);
        if (standing !== undefined) Object.assign(standing.header, { modified: standing.header.modified + 1 });
        return done ?? false;
      },
    }),
  },
  {
    name: "rotation that forgets what is kept",
    story: "The leaked key is retired, and with it goes every previous version.",
    caughtBy: { theme, case: rotated },
    plant: (sound, store) => ({
      rewrap: (key, version, encryption, options) =>
        store.records.get(key)?.header.version === version
          ? (sound.rewrap?.(key, version, encryption, options) ?? false)
          : true,
    }),
  },
  {
    name: "kept versions that nobody can list",
    story: "Nothing seems to need the old key, so it is thrown away; the history of deleted items needed it.",
    caughtBy: { theme, case: rotated },
    plant: (sound) => ({ history: { ...historyOf(sound), scan: () => [] } }),
  },
  {
    name: "page of versions that begins with the last of the page before",
    story: "The tool that rotates keys counts some versions twice, and never comes to an end.",
    caughtBy: { theme, case: listed },
    plant: (sound) => {
      const history = historyOf(sound);
      return {
        history: {
          ...history,
          async scan(range, options) {
            const { after, limit } = range;
            const all = await history.scan({ after: undefined, limit: 1_000 }, options);
            const from = all.findIndex(({ key, version }) => key === after?.key && version === after.version);
            return all.slice(Math.max(0, from), Math.max(0, from) + limit);
          },
        },
      };
    },
  },
  {
    name: "versions of deleted keys that are not listed",
    story: "What was deleted yesterday can be restored for thirty days, it says; its key was thrown away this morning.",
    caughtBy: { theme, case: listed },
    plant: (sound, store) => ({
      history: {
        ...historyOf(sound),
        scan: async (range, options) =>
          (await historyOf(sound).scan(range, options)).filter(({ key }) => store.records.has(key)),
      },
    }),
  },
  {
    name: "drop of all versions of a key",
    story: "One version was under a leaked key; the nine that were not are gone as well.",
    caughtBy: { theme, case: listed },
    plant: (sound, store) => ({
      history: { ...historyOf(sound), drop: (key) => void store.previous.delete(key) },
    }),
  },
  {
    name: "no rewrap beside a history",
    story: "The old key can never retire: last month's versions need it, and nobody can change that.",
    caughtBy: { theme, case: listed },
    plant: () => ({ rewrap: undefined }),
  },
];
