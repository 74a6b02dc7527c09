import { resolve } from "node:path";
import { describeValue, StorageError } from "@holdfast/core";
import { betterSqlite3 } from "./better-sqlite3-driver.js";
import type { Driver } from "./driver.js";

/** How an sqlite store is opened. */
export interface SqliteOptions {
  /** The database file. Missing parent directories are created. Taken literally: no `file:` address, no `:memory:`. */
  path: string;
  /** What an acknowledged write survives: `media`, a loss of power; `process`, a crash of the process. Default: `media`. */
  durability?: "media" | "process" | undefined;
  /** Milliseconds to wait for a lock that another process holds before LOCKED. Default: 10,000. */
  lockTimeout?: number | undefined;
  /** Bytes of page cache. Default: 32 MiB. */
  cacheSize?: number | undefined;
  /** Bytes of the file to map into memory. Default: 0. */
  mmapSize?: number | undefined;
  /**
   * What is overwritten with zeros when it is deleted: `data`, bodies, headers, keys and tags; `all`, words in the search
   * index too, which makes changes and deletions slower; `none`, nothing. Default: `data`.
   */
  secureDelete?: SecureDelete | undefined;
  /** Default: better-sqlite3. */
  driver?: Driver | undefined;
}

/** What is overwritten when it is deleted; see `SqliteOptions`. */
export type SecureDelete = "none" | "data" | "all";

/** `SqliteOptions`, checked and completed. */
export interface CompleteOptions {
  /** Absolute. */
  readonly path: string;
  readonly durability: "media" | "process";
  readonly lockTimeout: number;
  readonly cacheSize: number;
  readonly mmapSize: number;
  readonly secureDelete: SecureDelete;
  readonly driver: Driver;
}

const MiB = 2 ** 20;
const NAMES = ["path", "durability", "lockTimeout", "cacheSize", "mmapSize", "secureDelete", "driver"];
// What a timer can hold.
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Checks and completes; throws INVALID_OPTION. */
export function completeOptions(options: SqliteOptions): CompleteOptions {
  if (typeof options !== "object" || options === null)
    throw invalid(`sqlite() takes an object with a path, not ${describeValue(options)}`);
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`sqlite() has no option ${JSON.stringify(name)}; it has ${NAMES.join(", ")}`);
    }
  }
  const { durability = "media", secureDelete = "data", driver = betterSqlite3() } = options;
  if (durability !== "media" && durability !== "process") {
    throw invalid(`durability is "media" or "process", not ${describeValue(durability)}`);
  }
  if (secureDelete !== "none" && secureDelete !== "data" && secureDelete !== "all") {
    throw invalid(`secureDelete is "none", "data" or "all", not ${describeValue(secureDelete)}`);
  }
  if (typeof driver !== "object" || driver === null || typeof driver.open !== "function") {
    throw invalid(`driver is an object with a method open, not ${describeValue(driver)}`);
  }
  return {
    path: completePath(options.path),
    durability,
    lockTimeout: wholeNumber("lockTimeout", options.lockTimeout ?? 10_000, LONGEST_TIMEOUT),
    cacheSize: wholeNumber("cacheSize", options.cacheSize ?? 32 * MiB, 2 ** 40),
    mmapSize: wholeNumber("mmapSize", options.mmapSize ?? 0, 2 ** 46),
    secureDelete,
    driver,
  };
}

function completePath(path: unknown): string {
  if (typeof path !== "string")
    throw invalid(`path is a string that names the database file, not ${describeValue(path)}`);
  if (path === "" || path === ":memory:") {
    throw invalid(`path names a file, not ${JSON.stringify(path)}; for a store in memory use @holdfast/memory`);
  }
  if (path.includes("\0")) throw invalid("path has a NUL character");
  const absolute = resolve(path);
  // better-sqlite3 cuts it off, and would open another file than the one named.
  if (absolute.trimEnd() !== absolute) throw invalid("path ends with white space");
  return absolute;
}

function wholeNumber(name: string, value: unknown, most: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > most) {
    throw invalid(`${name} is a whole number from 0 to ${most}, not ${describeValue(value)}`);
  }
  return value;
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "sqlite" });
}
