import { type AdapterContext, StorageError } from "@holdfast/core";
import { LAYOUT, STORES, type StoreName, TOKENIZERS } from "./layout.js";
import type { CompleteOptions } from "./options.js";
import { abort, answered, is, PATIENCE } from "./requests.js";
import { upgrade } from "./upgrade.js";

// Most databases open.
const loadRefusal = () => import("./refusal.js");

/** The connection to one database, opened again when the browser lost it. */
export class Connection {
  readonly #options: CompleteOptions;
  readonly #context: AdapterContext;
  #database: IDBDatabase | undefined;
  #opening: Promise<IDBDatabase> | undefined;
  /** Why nothing more is to be had from this database. */
  #failure: StorageError | undefined;
  #epoch: string | undefined;
  #granted = "default";

  /** Creates what is missing and upgrades what is old. */
  static async open(options: CompleteOptions, context: AdapterContext): Promise<Connection> {
    const isInsecure = globalThis.isSecureContext === false;
    if (isInsecure || typeof indexedDB === "undefined") throw (await loadRefusal()).unsupported(isInsecure);
    const connection = new Connection(options, context);
    await connection.#open();
    return connection;
  }

  private constructor(options: CompleteOptions, context: AdapterContext) {
    this.#options = options;
    this.#context = context;
  }

  /** The random name of this database: another one that is made in its place later has another. */
  get epoch(): string {
    return this.#epoch ?? "";
  }

  /** The durability that the last read-write transaction really got. */
  get durability(): string {
    return this.#granted;
  }

  /** Begins a transaction, on a new connection if need be. Rejects when the database is gone for good. */
  async begin(stores: readonly StoreName[], mode: IDBTransactionMode): Promise<IDBTransaction> {
    const database = this.#database ?? (await this.#open());
    try {
      return this.#transaction(database, stores, mode);
    } catch (error) {
      if (!is(error, "InvalidStateError")) throw error;
      // The browser has closed the connection and has not told yet.
      if (this.#database === database) this.#database = undefined;
      return this.#transaction(await this.#open(), stores, mode);
    }
  }

  close(): void {
    this.#giveUp(new StorageError("CLOSED", "this adapter is not open", { adapter: "indexeddb" }));
  }

  #transaction(database: IDBDatabase, stores: readonly StoreName[], mode: IDBTransactionMode): IDBTransaction {
    const { durability } = this.#options;
    const transaction = database.transaction(stores as StoreName[], mode, { durability });
    if (mode === "readwrite") this.#granted = transaction.durability ?? "default";
    return transaction;
  }

  #open(): Promise<IDBDatabase> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<IDBDatabase> {
    const database = await this.#request().catch(async (error: unknown) => {
      if (!(error instanceof DOMException)) throw error;
      const { explain } = await loadRefusal().catch(() => Promise.reject(error));
      throw await explain(error, this.#options);
    });
    try {
      if (!STORES.every((store) => database.objectStoreNames.contains(store))) {
        throw (await loadRefusal()).foreign(database.name);
      }
      const epoch: string = await answered(database.transaction("store").objectStore("store").get("epoch"));
      if (this.#epoch !== undefined && epoch !== this.#epoch) this.#giveUp(deleted());
      if (this.#failure !== undefined) throw this.#failure;
      this.#epoch = epoch;
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }

  /** Rejects when the browser does not answer in time: another tab holds the database, or waits for one that does. */
  #request(): Promise<IDBDatabase> {
    const { name, lockTimeout } = this.#options;
    const { tokenizerVersion } = this.#context;
    return new Promise((resolve, reject) => {
      let refusal: unknown;
      let failure: unknown;
      const refuse = (error: unknown) => {
        refusal ??= error;
        reject(refusal);
      };
      const opening = indexedDB.open(name, LAYOUT * TOKENIZERS + tokenizerVersion);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const waitFor = (time: number) => {
        clearTimeout(timer);
        // Not a timer of the ports: the browser answers in real time, of which a simulated clock knows nothing.
        timer = setTimeout(() => {
          // Where the page stood still, the answer may have come in time: what waits beside this timer is heard first.
          timer = setTimeout(() => refuse(new DOMException("", "TimeoutError")));
        }, time);
      };
      // Behind a request of somebody else, which waits by itself, the browser does not tell that this one does.
      waitFor(Math.max(lockTimeout, PATIENCE));
      opening.onblocked = () => waitFor(lockTimeout);
      opening.onupgradeneeded = ({ oldVersion }) => {
        clearTimeout(timer);
        // Never null while it is under way.
        const transaction = opening.transaction as IDBTransaction;
        // The opening and the requests of the upgrade would say no more than that it was aborted, for want of room for example.
        transaction.onabort = () => {
          failure = transaction.error ?? failure;
        };
        // Only what was never open is made; what was is gone.
        if (oldVersion === 0 && this.#epoch !== undefined) refuse(this.#giveUp(deleted()));
        if (refusal !== undefined) transaction.abort();
        else {
          upgrade(transaction, oldVersion, this.#context).catch((error: unknown) => {
            failure = error;
            abort(transaction);
          });
        }
      };
      opening.onsuccess = () => {
        clearTimeout(timer);
        const database = opening.result;
        if (refusal !== undefined) {
          database.close();
          return;
        }
        database.onversionchange = ({ newVersion }) => {
          this.#giveUp(newVersion === null ? deleted() : superseded());
        };
        database.onclose = () => {
          this.#database = undefined;
        };
        resolve(database);
      };
      opening.onerror = () => refuse(failure ?? opening.error);
    });
  }

  /** From now on every call rejects with the failure. What has begun is completed by the browser. */
  #giveUp(failure: StorageError): StorageError {
    this.#failure ??= failure;
    this.#database?.close();
    this.#database = undefined;
    return this.#failure;
  }
}

function superseded(): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "another tab runs a newer version of this app and has brought the database up to date: reload this page",
    { retryable: false },
  );
}

function deleted(): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "the database was deleted while it was open, with everything in it: close this storage and open it again to begin anew",
    { retryable: false },
  );
}
