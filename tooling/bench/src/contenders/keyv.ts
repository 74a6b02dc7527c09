import KeyvSqlite from "@keyv/sqlite";
import Keyv from "keyv";
import type { Durability } from "../harness/contender.ts";
import type { Store } from "./store.ts";

export async function openKeyvSqlite(file: string, durability: "media" | "process"): Promise<Store> {
  const driver = durability === "media" ? "node:sqlite" : "better-sqlite3";
  const store = new KeyvSqlite({ uri: `sqlite://${file}`, wal: true, driver });
  await store.ready;
  return adapt(new Keyv({ store }), {
    id: "keyv",
    name: "keyv + @keyv/sqlite",
    durability,
    note:
      durability === "media"
        ? "`wal: true` on node:sqlite, its first choice, whose build keeps `synchronous = FULL`: an fsync for each set"
        : "`wal: true` on better-sqlite3, whose build lowers `synchronous` to NORMAL with it: no fsync for a set",
  });
}

export function openKeyvMemory(): Store {
  return adapt(new Keyv(), {
    id: "keyv",
    name: "keyv",
    durability: "memory",
    note: "its default store, a Map of JSON text",
  });
}

function adapt(keyv: Keyv, facts: { id: string; name: string; durability: Durability; note: string }): Store {
  return {
    ...facts,
    async save({ key, data }) {
      // It reports failures so, and throws none.
      if (!(await keyv.set(key, data))) throw new Error(`keyv did not set ${key}`);
    },
    load: (key) => keyv.get(key),
    async fill(documents) {
      await keyv.setMany(documents.map(({ key, data }) => ({ key, value: data })));
    },
    close: () => keyv.disconnect(),
  };
}
