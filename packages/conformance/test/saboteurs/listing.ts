import { compareKeys, type ListRange, type ReadOptions, type RecordHeader, type StorageAdapter } from "@holdfast/core";
import { everyHeader, onList } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "list and scan";
const literal = "a prefix is a literal start of the key, not a segment and not a pattern";
const ordered = "keys are ordered by their code points";
const MiB = 2 ** 20;
const cut = "limit and after cut the list where they say";

/** Faults in prefixes, order and pages. */
export const listingSaboteurs: readonly Saboteur[] = [
  {
    name: "prefix read as a pattern",
    story: "LIKE takes _ and % for wildcards: listing a_b shows, and clearing it deletes, aXb as well.",
    caughtBy: { theme, case: literal },
    plant: (sound) =>
      filtered(sound, ({ prefix }) => {
        const escaped = prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        const pattern = new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}`, "su");
        return (key) => pattern.test(key);
      }),
  },
  {
    name: "prefix taken for a directory",
    story: "A prefix that is the start of a name finds nothing, for there is no such folder.",
    caughtBy: { theme, case: literal },
    plant: (sound) =>
      filtered(sound, ({ prefix }) => {
        const below = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
        return (key) => key.startsWith(below);
      }),
  },
  {
    name: "prefix without its slash",
    story: "The slash at the end is trimmed: listing users/1/ shows the items of users/10 as well.",
    caughtBy: { theme, case: literal },
    plant: (sound) => onList(sound, (range) => ({ ...range, prefix: range.prefix.replace(/\/$/, "") })),
  },
  {
    name: "prefix that ends at U+FFFF",
    story: "The range of a prefix goes up to the last letter of two bytes: names with an emoji are not listed.",
    caughtBy: {
      theme: "adapter: stat, get, list and query",
      case: "list is ordered by code points, literal in its prefix, exclusive in after and full to its limit",
    },
    plant: (sound) =>
      filtered(
        sound,
        ({ prefix }) =>
          (key) =>
            key >= prefix && compareKeys(key, `${prefix}\uffff`) < 0,
      ),
  },
  {
    name: "prefix whose end is half a letter",
    story: "One is added to the last letter to find where the prefix ends; behind U+D7FF comes no letter.",
    caughtBy: { theme: "edges", case: "a prefix that ends at an edge of the code points starts exactly its keys" },
    plant: (sound) =>
      filtered(sound, ({ prefix }) => {
        if (prefix === "") return () => true;
        const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
        return (key) => compareKeys(key, prefix) >= 0 && compareKeys(key, end) < 0;
      }),
  },
  {
    name: "page cut at one megabyte",
    story:
      "The database answers a megabyte at a time; who takes that for a page sees the list end where there is more, and a backup is half of it.",
    caughtBy: {
      theme: "adapter: stat, get, list and query",
      case: "a page of list is shorter than its limit at the end only, however large the headers are",
    },
    plant: (sound) => ({
      async list(range, options) {
        let size = 0;
        const headers = await sound.list(range, options);
        return headers.filter((header) => {
          size += JSON.stringify(header).length;
          return size <= MiB;
        });
      },
    }),
  },
  {
    name: "UTF-16 order",
    story:
      "Sorting as the language does puts emoji in front of some letters; another backend does not, and merging both skips keys.",
    caughtBy: { theme, case: ordered },
    plant: (sound) => sorted(sound, (a, b) => (a < b ? -1 : Number(a > b))),
  },
  {
    name: "order of a locale",
    story:
      "The database collates for its country: a page that begins behind Z leaves out what a customer saved under å.",
    caughtBy: { theme, case: ordered },
    plant: (sound) => sorted(sound, new Intl.Collator("en").compare),
  },
  {
    name: "after that includes its key",
    story: "The last item of each page is the first of the next, and the export holds it twice.",
    caughtBy: { theme, case: cut },
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
    name: "limit off by one",
    story: "One item more is read to see whether there is a next page, and handed out with the others.",
    caughtBy: { theme, case: cut },
    plant: (sound) => onList(sound, (range) => ({ ...range, limit: range.limit + 1 })),
  },
  {
    name: "page that loses its place",
    story: "The next page begins where the last key stands; when that key was deleted, it begins at the start.",
    caughtBy: { theme, case: cut },
    plant: (sound) => ({
      async list({ prefix, after, limit }, options) {
        const below = (await everyHeader(sound, options)).filter(({ key }) => key.startsWith(prefix));
        const place = below.findIndex(({ key }) => key === after);
        return below.slice(place + 1, place + 1 + limit);
      },
    }),
  },
  {
    name: "pages by offset",
    story: "Pages are counted in rows: a write in front of them moves every row, and some are seen twice, some never.",
    caughtBy: { theme, case: "writes during a scan repeat nothing and hide nothing that stays" },
    plant(sound) {
      let told = { last: undefined as string | undefined, count: 0 };
      return {
        async list(range, options) {
          const { prefix, after, limit } = range;
          if (after === undefined || after !== told.last) {
            const page = await sound.list(range, options);
            told = { last: page.at(-1)?.key, count: page.length };
            return page;
          }
          const below = (await everyHeader(sound, options)).filter(({ key }) => key.startsWith(prefix));
          const page = below.slice(told.count, told.count + limit);
          told = { last: page.at(-1)?.key, count: told.count + page.length };
          return page;
        },
      };
    },
  },
  {
    name: "a row for each tag",
    story: "A join with the tag table gives an item with two tags twice.",
    caughtBy: { theme: "save and load", case: "stat, list, scan and search show the item as save returned it" },
    plant: (sound) => ({
      async list(range, options) {
        const page = await sound.list(range, options);
        return page.flatMap((header) => (header.tags.length > 1 ? header.tags.map(() => header) : header));
      },
    }),
  },
];

/** Lists every key behind `after` that the range's own test lets through. */
function filtered(sound: StorageAdapter, testOf: (range: ListRange) => (key: string) => boolean) {
  return {
    async list(range: ListRange, options: ReadOptions): Promise<RecordHeader[]> {
      const test = testOf(range);
      const behind = await sound.list({ ...range, prefix: "", limit: Number.MAX_SAFE_INTEGER }, options);
      return behind.filter(({ key }) => test(key)).slice(0, range.limit);
    },
  };
}

/** Orders by another rule, in `after` too. */
function sorted(sound: StorageAdapter, compare: (a: string, b: string) => number) {
  return {
    async list({ prefix, after, limit }: ListRange, options: ReadOptions): Promise<RecordHeader[]> {
      const below = (await everyHeader(sound, options)).filter(({ key }) => key.startsWith(prefix));
      const behind = below.filter(({ key }) => after === undefined || compare(key, after) > 0);
      return behind.sort((a, b) => compare(a.key, b.key)).slice(0, limit);
    },
  };
}
