import { open } from "lmdb";
import type { Note } from "../data/documents.ts";
import type { Store } from "./store.ts";

export async function openLmdb(directory: string, durability: "media" | "process"): Promise<Store> {
  const flush = durability === "media";
  const database = open<Note, string>({ path: directory, encoding: "json", ...(flush ? {} : { noSync: true }) });
  return {
    id: "lmdb",
    name: "lmdb",
    durability,
    note: flush
      ? "`put`, then `flushed`: resolves after fdatasync; puts of one turn share a transaction"
      : "`put` with `noSync`: resolves when the transaction is written to the file, without waiting for the disk",
    async save({ key, data }) {
      await database.put(key, data);
      if (flush) await database.flushed;
    },
    load: async (key) => database.get(key),
    list: async (prefix, limit) => [...database.getRange({ start: prefix, end: `${prefix}\u{10ffff}`, limit })],
    async fill(documents) {
      await database.transaction(() => {
        for (const { key, data } of documents) database.putSync(key, data);
      });
    },
    close: () => database.close(),
  };
}
