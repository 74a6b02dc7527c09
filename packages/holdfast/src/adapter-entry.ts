import type { StorageAdapter } from "@holdfast/core";
import type { StoreUrl } from "./store-url.js";

/** How an adapter is found, chosen and loaded. `Options` is what its factory takes. */
export interface AdapterEntry<Options> {
  /** The npm package, named in messages and install commands. */
  readonly package: string;
  /** The names that may stand behind the `?` of its URLs; others are refused before `parse`. */
  readonly urlOptions: readonly string[];
  /** What a URL of this scheme means. Throws INVALID_OPTION for one that means nothing. */
  parse(url: StoreUrl): Options;
  /** Imports the package, only now, and returns its factory. */
  load(): Promise<(options: Options) => StorageAdapter>;
  /** Whether there is a store already. Left out where nothing is created by opening. */
  exists?(options: Options): Promise<boolean>;
}

/** What `sqlite()` of @holdfast/sqlite takes; written out here, because that package need not be installed. */
export interface SqliteStoreOptions {
  /** The database file. It and the folders above it are made when they are not there. */
  path: string;
  /** What an acknowledged write survives: `media`, a loss of power (the default); `process`, a crash of the process. */
  durability?: "media" | "process" | undefined;
  /** Milliseconds to wait for a lock that another process holds. */
  lockTimeout?: number | undefined;
  /** Bytes of page cache. */
  cacheSize?: number | undefined;
  /** Bytes of the file to map into memory. */
  mmapSize?: number | undefined;
  /** What is overwritten with zeros when it is deleted. */
  secureDelete?: "none" | "data" | "all" | undefined;
}
