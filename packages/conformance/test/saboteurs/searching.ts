import type { Replacements } from "@holdfast/conformance";
import {
  countQuery,
  type Hit,
  matchesWhere,
  type ParsedQuery,
  type RecordHeader,
  type StorageAdapter,
  scanQuery,
  selectHits,
  TOKENIZER_VERSION,
  termsOf,
} from "@holdfast/core";
import { everyHeader } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "search";
const everything: Pick<ParsedQuery, "limit" | "offset"> = { limit: Number.MAX_SAFE_INTEGER, offset: 0 };

/** Faults in a native index and its queries. */
export const searchingSaboteurs: readonly Saboteur[] = [
  {
    name: "any tag instead of all",
    on: "indexed",
    story: "A search for urgent and mine shows what is urgent for everybody.",
    caughtBy: { theme, case: "finds what has all of the tags" },
    plant: (sound) =>
      finding(
        sound,
        (query) => ({ ...query, tags: [] }),
        ({ tags }, query) => query.tags.length === 0 || query.tags.some((tag) => tags.includes(tag)),
      ),
  },
  {
    name: "text found anywhere in a word",
    on: "indexed",
    story: "LIKE '%art%': a search for art finds parties and departments, and on another backend it does not.",
    caughtBy: { theme, case: "finds words of keys, tags and metadata by how they start" },
    plant: (sound) =>
      finding(
        sound,
        (query) => ({ ...query, terms: undefined }),
        (header, { terms }) => {
          const text = termsOf(header).join(" ");
          return terms === undefined || terms.every((term) => text.includes(term));
        },
      ),
  },
  {
    name: "exact words not ranked first",
    on: "indexed",
    story: "Who types the very title gets it on the second page.",
    caughtBy: { theme, case: "ranks by terms met exactly, then by the newest, then by key" },
    plant: (sound) => ({
      async query(query, options) {
        const headers = (await sound.query?.({ ...query, ...everything }, options)) ?? [];
        return selectHits(
          headers.map((header): Hit => ({ header, exact: 0 })),
          query,
        );
      },
    }),
  },
  {
    name: "values compared across types",
    on: "indexed",
    story: "A text column holds both: the string 5 and the number 5 match each other here, and nowhere else.",
    caughtBy: { theme, case: "compares metadata by its paths, and never across types" },
    plant: (sound) =>
      finding(
        sound,
        (query) => ({ ...query, where: [] }),
        ({ metadata }, { where }) =>
          matchesWhere({ metadata }, where) || matchesWhere({ metadata: asTexts(metadata) }, where),
      ),
  },
  {
    name: "indexed data that queries do not see",
    on: "indexed",
    story: "The index was built before there were collections: who asks for a field of the data finds nothing.",
    caughtBy: { theme: "collections", case: "finds indexed data by where, sort and text, beside metadata" },
    plant: (sound) =>
      finding(
        sound,
        (query) => ({ ...query, where: [] }),
        ({ metadata }, { where }) => matchesWhere({ metadata }, where),
      ),
  },
  {
    name: "data and metadata in one column",
    on: "indexed",
    story: "Both are JSON, so both went into one: a search for notes by Ann finds what Ann uploaded.",
    caughtBy: { theme: "collections", case: "finds indexed data by where, sort and text, beside metadata" },
    plant: (sound) =>
      finding(
        sound,
        (query) => ({ ...query, where: [] }),
        ({ metadata, fields }, { where }) => {
          const column = { ...metadata, ...fields };
          return matchesWhere({ metadata: column, fields: column }, where);
        },
      ),
  },
  {
    name: "missing values sorted first",
    on: "indexed",
    story: "The list by due date begins with what has none.",
    caughtBy: { theme, case: "sorts by every field, backwards too, with ties by key and missing values last" },
    plant: (sound) => ({
      async query(query, options) {
        const headers = (await sound.query?.(query, options)) ?? [];
        if (query.order.by !== "expiration") return headers;
        return headers.sort((a, b) => Number(a.expiration !== null) - Number(b.expiration !== null));
      },
    }),
  },
  {
    name: "count of a page",
    on: "indexed",
    story: "Found: 20, says the header of every search, for that is how many fit on the page.",
    caughtBy: { theme, case: "count is how many match, whatever the page" },
    plant: (sound) => ({
      count: async (query, options) => (await sound.query?.(query, options))?.length ?? 0,
    }),
  },
  {
    name: "old tags left in the index",
    on: "indexed",
    story: "A document is no longer public, and the search for public still finds it.",
    caughtBy: { theme, case: "sees every write at once: overwritten, updated, deleted and created anew" },
    plant: (sound, { index }) => ({
      async put(record, condition, options) {
        const { key } = record.header;
        const old = [...index.tags].flatMap(([tag, keys]) => (keys.has(key) ? tag : []));
        const outcome = await sound.put(record, condition, options);
        for (const tag of old) index.tags.get(tag)?.add(key);
        return outcome;
      },
    }),
  },
  {
    name: "index not rolled back",
    on: "indexed",
    story: "A save is refused, but its words are in the index: the search finds what was never written.",
    caughtBy: { theme: "atomicity", case: "a refused write leaves nothing to be read, listed or found" },
    plant: (sound, { index }) => ({
      put(record, condition, options) {
        index.add(record.header, record.terms);
        return sound.put(record, condition, options);
      },
    }),
  },
  {
    name: "index behind the store",
    on: "indexed",
    story: "The index is brought up to date by a timer: what was just saved cannot be found.",
    caughtBy: { theme, case: "sees every write at once: overwritten, updated, deleted and created anew" },
    plant: (sound, { index }) => ({
      async put(record, condition, options) {
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome !== "written") return outcome;
        index.remove(record.header.key);
        setTimeout(() => index.add(record.header, record.terms), 20);
        return outcome;
      },
    }),
  },
  {
    name: "index of an older tokenizer",
    on: "indexed",
    story: "An update cuts words better: what is saved from then on is found, and what was there before is not.",
    caughtBy: {
      theme: "adapter: stat, get, list and query",
      case: "an index of an older tokenizer is made anew when the store is opened, for every item and for good",
    },
    plant: (sound) => ({
      open: (context) => sound.open({ ...context, tokenizerVersion: TOKENIZER_VERSION, termsOf }),
    }),
  },
];

/** Answers by the reference scan of a looser query and a test of its own. */
function finding(
  sound: StorageAdapter,
  loosen: (query: ParsedQuery) => ParsedQuery,
  test: (header: RecordHeader, query: ParsedQuery) => boolean,
): Replacements {
  return {
    async query(query, options) {
      const headers = (await everyHeader(sound, options)).filter((header) => test(header, query));
      return scanQuery(headers, loosen(query));
    },
    async count(query, options) {
      const headers = (await everyHeader(sound, options)).filter((header) => test(header, query));
      return countQuery(headers, loosen(query));
    },
  };
}

function asTexts(metadata: RecordHeader["metadata"]): RecordHeader["metadata"] {
  const text = JSON.stringify(metadata, (_, value: unknown) => (typeof value === "number" ? String(value) : value));
  return JSON.parse(text) as RecordHeader["metadata"];
}
