import { describeValue, type RecordHeader, StorageError } from "@holdfast/core";

/** How an IndexedDB store is opened. */
export interface IndexedDbOptions {
  /** The name of the database. One origin has one set of names. */
  name: string;
  /**
   * What an acknowledged write survives: `relaxed`, a crash of the page and of the browser; `strict`, a loss of power.
   * Default: `relaxed`.
   */
  durability?: "relaxed" | "strict" | undefined;
  /** Milliseconds to wait for another tab that holds the database in another version before LOCKED; 0: not at all. Default: 10,000. */
  lockTimeout?: number | undefined;
  /**
   * Asked at each save: whether the item may be evicted, the least recently used first, when a write finds no room. It is told
   * what is stored: of an item whose metadata is encrypted no tags and no metadata. Default: no item may.
   */
  evictable?: ((item: EvictionCandidate) => boolean) | undefined;
}

/** What `evictable` is told of an item. */
export type EvictionCandidate = Pick<RecordHeader, "key" | "tags" | "metadata">;

export interface CompleteOptions {
  readonly name: string;
  readonly durability: "relaxed" | "strict";
  readonly lockTimeout: number;
  readonly evictable: ((item: EvictionCandidate) => boolean) | undefined;
}

const NAMES = ["name", "durability", "lockTimeout", "evictable"];
// What a timer can hold.
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Checks and completes; throws INVALID_OPTION, and UNSUPPORTED for `strict` where the browser does not know it. */
export function completeOptions(options: IndexedDbOptions): CompleteOptions {
  if (typeof options !== "object" || options === null)
    throw invalid(`indexeddb() takes an object with a name, not ${describeValue(options)}`);
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`indexeddb() has no option ${JSON.stringify(name)}; it has ${NAMES.join(", ")}`);
    }
  }
  const { name, durability = "relaxed", lockTimeout = 10_000, evictable } = options;
  if (typeof name !== "string" || name === "")
    throw invalid(`name is a string that names the database, not ${describeValue(name)}`);
  if (durability !== "relaxed" && durability !== "strict") {
    throw invalid(`durability is "relaxed" or "strict", not ${describeValue(durability)}`);
  }
  if (!Number.isSafeInteger(lockTimeout) || lockTimeout < 0 || lockTimeout > LONGEST_TIMEOUT) {
    throw invalid(`lockTimeout is a whole number from 0 to ${LONGEST_TIMEOUT}, not ${describeValue(lockTimeout)}`);
  }
  if (evictable !== undefined && typeof evictable !== "function")
    throw invalid(`evictable is a function, not ${describeValue(evictable)}`);
  if (durability === "strict" && typeof IDBTransaction === "function" && !("durability" in IDBTransaction.prototype)) {
    throw new StorageError("UNSUPPORTED", "this browser cannot tell when a write is on the medium: leave strict out", {
      adapter: "indexeddb",
    });
  }
  return { name, durability, lockTimeout, evictable };
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "indexeddb" });
}
