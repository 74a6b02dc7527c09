import { SeededRandom } from "@holdfast/conformance";
import type { StorageEngine, StorageItem } from "@holdfast/core";
import { openClassicLevel } from "../contenders/classic-level.ts";
import { openFts5 } from "../contenders/fts5.ts";
import { type HandWrittenReads, type ItemRow, openHandWrittenReads, toItem } from "../contenders/hand-written-reads.ts";
import { holdfastFacts, openHoldfast } from "../contenders/holdfast.ts";
import { openLmdb } from "../contenders/lmdb.ts";
import { DOCUMENTS_PER_TOPIC, POPULATION, projectOf, topicOf } from "../data/documents.ts";
import { commonWord } from "../data/words.ts";
import type { Contender } from "../harness/contender.ts";
import type { PopulationId, Site, Workload, WorkloadFacts } from "../harness/workload.ts";

export const sqliteList: Workload<readonly string[]> = queries({
  id: "sqlite-list",
  title: "SQLite: list 100 of 100,000",
  description: "Lists the first 100 items below one of 500 prefixes, by key, with their tags and metadata.",
  unit: "list",
  operations: 100,
  results: 100,
  populations: ["holdfast", "classic-level", "lmdb"],
  query: (random) => projectOf(random.below(500)),
  ask: (storage, prefix, limit) => storage.list(prefix, { limit }),
  askByHand: (reads, prefix, limit) => reads.list(prefix, limit),
  others: async (site, byHand) => [
    ...byHand("limit"),
    ...[
      await openClassicLevel(site.population("classic-level"), "media"),
      await openLmdb(site.population("lmdb"), "media"),
    ].map(
      ({ id, name, list, close }): Contender<readonly string[]> => ({
        id,
        name,
        role: "beside",
        note: "an iterator over the range: keys with their values, since it keeps no headers",
        prepare: (prefixes) => () => countEach(prefixes, async (prefix) => (await list?.(prefix, 100)) ?? []),
        close,
      }),
    ),
  ],
});

export const sqliteTags: Workload<readonly string[]> = queries({
  id: "sqlite-tags",
  title: "SQLite: the 50 of 100,000 with a tag",
  description: "Searches for one of 2,000 tags, each on 50 items, all of which are returned, by key.",
  unit: "search",
  operations: 100,
  results: DOCUMENTS_PER_TOPIC,
  populations: ["holdfast"],
  query: (random) => topicOf(random.below(2_000)),
  ask: (storage, tag, limit) => storage.search({ tags: [tag], limit }),
  askByHand: (reads, tag, limit) => reads.withTag(tag, limit),
  others: async (_site, byHand) => byHand("limit"),
});

export const sqliteSearch: Workload<readonly (readonly string[])[]> = queries({
  id: "sqlite-search",
  title: "SQLite: text search in 100,000",
  description:
    "The first 20 items in which each of one or two words starts some word. A query has from 200 to 15,000 hits, most of them some hundreds.",
  unit: "search",
  operations: 40,
  results: 20,
  populations: ["holdfast", "fts5"],
  query(random) {
    if (random.fraction() < 0.5) return [commonWord(50 + random.below(200))];
    // As common as lets two of them meet in more than 20 items.
    const words = [random.fraction(), random.fraction()].map((part) => commonWord(2 + Math.floor(part * 8)));
    return [...new Set(words)];
  },
  ask: (storage, words, limit) => storage.search({ text: words.join(" "), limit }),
  askByHand: (reads, words, limit) => reads.search(words, limit),
  async others(site, byHand) {
    const index = openFts5(site.population("fts5"));
    return [
      {
        id: "fts5",
        name: "FTS5 as it comes",
        role: "limit",
        note: "a table by hand with FTS5's own tokenizer and `ORDER BY rank` (bm25); keys only, synchronous",
        prepare: (all) => () => countEachSync(all, (words) => index.search(words, 20)),
        close: () => index.close(),
      },
      ...byHand("beside"),
    ];
  },
});

