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
  /** Where `platform` chooses it: `cloud`, wherever it is registered. Left out: only by its scheme. */
  readonly platform?: "cloud";
  /** What its factory takes for an app that gives no more than its name. Needed with `platform`. */
  ofApp?(name: string): Options | Promise<Options>;
  /**
   * The store URL, as `formatStoreUrl` writes it, that leads to the same data from everywhere on this machine: what is recorded
   * of an app's choice. Left out where there is no such place.
   */
  locate?(options: Options): string;
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
  /** The SQLite library. Default: better-sqlite3. */
  driver?: SqliteDriver | undefined;
}

/** What `Driver` of @holdfast/sqlite is, which says what its methods must do; written out here for the same reason. */
export interface SqliteDriver {
  readonly name: string;
  open(
    path: string,
    mode: "readwrite" | "readonly",
  ): Promise<{
    prepare<Row = never>(
      sql: string,
    ): {
      get(...parameters: (string | number | Uint8Array | null)[]): Row | undefined;
      all(...parameters: (string | number | Uint8Array | null)[]): Row[];
      iterate(...parameters: (string | number | Uint8Array | null)[]): IterableIterator<Row>;
      run(...parameters: (string | number | Uint8Array | null)[]): {
        readonly changes: number;
        readonly rowid: number;
      };
    };
    exec(sql: string): void;
    readonly inTransaction: boolean;
    close(): void;
  }>;
}

/** What `filesystem()` of @holdfast/filesystem takes; written out here, because that package need not be installed. */
export interface FileStoreOptions {
  /** The directory that holds the files. It and those above it are made when they are not there. */
  root: string;
  /** What an acknowledged write survives: `media`, a loss of power (the default); `process`, a crash of the process. */
  durability?: "media" | "process" | undefined;
  /** Where the item table is, when not in the root itself. */
  stateDirectory?: string | undefined;
  /** Milliseconds to wait for a lock that another process holds. */
  lockTimeout?: number | undefined;
  /** Milliseconds that `flush` and `close` wait until everything is in its file. */
  flushTimeout?: number | undefined;
  /** Saved items that may wait for their files before saves wait too. */
  maxPending?: number | undefined;
  /** Bytes of page cache of the item table. */
  cacheSize?: number | undefined;
  /** Whether what people do to the files is noticed while the store is open. */
  watch?: boolean | undefined;
  /** Keys whose items must be there: `verify` reports those that are not. */
  required?: readonly string[] | undefined;
  /** Makes the root a cache, whose items go that were not saved for longest: beyond `age` (milliseconds) or `size` (bytes of all bodies). */
  cache?: { readonly age?: number | undefined; readonly size?: number | undefined } | undefined;
  /** Called while a large tree is looked through at `open`: with the files looked at, and those that became items or new versions. */
  onProgress?: ((progress: { readonly files: number; readonly adopted: number }) => void) | undefined;
}
