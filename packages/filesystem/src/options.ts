import { resolve } from "node:path";
import { describeValue, StorageError } from "@holdfast/core";

/** How a filesystem store is opened. */
export interface FilesystemOptions {
  /** The directory that holds the files. It and those above it are made when they are not there. */
  root: string;
  /** What an acknowledged write survives: `media`, a loss of power; `process`, a crash of the process. Default: `media`. */
  durability?: "media" | "process" | undefined;
  /** Where the item table is. Default: `.holdfast` in the root; in a folder that is synced, this user's application data. */
  stateDirectory?: string | undefined;
  /** Milliseconds to wait for a lock that another process holds, or for a mirror that is far behind. Default: 10,000. */
  lockTimeout?: number | undefined;
  /** Milliseconds that `flush` and `close` wait for the mirror. Default: 8,000. */
  flushTimeout?: number | undefined;
  /** Saved items that may wait for their files before saves wait too. Default: 1,000. */
  maxPending?: number | undefined;
  /** Bytes of page cache of the item table. Default: 32 MiB. */
  cacheSize?: number | undefined;
  /** Whether edits, dropped-in files and deletions are noticed while the store is open. Default: true. */
  watch?: boolean | undefined;
  /** Keys whose files must be there: `verify` reports those that are not. */
  required?: readonly string[] | undefined;
  /** Makes the root a cache that cleans itself: what was not saved for longest goes first. Default: nothing goes. */
  cache?: CacheLimits | undefined;
  /** Called while a large tree is looked through at `open`. */
  onProgress?: ((progress: ScanProgress) => void) | undefined;
}

/** Beyond which a cache lets items go. Both may be set. */
export interface CacheLimits {
  /** Milliseconds after which an item that was not saved again is deleted. */
  readonly age?: number | undefined;
  /** Bytes that all bodies together may take. */
  readonly size?: number | undefined;
}

/** How far the first look at a tree has got. */
export interface ScanProgress {
  /** Files looked at so far. */
  readonly files: number;
  /** Files that became items, or whose items became new versions. */
  readonly adopted: number;
}

export interface CompleteOptions {
  /** Absolute. */
  readonly root: string;
  readonly durability: "media" | "process";
  readonly stateDirectory: string | undefined;
  readonly lockTimeout: number;
  readonly flushTimeout: number;
  readonly maxPending: number;
  readonly cacheSize: number;
  readonly watch: boolean;
  readonly required: readonly string[];
  readonly cache: CacheLimits | undefined;
  readonly onProgress: ((progress: ScanProgress) => void) | undefined;
}

const NAMES = [
  "root",
  "durability",
  "stateDirectory",
  "lockTimeout",
  "flushTimeout",
  "maxPending",
  "cacheSize",
  "watch",
  "required",
  "cache",
  "onProgress",
];
// What a timer can hold.
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const MiB = 2 ** 20;

/** Checks and completes; throws INVALID_OPTION. */
export function completeOptions(options: FilesystemOptions): CompleteOptions {
  if (typeof options !== "object" || options === null)
    throw invalid(`filesystem() takes an object with a root, not ${describeValue(options)}`);
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    throw invalid(`filesystem() has no option ${JSON.stringify(name)}; it has ${NAMES.join(", ")}`);
  }
  const { durability = "media", watch = true, required = [], onProgress } = options;
  if (durability !== "media" && durability !== "process") {
    throw invalid(`durability is "media" or "process", not ${describeValue(durability)}`);
  }
  if (typeof watch !== "boolean") throw invalid(`watch is true or false, not ${describeValue(watch)}`);
  if (!Array.isArray(required) || !required.every((key) => typeof key === "string")) {
    throw invalid(`required is a list of keys, not ${describeValue(required)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw invalid(`onProgress is a function, not ${describeValue(onProgress)}`);
  return {
    root: completePath("root", options.root),
    durability,
    stateDirectory:
      options.stateDirectory === undefined ? undefined : completePath("stateDirectory", options.stateDirectory),
    lockTimeout: wholeNumber("lockTimeout", options.lockTimeout ?? 10_000, LONGEST_TIMEOUT),
    flushTimeout: wholeNumber("flushTimeout", options.flushTimeout ?? 8_000, LONGEST_TIMEOUT),
    maxPending: Math.max(1, wholeNumber("maxPending", options.maxPending ?? 1_000, 2 ** 31)),
    cacheSize: wholeNumber("cacheSize", options.cacheSize ?? 32 * MiB, 2 ** 40),
    watch,
    required: [...required],
    cache: completeCache(options.cache),
    onProgress,
  };
}

function completeCache(cache: unknown): CacheLimits | undefined {
  if (cache === undefined) return undefined;
  if (typeof cache !== "object" || cache === null)
    throw invalid(`cache is an object with age, size or both, not ${describeValue(cache)}`);
  for (const [name, value] of Object.entries(cache)) {
    if (name !== "age" && name !== "size")
      throw invalid(`cache has no limit ${JSON.stringify(name)}; it has age, size`);
    if (value !== undefined) wholeNumber(`cache.${name}`, value, Number.MAX_SAFE_INTEGER);
  }
  return { ...cache };
}

function completePath(name: string, path: unknown): string {
  if (typeof path !== "string" || path === "")
    throw invalid(`${name} is a string that names a directory, not ${describeValue(path)}`);
  if (path.includes("\0")) throw invalid(`${name} has a NUL character`);
  return resolve(path);
}

function wholeNumber(name: string, value: unknown, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw invalid(`${name} is a whole number from 0 to ${most}, not ${describeValue(value)}`);
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "filesystem" });
}
