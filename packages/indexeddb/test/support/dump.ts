import { openDB } from "idb";

/** A database as JSON: its version, its stores with their indexes, and everything in them. */
interface Dump {
  readonly version: number;
  readonly stores: Readonly<Record<string, DumpedStore>>;
}

interface DumpedStore {
  readonly indexes: Readonly<Record<string, { readonly path: string; readonly multiEntry: boolean }>>;
  readonly entries: readonly (readonly [key: IDBValidKey, value: unknown])[];
}

/** Reads a whole database. This is how the stored older layouts beside the tests were made, and how the next one is. @public */
export async function dump(name: string): Promise<string> {
  const database = await openDB(name);
  const stores: Record<string, DumpedStore> = {};
  for (const store of database.objectStoreNames) {
    const { objectStore } = { objectStore: database.transaction(store).store };
    const keys = await objectStore.getAllKeys();
    const values: unknown[] = await objectStore.getAll();
    stores[store] = {
      indexes: Object.fromEntries(
        Array.from(objectStore.indexNames, (index) => {
          const { keyPath, multiEntry } = objectStore.index(index);
          return [index, { path: String(keyPath), multiEntry }];
        }),
      ),
      entries: keys.map((key, at) => [key, values[at]]),
    };
  }
  const { version } = database;
  database.close();
  return JSON.stringify({ version, stores } satisfies Dump, withBytes, 1);
}

/** Makes a database of what `dump` wrote. */
export async function restore(name: string, text: string): Promise<void> {
  const { version, stores } = JSON.parse(text, withoutBytes) as Dump;
  const database = await openDB(name, version, {
    upgrade(made) {
      for (const [store, { indexes }] of Object.entries(stores)) {
        const objectStore = made.createObjectStore(store);
        for (const [index, { path, multiEntry }] of Object.entries(indexes)) {
          objectStore.createIndex(index, path, { multiEntry });
        }
      }
    },
  });
  for (const [store, { entries }] of Object.entries(stores)) {
    const transaction = database.transaction(store, "readwrite");
    for (const [key, value] of entries) void transaction.store.put(value, key);
    await transaction.done;
  }
  database.close();
}

function withBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array
    ? { base64: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join("")) }
    : value;
}

function withoutBytes(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("base64" in value)) return value;
  return Uint8Array.from(atob(String(value.base64)), (character) => character.charCodeAt(0));
}
