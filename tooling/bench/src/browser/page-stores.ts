import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { Dexie } from "dexie";
import { createStore, keys, set, setMany } from "idb-keyval";
import localforage from "localforage";
import { answered, openRaw, type RawRecord, rawRecord, type Saved } from "./raw.ts";
import type { PageStoreId } from "./work.ts";

/** A store in this page, as far as the workloads use it. What it lists are names where it has nothing better. */
export interface PageStore {
  save(document: Saved): Promise<unknown>;
  fill(documents: readonly Saved[]): Promise<unknown>;
  list?(prefix: string, limit: number): Promise<readonly unknown[]>;
  tagged?(tag: string, limit: number): Promise<readonly unknown[]>;
  search?(text: string, limit: number): Promise<readonly unknown[]>;
}

const DATABASE = "holdfast";

export function openPageStore(id: PageStoreId): Promise<PageStore> {
  switch (id) {
    case "holdfast":
      return openHoldfast();
    case "raw":
      return openRawStore(id, false);
    case "raw-indexed":
      return openRawStore(id, true);
    case "idb-keyval":
      return openIdbKeyval();
    case "localforage":
      return openLocalForage();
    case "dexie":
      return openDexie();
    case "by-hand":
      return readByHand();
  }
}

async function openHoldfast(): Promise<PageStore> {
  const storage = await openStorage(indexeddb({ name: DATABASE }));
  const save = ({ key, data, tags, metadata }: Saved) => storage.save(key, data, { tags, metadata });
  return {
    save,
    fill: (documents) => Promise.all(documents.map(save)),
    list: (prefix, limit) => storage.list(prefix, { limit }),
    tagged: (tag, limit) => storage.search({ tags: [tag], limit }),
    search: (text, limit) => storage.search({ text, limit }),
  };
}

/** One put in a transaction of its own, of the record that Holdfast would write. */
async function openRawStore(name: string, indexed: boolean): Promise<PageStore> {
  const database = await openRaw(name, indexed);
  const put = (records: readonly RawRecord[]) =>
    new Promise<void>((resolve, reject) => {
      const transaction = database.transaction("records", "readwrite", { durability: "relaxed" });
      const store = transaction.objectStore("records");
      for (const { key, row } of records) store.put(row, key);
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.commit();
    });
  return {
    save: (document) => put([rawRecord(document, indexed)]),
    fill: (documents) => put(documents.map((document) => rawRecord(document, indexed))),
    list: (prefix, limit) => listRows(database, prefix, limit),
  };
}

async function openIdbKeyval(): Promise<PageStore> {
  const store = createStore("idb-keyval", "items");
  return {
    save: ({ key, data }) => set(key, data, store),
    fill: (documents) =>
      setMany(
        documents.map(({ key, data }) => [key, data]),
        store,
      ),
    list: async (prefix, limit) => (await keys<string>(store)).filter((key) => key.startsWith(prefix)).slice(0, limit),
  };
}

async function openLocalForage(): Promise<PageStore> {
  const store = localforage.createInstance({ name: "localforage", driver: localforage.INDEXEDDB });
  await store.ready();
  const save = ({ key, data }: Saved) => store.setItem(key, data);
  return {
    save,
    fill: (documents) => Promise.all(documents.map(save)),
    list: async (prefix, limit) => (await store.keys()).filter((key) => key.startsWith(prefix)).slice(0, limit),
  };
}

async function openDexie(): Promise<PageStore> {
  const database = new Dexie("dexie");
  database.version(1).stores({ items: "" });
  await database.open();
  const items = database.table("items");
  return {
    save: ({ key, data }) => items.put(data, key),
    fill: (documents) =>
      items.bulkPut(
        documents.map(({ data }) => data),
        documents.map(({ key }) => key),
      ),
    list: (prefix, limit) => items.where(":id").startsWith(prefix).limit(limit).primaryKeys(),
  };
}

/** Holdfast's own database, by a connection beside it. */
async function readByHand(): Promise<PageStore> {
  const database = await answered(indexedDB.open(DATABASE));
  return {
    save: () => Promise.reject(new Error("only Holdfast writes here")),
    fill: () => Promise.reject(new Error("only Holdfast writes here")),
    list: (prefix, limit) => listRows(database, prefix, limit),
    async tagged(tag, limit) {
      const index = database.transaction("records").objectStore("records").index("found");
      return headersOf(await answered(index.getAll(`#${tag}`, limit)));
    },
  };
}

async function listRows(database: IDBDatabase, prefix: string, limit: number): Promise<readonly unknown[]> {
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  return headersOf(await answered(database.transaction("records").objectStore("records").getAll(range, limit)));
}

function headersOf(rows: readonly { readonly h: string }[]): unknown[] {
  return rows.map(({ h }) => JSON.parse(h));
}
