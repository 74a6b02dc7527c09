import { join } from "node:path";
import { type BenchPage, openPage } from "../browser/open-page.ts";
import type { Work } from "../browser/work.ts";
import type { Contender } from "../harness/contender.ts";
import type { Workload } from "../harness/workload.ts";

interface Shape {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly together: number;
  readonly bare: boolean;
  readonly operations: number;
}

export const indexedDbSave: Workload<Work> = saves({
  id: "indexeddb-save",
  title: "IndexedDB: save, one by one",
  description: "Saves new documents of 1 KB without tags or metadata, each awaited before the next.",
  together: 1,
  bare: true,
  operations: 100,
});

export const indexedDbSaveTerms: Workload<Work> = saves({
  id: "indexeddb-save-terms",
  title: "IndexedDB: save with tags and search terms, one by one",
  description: "Saves new documents of 1 KB with two tags and about 14 search terms, each awaited before the next.",
  together: 1,
  bare: false,
  operations: 100,
});

export const indexedDbSaveTogether: Workload<Work> = saves({
  id: "indexeddb-save-64",
  title: "IndexedDB: save, 64 at once",
  description: "Saves new documents of 1 KB with tags and metadata: 64 calls, then awaits them all.",
  together: 64,
  bare: false,
  operations: 320,
});

function saves({ together, bare, operations, ...facts }: Shape): Workload<Work> {
  return {
    ...facts,
    unit: "save",
    operations,
    rounds: 20,
    warmups: 4,
    populations: [],
    input: (round) => ({ type: "save", start: round * operations, count: operations, together, bare }),
    results: () => operations,
    async open({ directory }) {
      const page = await openPage(join(directory, "browser"));
      for (const id of ["holdfast", "raw", "raw-indexed", "idb-keyval", "localforage", "dexie"] as const) {
        await page.open(id);
      }
      return contenders(page, together > 1);
    },
  };
}

function contenders(page: BenchPage, grouped: boolean): Contender<Work>[] {
  return [
    page.contender("holdfast", {
      name: "Holdfast, indexeddb()",
      role: "ours",
      durability: "process",
      note: "record, search terms, feed and checksum in one transaction; saves that arrive together share one",
    }),
    page.contender("raw", {
      name: "one put, same record",
      role: grouped ? "beside" : "limit",
      durability: "process",
      note: "IndexedDB by hand: a transaction for each record, resolved on `complete`; header and body as Holdfast writes them, checksum and version given; no index, no feed",
    }),
    page.contender("raw-indexed", {
      name: "one put, same record and index",
      role: "beside",
      durability: "process",
      note: "the same with the multi-entry index of tags and terms, which are computed",
    }),
    page.contender("idb-keyval", {
      name: "idb-keyval",
      role: "beside",
      durability: "process",
      note: "`set`: a transaction for each value",
    }),
    page.contender("localforage", {
      name: "localForage",
      role: grouped ? "limit" : "beside",
      durability: "process",
      note: "`setItem` on its IndexedDB driver: a transaction for each value",
    }),
    page.contender("dexie", {
      name: "Dexie",
      role: "beside",
      durability: "process",
      note: "`put` into a table without indexes: a transaction for each value",
    }),
  ];
}
