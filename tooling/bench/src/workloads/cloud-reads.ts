import { SeededRandom } from "@holdfast/conformance";
import type { StorageEngine } from "@holdfast/core";
import {
  byHandFacts,
  type CloudProject,
  cloudFacts,
  openCloudProject,
  requireDone,
  toItem,
  verified,
} from "../contenders/cloud-project.ts";
import { keyOf, projectOf, topicOf } from "../data/documents.ts";
import { commonWord } from "../data/words.ts";
import type { Workload, WorkloadFacts } from "../harness/workload.ts";

const POPULATION = 10_000;
/** Documents of the population with one topic. */
const WITH_TOPIC = 5;

type Header = readonly [header: string, created: number];
interface Page {
  readonly items: readonly Header[];
}

export const cloudLoad: Workload<readonly string[]> = reads({
  id: "cloud-load",
  title: "Cloud: load 1 KB",
  description:
    "Loads documents of 1 KB, drawn at random from 10,000, one after the other, as parsed values. One request each.",
  unit: "load",
  results: 1,
  query: (random) => keyOf(random.below(POPULATION)),
  ask: async (storage, key) => [await storage.load(key)],
  note: '`client.rpc("holdfast_get", …)`, SHA-256 by node:crypto and JSON.parse',
  async askByHand({ client, store }, key) {
    const asked = { p_store: store, p_key: key, p_now: Date.now(), p_version: null };
    return [verified(await requireDone(client.rpc("holdfast_get", asked)))];
  },
  plainNote: '`.select("data").eq("key", key).single()`; not verified',
  async askPlain({ client }, key) {
    return [(await requireDone(client.from("notes").select("data").eq("key", key).single())).data];
  },
});

export const cloudList: Workload<readonly string[]> = reads({
  id: "cloud-list",
  title: "Cloud: list 100 of 10,000",
  description:
    "Lists the first 100 items below one of 50 prefixes, by key, with their tags and metadata. One request each.",
  unit: "list",
  results: 100,
  query: (random) => projectOf(10 * random.below(50)).slice(0, -2),
  ask: (storage, prefix) => storage.list(prefix, { limit: 100 }),
  note: '`client.rpc("holdfast_list", …)`; each header is made into an item with parsed tags and metadata',
  async askByHand({ client, store }, prefix) {
    const range = { p_from: prefix, p_below: behind(prefix), p_after: null };
    const asked = { p_store: store, ...range, p_limit: 100, p_now: Date.now() };
    return ((await requireDone(client.rpc("holdfast_list", asked))) as Page).items.map(toItem);
  },
  plainNote: '`.select("key, tags, metadata").gte(…).lt(…).order("key").limit(100)`',
  async askPlain({ client }, prefix) {
    const rows = client.from("notes").select("key, tags, metadata").gte("key", prefix).lt("key", behind(prefix));
    return requireDone(rows.order("key").limit(100));
  },
});

export const cloudTags: Workload<readonly string[]> = reads({
  id: "cloud-tags",
  title: "Cloud: the 5 of 10,000 with a tag",
  description: "Searches for one of 2,000 tags, each on 5 items, all of which are returned, by key. One request each.",
  unit: "search",
  results: WITH_TOPIC,
  query: (random) => topicOf(random.below(2_000)),
  ask: (storage, tag) => storage.search({ tags: [tag], sort: "key", limit: 20 }),
  note: '`client.rpc("holdfast_query", …)`; each header is made into an item',
  askByHand: (project, tag) =>
    queryByHand(project, { tags: [tag], terms: [], ends: [], order: "key", descending: false }),
  plainNote: '`.contains("tags", [tag])`',
  async askPlain({ client }, tag) {
    const rows = client.from("notes").select("key, tags, metadata").contains("tags", [tag]);
    return requireDone(rows.order("key").limit(20));
  },
});

export const cloudSearch: Workload<readonly string[]> = reads({
  id: "cloud-search",
  title: "Cloud: text search in 10,000",
  description:
    "The first 20 items in which a word starts some word, best first. A word has some hundreds of hits. One request each.",
  unit: "search",
  results: 20,
  query: (random) => commonWord(5 + random.below(40)),
  ask: (storage, word) => storage.search({ text: word, limit: 20 }),
  note: '`client.rpc("holdfast_query", …)`; each header is made into an item',
  askByHand: (project, word) =>
    queryByHand(project, { tags: [], terms: [word], ends: [behind(word)], order: "rank", descending: true }),
});

interface ReadShape extends WorkloadFacts {
  /** Of one query. */
  readonly results: number;
  query(random: SeededRandom): string;
  ask(storage: StorageEngine, query: string): Promise<readonly unknown[]>;
  readonly note: string;
  askByHand(project: CloudProject, query: string): Promise<readonly unknown[]>;
  readonly plainNote?: string;
  askPlain?(project: CloudProject, query: string): Promise<readonly unknown[]>;
}

function reads(shape: ReadShape): Workload<readonly string[]> {
  const { id, title, description, unit, results, askPlain, plainNote = "" } = shape;
  const operations = 40;
  const someQueries = (round: number) => {
    const random = new SeededRandom(14_000 + round);
    return Array.from({ length: operations }, () => shape.query(random));
  };
  return {
    id,
    title,
    description,
    unit,
    operations,
    rounds: 40,
    warmups: 10,
    populations: [],
    input: someQueries,
    results: (queries) => queries.length * results,
    async open() {
      const project = await openCloudProject(POPULATION);
      const { storage } = project;
      await requireSameHits(shape, project, someQueries(0));
      return [
        {
          ...cloudFacts,
          note: "returns values, or items with dates, tags and metadata",
          prepare: (queries) => () => countEach(queries, (query) => shape.ask(storage, query)),
          close: () => project.stop(),
        },
        {
          ...byHandFacts,
          note: shape.note,
          prepare: (queries) => () => countEach(queries, (query) => shape.askByHand(project, query)),
          close: () => undefined,
        },
        ...(askPlain === undefined
          ? []
          : [
              {
                id: "plain-table",
                name: "a plain table",
                role: "beside" as const,
                note: `${plainNote} of a table of key, data, tags and metadata under row-level security`,
                prepare: (queries: readonly string[]) => () => countEach(queries, (query) => askPlain(project, query)),
                close: () => undefined,
              },
            ]),
      ];
    },
  };
}

async function queryByHand({ client, store }: CloudProject, asked: Record<string, unknown>): Promise<object[]> {
  const query = { from: "", below: null, texts: [], limit: 20, offset: 0, ...asked };
  const answer = await requireDone(client.rpc("holdfast_query", { p_store: store, p_query: query, p_now: Date.now() }));
  return (answer as Page).items.map(toItem);
}

/** The least string above all that start with `prefix`, of which the last character is an ASCII one. */
function behind(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

/** Two that answer different questions must not be compared. */
async function requireSameHits(shape: ReadShape, project: CloudProject, queries: readonly string[]): Promise<void> {
  for (const query of queries.slice(0, 10)) {
    const ours = (await shape.ask(project.storage, query)).map(identify);
    const theirs = (await shape.askByHand(project, query)).map(identify);
    if (ours.join("\n") !== theirs.join("\n")) throw new Error(`${shape.id}: other hits for ${query}`);
  }
}

function identify(hit: unknown): string {
  return typeof hit === "object" && hit !== null && "key" in hit ? String(hit.key) : JSON.stringify(hit);
}

async function countEach(
  queries: readonly string[],
  ask: (query: string) => Promise<readonly unknown[]>,
): Promise<number> {
  let found = 0;
  for (const query of queries) found += (await ask(query)).length;
  return found;
}
