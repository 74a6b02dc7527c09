/// <reference lib="esnext.disposable" preserve="true" />
// Kept in the declarations, for `Symbol.asyncDispose`: no `lib` that a project has by default knows it.
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { StorageCapabilities } from "./capabilities.js";
import type { Collection, CollectionOptions, DataPath } from "./collection.js";
import type { Difference, LoadOptions, PreviousVersion, RestoreOptions } from "./history.js";
import type { StorageMetrics } from "./operations.js";
import type {
  BatchOperation,
  DeleteOptions,
  ListOptions,
  OperationOptions,
  SaveOptions,
  ScanOptions,
  UpdateOptions,
} from "./options.js";
import type { Query } from "./query.js";
import type { RepairReport, StorageInfo, VerifyOptions, VerifyReport } from "./reports.js";
import type { StorageItem } from "./storage-item.js";
import type { Change, ChangeListener, Unwatch } from "./watch.js";

/** What `saveStream` reads from. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * One open storage. The same calls mean the same on every backend. Calls that return a promise reject with a `StorageError`, also
 * for wrong arguments, and never throw synchronously; `namespace` and `collection` throw theirs at once. Expired items are absent for
 * every one of them.
 */
export interface StorageEngine {
  /**
   * Replaces the whole item: data, tags, metadata, expiration and format; only `created` of a living item stays.
   * What is saved is what `load` returns, or the save is refused: INVALID_VALUE names the path inside the value.
   */
  save<T>(key: string, data: T, options?: SaveOptions): Promise<StorageItem>;

  /** The value, or undefined when the key, or the version named, is absent. `T` is the caller's word. Throws CORRUPT rather than return wrong data. */
  load<T = unknown>(key: string, options?: LoadOptions): Promise<T | undefined>;

  /** What is known of the item, without its data; undefined when absent. */
  stat(key: string, options?: OperationOptions): Promise<StorageItem | undefined>;
  /** Whether the key has a living item. */
  exists(key: string, options?: OperationOptions): Promise<boolean>;

  /** True when something was there. */
  delete(key: string, options?: DeleteOptions): Promise<boolean>;

  /** Items whose key starts with `prefix` (a literal start, not a segment), ordered by the code points of their keys. */
  list(prefix?: string, options?: ListOptions): Promise<StorageItem[]>;

  /** Like `list`, without holding it all. Items written or deleted meanwhile may or may not be seen; no other is missed or repeated. */
  scan(prefix?: string, options?: ScanOptions): AsyncIterable<StorageItem>;

  /** The items that match, sorted and paged as the query says. INVALID_OPTION for a query that is none. */
  search(query: Query): Promise<StorageItem[]>;

  /** How many items match; `sort`, `limit` and `offset` make no difference. */
  count(query?: Query): Promise<number>;

  /**
   * Loads, changes and saves, again from the start whenever somebody else wrote in between. `change` may therefore run
   * several times. When it returns undefined the item stays as it is. Tags, metadata, expiration, format and compression
   * are kept unless `options` names them.
   */
  update<T = unknown>(
    key: string,
    change: (current: T | undefined, item: StorageItem | undefined) => T | undefined | Promise<T | undefined>,
    options?: UpdateOptions,
  ): Promise<StorageItem | undefined>;

  /**
   * All or nothing. The answers stand in the order of the operations: an item for a save, a boolean for a delete.
   * UNSUPPORTED where the backend cannot; CONFLICT names the first operation whose precondition did not hold.
   */
  batch(operations: readonly BatchOperation[], options?: OperationOptions): Promise<(StorageItem | boolean)[]>;

  /**
   * Saves bytes as they come; the item appears whole when the last one is stored, or not at all. The format is always `binary`. A
   * source is cancelled when the save fails; one of which nothing was asked yet, since an argument was wrong, there was nobody to
   * encrypt it or the signal had fired before, stays the caller's.
   */
  saveStream(key: string, source: ByteSource, options?: Omit<SaveOptions, "format">): Promise<StorageItem>;

  /**
   * The decoded bytes of the value. No byte is handed out before the chunk it stands in is verified. Cancel what is not wanted to its
   * end: until then it may hold a file and a snapshot of the store.
   */
  loadStream(key: string, options?: LoadOptions): Promise<ReadableStream<Uint8Array> | undefined>;

