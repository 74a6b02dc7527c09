import type { ListRange, ReadOptions, RecordHeader, StorageAdapter } from "@holdfast/core";
import type { Saboteur } from "./saboteur.js";

/** Faults in what is shown. */
export const listingSaboteurs: readonly Saboteur[] = [
  {
    fault: "lets items live a millisecond too long",
    caughtBy: {
      theme: "expiration",
      case: "an item is alive until the instant of its expiration, and absent from it on",
    },
    plant: (sound) => ({
      stat: (key, options) => sound.stat(key, { ...options, now: options.now - 1 }),
      get: (key, options) => sound.get(key, { ...options, now: options.now - 1 }),
      list: (range, options) => sound.list(range, { ...options, now: options.now - 1 }),
    }),
  },
  {
    fault: "counts what has expired into a page",
    caughtBy: { theme: "expiration", case: "pages are full of living items, whatever has expired between them" },
    plant: (sound) => ({
      async list(range, options) {
        const page = await sound.list(range, { ...options, now: Number.NEGATIVE_INFINITY });
        return page.filter(({ expiration }) => expiration === null || expiration > options.now);
      },
    }),
  },
  {
    fault: "reads a prefix as a LIKE pattern",
    caughtBy: {
      theme: "list and scan",
      case: "a prefix is a literal start of the key, not a segment and not a pattern",
    },
    plant: (sound) => ({
      async list(range, options) {
        const escaped = range.prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        const pattern = new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}`, "su");
        return (await all(sound, range, options)).filter(({ key }) => pattern.test(key)).slice(0, range.limit);
      },
    }),
  },
  {
    fault: "takes a prefix for a directory",
    caughtBy: {
      theme: "list and scan",
      case: "a prefix is a literal start of the key, not a segment and not a pattern",
    },
    plant: (sound) => ({
      async list(range, options) {
        const { prefix } = range;
        const below = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
        return (await all(sound, range, options)).filter(({ key }) => key.startsWith(below)).slice(0, range.limit);
      },
    }),
  },
  {
    fault: "orders keys by UTF-16 units",
    caughtBy: { theme: "list and scan", case: "keys are ordered by their code points" },
    plant: (sound) => ({
      async list({ prefix, after, limit }, options) {
        const found = await sound.list({ prefix, after: undefined, limit: Number.MAX_SAFE_INTEGER }, options);
        const sorted = found.sort((a, b) => (a.key < b.key ? -1 : 1));
        return sorted.filter(({ key }) => after === undefined || key > after).slice(0, limit);
      },
    }),
  },
  {
    fault: "begins a page with the key that it should begin behind",
    caughtBy: { theme: "list and scan", case: "limit and after cut the list where they say" },
    plant: (sound) => ({
      async list(range, options) {
        const { after, prefix, limit } = range;
        const first = after?.startsWith(prefix) ? await sound.stat(after, options) : undefined;
        const rest = await sound.list(range, options);
        return (first === undefined ? rest : [first, ...rest]).slice(0, limit);
      },
    }),
  },
  {
    fault: "hands out the objects that it keeps",
    caughtBy: { theme: "adapter: stat, get, list and query", case: "what is returned is the caller's to change" },
    plant(sound) {
      const kept = new Map<string, RecordHeader>();
      return {
        async stat(key, options) {
          const header = await sound.stat(key, options);
          if (header === undefined) return undefined;
          const known = kept.get(header.version) ?? header;
          kept.set(header.version, known);
          return known;
        },
        async get(key, options) {
          const record = await sound.get(key, options);
          return record && { ...record, header: kept.get(record.header.version) ?? record.header };
        },
      };
    },
  },
];

/** Everything behind `after`, whatever the prefix. */
async function all(sound: StorageAdapter, { after }: ListRange, options: ReadOptions): Promise<RecordHeader[]> {
  return sound.list({ prefix: "", after, limit: Number.MAX_SAFE_INTEGER }, options);
}
