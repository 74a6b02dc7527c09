import type { IndexedDbOptions } from "@holdfast/indexeddb";
import type { MemoryOptions } from "@holdfast/memory";
import type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "../adapter-entry.js";
import { indexeddbEntry } from "../indexeddb-entry.js";
import { memoryEntry } from "../memory-entry.js";
import { inWordsOfTheAdapter, refusal } from "../refused-database.js";

/** What is known without `register`. Bundlers take this file for browsers: nothing here may lead to Node code. */
export interface BuiltIn {
  readonly memory: AdapterEntry<MemoryOptions>;
  readonly sqlite?: AdapterEntry<SqliteStoreOptions>;
  readonly file?: AdapterEntry<FileStoreOptions>;
  readonly indexeddb?: AdapterEntry<IndexedDbOptions>;
}

export const builtIn: BuiltIn = { memory: memoryEntry, indexeddb: indexeddbEntry };

/** Why a scheme that is known on other platforms is not on this one. */
export const elsewhere: Readonly<Record<string, string>> = {
  sqlite: "@holdfast/sqlite works on files and needs Node",
  file: "@holdfast/filesystem works on files and needs Node",
};

/** Whether, and why, the files of this machine's user can be written. */
export function filesOfUser(): Promise<Ability> {
  return Promise.resolve({ able: false, because: "there are no files to write" });
}

export interface Ability {
  readonly able: boolean;
  /** In words that follow "because". */
  readonly because: string;
}

/** Where it is noted which store an app uses. */
export interface ChoiceNote {
  /** For messages. */
  readonly place: string;
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

const NOTES = "holdfast-choices";

/** In a database of its own, since workers have no other place. Undefined where nothing can be kept. */
export function noteOf(app: string): ChoiceNote | undefined {
  if (typeof indexedDB === "undefined") return undefined;
  return {
    place: `IndexedDB ${NOTES}, ${app}`,
    read: async () => {
      const text = await request("readonly", (store) => store.get(app));
      return typeof text === "string" ? text : undefined;
    },
    write: async (text) => {
      await request("readwrite", (store) => store.put(text, app));
    },
  };
}

async function request(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  try {
    return await ask(mode, work);
  } catch (error) {
    throw await inWordsOfTheAdapter(error);
  }
}

async function ask(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const opening = indexedDB.open(NOTES, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("choices");
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(refusal(opening.error));
  });
  try {
    const transaction = database.transaction("choices", mode);
    const asked = work(transaction.objectStore("choices"));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return asked.result;
  } finally {
    database.close();
  }
}

/** Tells whoever runs the program. */
export function warn(message: string): void {
  // biome-ignore lint/suspicious/noConsole: there is no other place for it
  console.warn(message);
}

/** The command that adds a package to the app. */
export function installCommand(packageName: string): string {
  return `npm install ${packageName}`;
}
