import { StorageError } from "@holdfast/core";
import { checkName } from "../secret-store.js";

const LAYOUT = 1;
export type TableName = "keys" | "state" | "secrets";
const TABLES: readonly TableName[] = ["keys", "state", "secrets"];

/** One database of the page's origin that holds keys. */
export class KeyDatabase {
  readonly #name: string;
  #connection: Promise<IDBDatabase> | undefined;

  constructor(name: string) {
    checkName("name", name);
    this.#name = `holdfast-keys/${name}`;
  }

  /** Does the work in one transaction, which awaits nothing but its requests; resolves once that is on the medium. */
  async run<T>(mode: IDBTransactionMode, work: (table: (name: TableName) => IDBObjectStore) => Promise<T>): Promise<T> {
    const transaction = (await this.#open()).transaction(TABLES, mode, { durability: "strict" });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(failed(transaction.error));
    });
    // Whoever waits for the work learns of its failure first.
    done.catch(() => undefined);
    let result: T;
    try {
      result = await work((name) => transaction.objectStore(name));
    } catch (error) {
      throw StorageError.is(error) ? error : failed(error);
    }
    await done;
    return result;
  }

  #open(): Promise<IDBDatabase> {
    this.#connection ??= this.#connect().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  #connect(): Promise<IDBDatabase> {
    const factory: IDBFactory | undefined = globalThis.indexedDB;
    if (factory === undefined) {
      throw new StorageError("UNSUPPORTED", "there is no IndexedDB here: use another provider of keys");
    }
    return new Promise((resolve, reject) => {
      const request = factory.open(this.#name, LAYOUT);
      request.onupgradeneeded = () => {
        for (const table of TABLES) request.result.createObjectStore(table);
      };
      request.onerror = () => reject(failed(request.error));
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => {
          this.#connection = undefined;
        };
        database.onclose = forget;
        database.onversionchange = () => {
          database.close();
          forget();
        };
        resolve(database);
      };
    });
  }
}

/** The outcome of one request. */
export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failed(request.error));
  });
}

function failed(cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError("UNAVAILABLE", `the browser's key store failed: ${reason}`, { retryable: false, cause });
}
