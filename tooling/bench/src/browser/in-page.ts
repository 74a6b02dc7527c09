// Runs in the page, where all contenders of a workload are.
import { type Document, documentsFrom } from "../data/documents.ts";
import { openPageStore, type PageStore } from "./page-stores.ts";
import type { Saved } from "./raw.ts";
import type { PageStoreId, Work } from "./work.ts";

type Round = () => Promise<number>;

const stores = new Map<PageStoreId, PageStore>();
let next: Round = () => Promise.reject(new Error("nothing was prepared"));

globalThis.pageBench = {
  async open(id) {
    stores.set(id, await openPageStore(id));
  },
  async fill(id, start, count) {
    await storeOf(id).fill(documentsFrom(start, count));
  },
  prepare(id, work) {
    next = roundOf(storeOf(id), work);
  },
  async run() {
    // As in measure.ts: what the one before has left is not for this one to clear away.
    globalThis.gc?.({ type: "minor" });
    const start = performance.now();
    const results = await next();
    return { results, milliseconds: performance.now() - start };
  },
};

function storeOf(id: PageStoreId): PageStore {
  const store = stores.get(id);
  if (store === undefined) throw new Error(`${id} is not open`);
  return store;
}

function roundOf(store: PageStore, work: Work): Round {
  if (work.type === "save") return savesOf(store, work);
  const { limit } = work;
  if (work.type === "list") return each(work.prefixes, (prefix) => store.list?.(prefix, limit));
  if (work.type === "tags") return each(work.tags, (tag) => store.tagged?.(tag, limit));
  return each(work.texts, (text) => store.search?.(text, limit));
}

function savesOf(store: PageStore, { start, count, together, bare }: Extract<Work, { type: "save" }>): Round {
  const documents = documentsFrom(start, count).map((document) => (bare ? withoutTerms(document) : document));
  return async () => {
    let saved = 0;
    while (saved < documents.length) {
      saved += (await Promise.all(documents.slice(saved, saved + together).map(store.save))).length;
    }
    return saved;
  };
}

function withoutTerms({ key, data }: Document): Saved {
  return { key, data, tags: [], metadata: {} };
}

function each<Question>(
  questions: readonly Question[],
  ask: (question: Question) => Promise<readonly unknown[]> | undefined,
): Round {
  return async () => {
    let results = 0;
    for (const question of questions) results += (await ask(question))?.length ?? 0;
    return results;
  };
}
