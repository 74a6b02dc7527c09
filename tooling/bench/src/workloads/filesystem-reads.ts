import { SeededRandom } from "@holdfast/conformance";
import { openHoldfastFiles } from "../contenders/holdfast.ts";
import { openUnstorageFs } from "../contenders/unstorage.ts";
import { keyOf, POPULATION, projectOf } from "../data/documents.ts";
import type { Workload } from "../harness/workload.ts";

const LOADS = 500;

export const filesystemLoad: Workload<readonly string[]> = {
  id: "filesystem-load",
  title: "Files: load 1 KB",
  description: "Loads documents of 1 KB, drawn at random from 100,000, one after the other, as parsed values.",
  unit: "load",
  operations: LOADS,
  rounds: 30,
  warmups: 5,
  populations: ["holdfast-files", "unstorage-fs"],
  input(round) {
    const random = new SeededRandom(9_000 + round);
    return Array.from({ length: LOADS }, () => keyOf(random.below(POPULATION)));
  },
  results: (keys) => keys.length,
  async open({ population }) {
    const storage = await openHoldfastFiles(population("holdfast-files"));
    const peer = await openUnstorageFs(population("unstorage-fs"));
    return [
      {
        id: "holdfast",
        name: "Holdfast, filesystem()",
        role: "ours",
        note: "looks at the file's stat, so that an edit is seen, and checks the body against its SHA-256",
        prepare: (keys) => () => loadEach(keys, (key) => storage.load(key)),
        close: () => storage.close(),
      },
      {
        id: "unstorage-fs",
        name: peer.name,
        role: "limit",
        note: "reads the file; not verified",
        prepare: (keys) => () => loadEach(keys, peer.load),
        close: () => peer.close(),
      },
    ];
  },
};

export const filesystemList: Workload<readonly string[]> = {
  id: "filesystem-list",
  title: "Files: list 100 of 100,000",
  description: "Lists the first 100 items below one of 500 prefixes, by key.",
  unit: "list",
  operations: 2,
  rounds: 15,
  warmups: 2,
  populations: ["holdfast-files", "unstorage-fs"],
  input(round) {
    const random = new SeededRandom(11_000 + round);
    return Array.from({ length: 2 }, () => projectOf(random.below(500)));
  },
  results: (prefixes) => prefixes.length * 100,
  async open({ population }) {
    const storage = await openHoldfastFiles(population("holdfast-files"));
    const peer = await openUnstorageFs(population("unstorage-fs"));
    return [
      {
        id: "holdfast",
        name: "Holdfast, filesystem()",
        role: "ours",
        note: "returns items: dates, tags and metadata as values, from the item table",
        prepare: (prefixes) => () => countEach(prefixes, (prefix) => storage.list(prefix, { limit: 100 })),
        close: () => storage.close(),
      },
      {
        id: "unstorage-fs",
        name: peer.name,
        role: "limit",
        note: "`getKeys(prefix)` reads the tree of directories; names only, cut to the first 100",
        prepare: (prefixes) => () => countEach(prefixes, async (prefix) => (await peer.list?.(prefix, 100)) ?? []),
        close: () => peer.close(),
      },
    ];
  },
};

async function loadEach(keys: readonly string[], load: (key: string) => Promise<unknown>): Promise<number> {
  let found = 0;
  for (const key of keys) {
    const value = await load(key);
    if (typeof value === "object" && value !== null && "checklist" in value) found++;
  }
  return found;
}

async function countEach<Query>(
  queries: readonly Query[],
  ask: (query: Query) => Promise<readonly unknown[]>,
): Promise<number> {
  let found = 0;
  for (const query of queries) found += (await ask(query)).length;
  return found;
}
