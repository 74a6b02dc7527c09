import { openStorage, type StorageAdapter, type StorageEngine, type StorageSettings } from "@holdfast/core";
import { type IndexedDbOptions, indexeddb } from "@holdfast/indexeddb";
import { deleteDB, type IDBPDatabase, openDB } from "idb";
import { newName } from "./backing.ts";

const open: StorageEngine[] = [];

/** Opens a new store, or another one on `name`; closed and removed by `tidyUp`. */
export function openStore(options: Partial<IndexedDbOptions> = {}, settings?: StorageSettings): Promise<StorageEngine> {
  return openOn(indexeddb({ name: newName(), ...options }), settings);
}

export async function openOn(adapter: StorageAdapter, settings?: StorageSettings): Promise<StorageEngine> {
  const storage = await openStorage(adapter, settings);
  open.push(storage);
  return storage;
}

/** A connection to a database as it stands, which lets go where the database is to be removed: a test may fail before it has closed it. */
export function lookInto(name: string): Promise<IDBPDatabase> {
  return openDB(name, undefined, { blocking: (_from, _to, { target }) => (target as IDBDatabase).close() });
}

/** The name of the database of an open store. */
export async function nameOf(storage: StorageEngine): Promise<string> {
  return (await storage.getInfo()).location ?? "";
}

/** Closes what is open, and removes every database of this file. */
export async function tidyUp(): Promise<void> {
  for (const storage of open.splice(0)) await storage.close();
  for (const { name } of await indexedDB.databases()) if (name !== undefined) await deleteDB(name);
}