interface QueryShape<Query> extends WorkloadFacts {
  readonly operations: number;
  /** Of one query; also what it is limited to. */
  readonly results: number;
  readonly populations: readonly PopulationId[];
  query(random: SeededRandom): Query;
  ask(storage: StorageEngine, query: Query, limit: number): Promise<StorageItem[]>;
  askByHand(reads: HandWrittenReads, query: Query, limit: number): ItemRow[];
  /** All that are not Holdfast; `byHand` makes the contenders that use the statement of `askByHand`. */
  others(
    site: Site,
    byHand: (role: "limit" | "beside") => Contender<readonly Query[]>[],
  ): Promise<Contender<readonly Query[]>[]>;
}

function queries<Query>(shape: QueryShape<Query>): Workload<readonly Query[]> {
  const { id, title, description, unit, operations, results, populations } = shape;
  return {
    id,
    title,
    description,
    unit,
    operations,
    rounds: 40,
    warmups: 8,
    populations,
    input: (round) => someQueries(shape, round),
    results: (all) => all.length * results,
    async open(site) {
      const storage = await openHoldfast(site.population("holdfast"));
      const reads = openHandWrittenReads(site.population("holdfast"));
      await requireSameHits(shape, storage, reads);
      return [
        {
          ...holdfastFacts,
          note: "returns items: dates, tags and metadata as values",
          prepare: (all) => () => countEach(all, (query) => shape.ask(storage, query, results)),
          close: () => storage.close(),
        },
        ...(await shape.others(site, (role) => byHand(shape, reads, role))),
      ];
    },
  };
}

function byHand<Query>(
  { askByHand, results }: QueryShape<Query>,
  reads: HandWrittenReads,
  role: "limit" | "beside",
): Contender<readonly Query[]>[] {
  return [
    {
      id: "hand-written",
      name: "prepared statement, same answer",
      role,
      note: "by hand on Holdfast's file, synchronous; text hits come newest first. Each row is made into an item with parsed tags and metadata",
      prepare: (all) => () => countEachSync(all, (query) => askByHand(reads, query, results).map(toItem)),
      close: () => reads.close(),
    },
    {
      id: "rows-only",
      name: "prepared statement, rows only",
      role: "beside",
      note: "the same, with the rows as SQLite gives them: tags and metadata are one piece of JSON text",
      prepare: (all) => () => countEachSync(all, (query) => askByHand(reads, query, results)),
      // The connection is the one above.
      close: () => undefined,
    },
  ];
}

function someQueries<Query>({ operations, query }: QueryShape<Query>, round: number): Query[] {
  const random = new SeededRandom(8_000 + round);
  return Array.from({ length: operations }, () => query(random));
}

/** Two that answer different questions must not be compared. */
async function requireSameHits<Query>(
  shape: QueryShape<Query>,
  storage: StorageEngine,
  reads: HandWrittenReads,
): Promise<void> {
  for (const query of someQueries(shape, 0).slice(0, 10)) {
    const ours = (await shape.ask(storage, query, POPULATION)).map(({ key }) => key).sort();
    const theirs = shape
      .askByHand(reads, query, POPULATION)
      .map(({ key }) => key)
      .sort();
    if (ours.join("\n") !== theirs.join("\n")) throw new Error(`${shape.id}: other hits for ${JSON.stringify(query)}`);
  }
}

async function countEach<Query>(
  all: readonly Query[],
  ask: (query: Query) => Promise<readonly unknown[]>,
): Promise<number> {
  let results = 0;
  for (const query of all) results += (await ask(query)).length;
  return results;
}

function countEachSync<Query>(all: readonly Query[], ask: (query: Query) => readonly unknown[]): number {
  let results = 0;
  for (const query of all) results += ask(query).length;
  return results;
}
