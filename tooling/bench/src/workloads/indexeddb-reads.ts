import { join } from "node:path";
import { SeededRandom } from "@holdfast/conformance";
import { type BenchPage, openPage } from "../browser/open-page.ts";
import type { PageStoreId, Work } from "../browser/work.ts";
import { DOCUMENTS_PER_TOPIC, projectOf, topicOf } from "../data/documents.ts";
import { commonWord } from "../data/words.ts";
import type { Contender, ContenderFacts } from "../harness/contender.ts";
import type { Workload, WorkloadFacts } from "../harness/workload.ts";

const SMALL = 10_000;
const SLICE = 1_000;
// Of 10,000 documents, 20 lie below each of the projects.
const LISTED = 100;

const ours: Omit<ContenderFacts, "id"> = {
  name: "Holdfast, indexeddb()",
  role: "ours",
  note: "returns items: dates, tags and metadata as values",
};

export const indexedDbList: Workload<Work> = {
  id: "indexeddb-list",
  title: "IndexedDB: list 100 of 10,000",
  description: "Lists the first 100 items below one of 50 prefixes, by key.",
  unit: "list",
  operations: 4,
  rounds: 20,
  warmups: 4,
  populations: [],
  input: (round) => ({
    type: "list",
    // Projects 000 to 009, 010 to 019 and so on: 200 documents each.
    prefixes: Array.from({ length: 4 }, (_, index) => projectOf(((round * 4 + index) % 50) * 10).slice(0, -2)),
    limit: LISTED,
  }),
  results: ({ type, ...work }) => (type === "list" && "prefixes" in work ? work.prefixes.length * LISTED : 0),
  async open({ directory }) {
    const page = await openPage(join(directory, "browser"));
    for (const id of ["holdfast", "raw", "idb-keyval", "localforage", "dexie"] as const) await fill(page, id, SMALL);
    return [
      page.contender("holdfast", ours),
      page.contender("localforage", {
        name: "localForage",
        role: "limit",
        note: "`keys()`, which reads every key, then those with the prefix; names only",
      }),
      page.contender("raw", {
        name: "one getAll, same record",
        role: "beside",
        note: "IndexedDB by hand: `getAll` of the range, headers parsed",
      }),
      page.contender("dexie", {
        name: "Dexie",
        role: "beside",
        note: '`where(":id").startsWith(prefix).limit(100).primaryKeys()`; names only',
      }),
      page.contender("idb-keyval", {
        name: "idb-keyval",
        role: "beside",
        note: "`keys()`, which reads every key, then those with the prefix; names only",
      }),
    ];
  },
};

export const indexedDbListLarge: Workload<Work> = large(
  {
    id: "indexeddb-list-100k",
    title: "IndexedDB: list 100 of 100,000",
    description: "Lists the first 100 items below one of 500 prefixes, by key.",
    unit: "list",
  },
  20,
  (random) => ({ type: "list", prefixes: times(20, () => projectOf(random.below(500))), limit: LISTED }),
  LISTED,
  "IndexedDB by hand on Holdfast's database: `getAll` of the range, headers parsed",
);

export const indexedDbTags: Workload<Work> = large(
  {
    id: "indexeddb-tags-100k",
    title: "IndexedDB: the 50 of 100,000 with a tag",
    description: "Searches for one of 2,000 tags, each on 50 items, all of which are returned, by key.",
    unit: "search",
  },
  20,
  (random) => ({
    type: "tags",
    tags: times(20, () => topicOf(random.below(2_000))),
    limit: DOCUMENTS_PER_TOPIC,
  }),
  DOCUMENTS_PER_TOPIC,
  "IndexedDB by hand on Holdfast's database: `getAll` from the index of tags, headers parsed",
);

export const indexedDbSearch: Workload<Work> = large(
  {
    id: "indexeddb-search-100k",
    title: "IndexedDB: text search in 100,000",
    description:
      "The first 20 items in which each of one or two words starts some word. A query has from 200 to 15,000 hits, most of them some hundreds.",
    unit: "search",
  },
  4,
  (random) => ({ type: "search", texts: times(4, () => someWords(random)), limit: 20 }),
  20,
  undefined,
);

/** On the shared store of 100,000. Only who has tags and text search can take part; `byHand` says what beside it does. */
function large(
  facts: WorkloadFacts,
  operations: number,
  question: (random: SeededRandom) => Work,
  each: number,
  byHand: string | undefined,
): Workload<Work> {
  return {
    ...facts,
    operations,
    rounds: 20,
    warmups: 3,
    populations: ["indexeddb"],
    input: (round) => question(new SeededRandom(12_000 + round)),
    results: () => operations * each,
    async open({ population }): Promise<Contender<Work>[]> {
      const page = await openPage(population("indexeddb"));
      await page.open("holdfast");
      if (byHand === undefined) return [page.contender("holdfast", ours)];
      await page.open("by-hand");
      return [
        page.contender("holdfast", ours),
        page.contender("by-hand", { name: "by hand, same headers", role: "limit", note: byHand }),
      ];
    },
  };
}

/** As the workload of SQLite asks them. */
function someWords(random: SeededRandom): string {
  if (random.fraction() < 0.5) return commonWord(50 + random.below(200));
  // As common as lets two of them meet in more than 20 items.
  return [random.fraction(), random.fraction()].map((part) => commonWord(2 + Math.floor(part * 8))).join(" ");
}

async function fill(page: BenchPage, id: PageStoreId, count: number): Promise<void> {
  await page.open(id);
  for (let number = 0; number < count; number += SLICE) await page.fill(id, number, SLICE);
}

/** Fills the profile of a browser with the population. */
export async function populateIndexedDb(folder: string, count: number): Promise<void> {
  const page = await openPage(folder);
  await fill(page, "holdfast", count);
  await page.close();
}

function times<T>(length: number, make: () => T): T[] {
  return Array.from({ length }, make);
}
