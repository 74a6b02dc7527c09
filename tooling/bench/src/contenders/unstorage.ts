import { createDatabase } from "db0";
import betterSqlite3 from "db0/connectors/better-sqlite3";
import { createStorage } from "unstorage";
import db0Driver from "unstorage/drivers/db0";
import fsDriver from "unstorage/drivers/fs-lite";
import memoryDriver from "unstorage/drivers/memory";
import type { Document } from "../data/documents.ts";
import type { Store } from "./store.ts";

export async function openUnstorageDb0(file: string, durability: "media" | "process"): Promise<Store> {
  const database = createDatabase(betterSqlite3({ path: file }));
  // The driver warns on each start that it is experimental; this is how it remembers that it has.
  Object.assign(globalThis, { __unstorage_db0_experimental_warning__: true });
  const synchronous = durability === "media" ? "FULL" : "NORMAL";
  await database.exec("PRAGMA journal_mode = WAL");
  await database.exec(`PRAGMA synchronous = ${synchronous}`);
  const storage = createStorage({ driver: db0Driver({ database }) });
  const save = ({ key, data }: Document) => storage.setItem(key, data);
  return {
    id: "unstorage-db0",
    name: "unstorage, db0 driver",
    durability,
    note: `on better-sqlite3 with \`journal_mode = WAL\` and \`synchronous = ${synchronous}\`, which the driver leaves to its user`,
    save,
    load: (key) => storage.getItem(key),
    async fill(documents) {
      await database.exec("BEGIN");
      for (const document of documents) await save(document);
      await database.exec("COMMIT");
    },
    async close() {
      await storage.dispose();
      await database.dispose();
    },
  };
}

export async function openUnstorageFs(directory: string): Promise<Store> {
  const storage = createStorage({ driver: fsDriver({ base: directory }) });
  const save = ({ key, data }: Document) => storage.setItem(key, data);
  return {
    id: "unstorage-fs",
    name: "unstorage, fs driver",
    durability: "process",
    note: "writes each file in place by `writeFile`, without fsync; a crash may leave half of a file",
    save,
    load: (key) => storage.getItem(key),
    // Reads the whole tree and keeps what is below the prefix; its keys have colons for slashes.
    list: async (prefix, limit) => (await storage.getKeys(prefix.replaceAll("/", ":"))).sort().slice(0, limit),
    async fill(documents) {
      for (const document of documents) await save(document);
    },
    close: () => storage.dispose(),
  };
}

export async function openUnstorageMemory(): Promise<Store> {
  const storage = createStorage({ driver: memoryDriver() });
  const save = ({ key, data }: Document) => storage.setItem(key, data);
  return {
    id: "unstorage-memory",
    name: "unstorage, memory driver",
    durability: "memory",
    note: "keeps JSON text in a Map",
    save,
    load: (key) => storage.getItem(key),
    async fill(documents) {
      for (const document of documents) await save(document);
    },
    close: () => storage.dispose(),
  };
}
