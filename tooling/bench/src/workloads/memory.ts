import { holdfastFacts, openHoldfastMemory } from "../contenders/holdfast.ts";
import { openKeyvMemory } from "../contenders/keyv.ts";
import type { Store } from "../contenders/store.ts";
import { openUnstorageMemory } from "../contenders/unstorage.ts";
import { type Document, documentsFrom } from "../data/documents.ts";
import type { Contender } from "../harness/contender.ts";
import type { Workload } from "../harness/workload.ts";

const OPERATIONS = 500;

export const memorySaveAndLoad: Workload<readonly Document[]> = {
  id: "memory",
  title: "Memory: save and load",
  description: "Saves a new document of 1 KB without tags or metadata, then loads it, one after the other.",
  unit: "save and load",
  operations: OPERATIONS,
  rounds: 40,
  warmups: 8,
  populations: [],
  input: (round) => documentsFrom(round * OPERATIONS, OPERATIONS),
  results: (documents) => documents.length,
  async open() {
    const storage = await openHoldfastMemory();
    const map = new Map<string, string>();
    return [
      {
        ...holdfastFacts,
        name: "Holdfast, memory()",
        durability: "memory",
        note: "bytes with a SHA-256, checked when loaded; versions, feed of changes, keys in order",
        prepare: (documents) => async () => {
          let loaded = 0;
          for (const { key, data } of documents) {
            await storage.save(key, data);
            if ((await storage.load(key)) !== undefined) loaded++;
          }
          return loaded;
        },
        close: () => storage.close(),
      },
      {
        id: "map",
        name: "Map and JSON",
        role: "limit",
        durability: "memory",
        note: "`map.set(key, JSON.stringify(value))`, then `JSON.parse(map.get(key))`, synchronous",
        prepare: (documents) => () => {
          let loaded = 0;
          for (const { key, data } of documents) {
            map.set(key, JSON.stringify(data));
            if (JSON.parse(map.get(key) ?? "null") !== null) loaded++;
          }
          return loaded;
        },
        close: () => map.clear(),
      },
      byPeer(await openUnstorageMemory()),
      byPeer(openKeyvMemory()),
    ];
  },
};

function byPeer(store: Store): Contender<readonly Document[]> {
  return {
    id: store.id,
    name: store.name,
    role: "beside",
    durability: store.durability,
    note: store.note,
    prepare: (documents) => async () => {
      let loaded = 0;
      for (const document of documents) {
        await store.save(document);
        if ((await store.load(document.key)) !== undefined) loaded++;
      }
      return loaded;
    },
    close: () => store.close(),
  };
}
