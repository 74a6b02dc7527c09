import { type ImportEntry, StorageError, type UnreadableEntry } from "@holdfast/core";
import { openExisting } from "./existing.js";
import { answered } from "./requests.js";

/** Which database of another library. */
export interface ForeignDatabase {
  /** Its name. Default: what the library itself takes. */
  name?: string | undefined;
  /** The object store inside. Default: what the library itself takes. */
  store?: string | undefined;
}

/** Read at once: a transaction does not last while somebody saves what was read. */
const PAGE = 100;

/**
 * What a database of localForage holds, in the order of its keys, for `importEntries`. The database is only read.
 *
 * @example
 * const report = await importEntries(storage, () => readLocalForage({ name: "my-app" }));
 *
 * @throws NOT_FOUND when iterated, where there is no such database or store in it
 */
export function readLocalForage({
  name = "localforage",
  store = "keyvaluepairs",
}: ForeignDatabase = {}): AsyncGenerator<ImportEntry | UnreadableEntry> {
  return entriesOf(name, store);
}

/**
 * What a database of idb-keyval holds, in the order of its keys, for `importEntries`. The database is only read.
 *
 * @example
 * const report = await importEntries(storage, readIdbKeyval, { conflict: "skip" });
 *
 * @throws NOT_FOUND when iterated, where there is no such database or store in it
 */
export function readIdbKeyval({
  name = "keyval-store",
  store = "keyval",
}: ForeignDatabase = {}): AsyncGenerator<ImportEntry | UnreadableEntry> {
  return entriesOf(name, store);
}

async function* entriesOf(name: string, store: string): AsyncGenerator<ImportEntry | UnreadableEntry> {
  const database = await openWith(name, store);
  try {
    let after: IDBValidKey | undefined;
    for (;;) {
      const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true);
      const entries = database.transaction(store, "readonly").objectStore(store);
      const [keys, values] = await Promise.all([
        answered(entries.getAllKeys(range, PAGE)),
        answered<unknown[]>(entries.getAll(range, PAGE)),
      ]);
      for (const [index, key] of keys.entries()) yield await entryOf(key, values[index]);
      if (keys.length < PAGE) return;
      after = keys.at(-1);
    }
  } finally {
    database.close();
  }
}

async function openWith(name: string, store: string): Promise<IDBDatabase> {
  const database = await openExisting(name);
  if (database?.objectStoreNames.contains(store)) return database;
  database?.close();
  const missing = `there is no database ${JSON.stringify(name)} with a store ${JSON.stringify(store)}`;
  throw new StorageError("NOT_FOUND", missing);
}

async function entryOf(key: IDBValidKey, value: unknown): Promise<ImportEntry | UnreadableEntry> {
  if (typeof key !== "string") {
    const error = { code: "INVALID_KEY" as const, message: "its key is no string" };
    return { key: String(key), error };
  }
  // Bytes in other clothes; everything else is taken as it is, or refused when it is saved.
  if (value instanceof Blob) {
    const data = new Uint8Array(await value.arrayBuffer());
    return value.type === "" ? { key, data } : { key, data, metadata: { mediaType: value.type } };
  }
  return { key, data: value instanceof ArrayBuffer ? new Uint8Array(value) : value };
}