  /**
   * Every committed write behind the cursor `since`, deletions included, exactly once and in the order of the commits, up to
   * the newest one at the time of the call; without `since`, from the first write that the store ever took. Call it again with
   * the cursor of the last change to go on. Rejects with NOT_FOUND and `resync: true` when the feed cannot go on from there:
   * then take `getInfo().cursor`, read everything by `scan`, and go on from that cursor. INVALID_OPTION for what is no cursor,
   * UNSUPPORTED where the backend has no feed.
   */
  changes(since?: string, options?: OperationOptions): AsyncIterable<Change>;

  /**
   * The previous versions of a key that are kept, newest first, without the one that stands; also of a deleted key. The setting
   * `history` says which are kept. UNSUPPORTED where the backend cannot keep any.
   */
  history(key: string, options?: OperationOptions): Promise<PreviousVersion[]>;

  /**
   * Writes the content of a version, standing or kept, as a new version: bytes, format, tags, metadata and expiration as they
   * were; `created` of a living item stays. NOT_FOUND when that version is not kept.
   */
  restore(key: string, version: string, options?: RestoreOptions): Promise<StorageItem>;

  /**
   * Where the json or yaml values of two versions differ; `to` defaults to the one that stands. Properties by code points,
   * arrays by position. NOT_FOUND when one of them is not there, UNSUPPORTED for binary values.
   */
  diff(key: string, from: string, to?: string, options?: OperationOptions): Promise<Difference[]>;

  /** Calls `listener` for each committed write from now on, with the entries that `changes` tells. An error that it throws is reported as uncaught, as of any event listener. */
  watch(prefix: string, listener: ChangeListener): Promise<Unwatch>;

  /** A view of the keys below `prefix/`, which are relative in it. Closing it closes only the view. Throws INVALID_KEY at once. */
  namespace(prefix: string): StorageEngine;

  /**
   * A typed view of the keys below `name/`: data is validated by `schema`, upgraded from older versions, and found by the
   * fields named in `index`. Throws INVALID_KEY at once for a wrong name, and INVALID_OPTION for options that are no object;
   * what is wrong in the options rejects every call of the collection with INVALID_OPTION.
   */
  collection<
    Schema extends StandardSchemaV1,
    const Index extends readonly DataPath<StandardSchemaV1.InferOutput<Schema>>[] = [],
  >(
    name: string,
    options: CollectionOptions<Schema, Index>,
  ): Collection<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Index[number]>;

  /**
   * Reads everything below the prefix back and checks it, and what the store as a whole rests on. Changes nothing. Of single
   * items a namespace is told of its own alone; what is wrong with the store as a whole, whose message may name an item, is told everywhere.
   */
  verify(prefix?: string, options?: VerifyOptions): Promise<VerifyReport>;

  /** Mends what can be mended without losing anything, in the whole store; tells what was mended and lists the rest as `verify` does. */
  repair(options?: OperationOptions): Promise<RepairReport>;

  /** Removes what has expired, and the kept versions that history need not keep. Resolves to how many items had expired. */
  sweep(options?: OperationOptions): Promise<number>;

  /** Resolves when everything acknowledged so far has reached its final place. */
  flush(options?: OperationOptions): Promise<void>;

  /**
   * Gives room that nothing uses any more back to the platform: what deleted items held, and tombstones of more than 30 days. Nothing
   * that can be read changes, and a backend that keeps no such room does nothing. It may take as long as copying the store, and twice as
   * much room meanwhile. Throws LOCKED while others write, or read what would be given back.
   */
  compact(options?: OperationOptions): Promise<void>;

  /** What is in the store, and where. Counts, so it may look at every header. */
  getInfo(options?: OperationOptions): Promise<StorageInfo>;
  /** What the backend does itself, and what core adds. Does no input or output. */
  getCapabilities(): StorageCapabilities;

  /** What this storage has done since it was opened, its namespaces included. Undefined unless the setting `metrics` is on. */
  getMetrics(): StorageMetrics | undefined;

  /** Waits for work in flight, bounded by the setting `closeTimeout`; a TIMEOUT names what remained. Idempotent. */
  close(): Promise<void>;
  /** Closes, for `await using`, which Node parses from 24 on; compilers make it run before. */
  [Symbol.asyncDispose](): Promise<void>;
}
