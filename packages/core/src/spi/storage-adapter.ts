import type { Capabilities } from "../contract/capabilities.js";
import type { Problem, RepairReport } from "../contract/reports.js";
import type { ErrorCode } from "../errors.js";
import type { Ports } from "../ports.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import type { BatchOutcome, DeleteCondition, DeleteOutcome, PutCondition, PutOutcome } from "./outcomes.js";
import type { EncryptionHeader, RecordHeader, StoredRecord, Version, WriteRecord } from "./records.js";

/** The number of this interface. `openStorage` refuses an adapter of another number. */
export const SPI_VERSION = 1;

/** Adapters that work synchronously may answer so. */
export type Awaitable<T> = T | Promise<T>;

/**
 * What a backend implements. Adapters move bytes and headers; core owns meaning.
 *
 * Core promises: keys are valid; every property of every options object is present; `open` comes first and once, `close`
 * last and once, and nothing is called after it (an adapter may be opened again after it was closed; that an app opens one
 * object for two storages at once is for the adapter to refuse, by `OpenOnce`); buffers handed over are not changed
 * afterwards; `signal` has not fired yet when a call is made.
 *
 * An adapter promises: what it returns is the caller's to keep and to change; an operation that rejects, or whose signal
 * fired, is either wholly done or not at all. Where a method may still be at work after its signal fired, core has
 * already told its caller ABORTED.
 */
export interface StorageAdapter {
  /** Short, lower-case, stable: `memory`, `sqlite`. */
  readonly name: string;
  /** MUST be `SPI_VERSION` of the core that the adapter was written for. */
  readonly spi: typeof SPI_VERSION;
  /** MUST be true from construction on, without any input or output. */
  readonly capabilities: Capabilities;

  /**
   * Connects, creates what is missing, upgrades what is old. MUST refuse a store that is damaged, foreign or of a newer
   * layout with a StorageError that says what to do, leaving it untouched. A failed `open` leaves nothing open. Another adapter
   * on the same store may close meanwhile.
   */
  open(context: AdapterContext): Awaitable<OpenState>;

  /** The header of a record that is alive at `now`. */
  stat(key: string, options: ReadOptions): Awaitable<RecordHeader | undefined>;

  /** Header and body of one and the same version. A body may be of any size up to `limits.body`. */
  get(key: string, options: ReadOptions): Awaitable<StoredRecord | undefined>;

  /**
   * Stores header and body as one: whoever reads, also after a crash, sees the old record whole or the new one whole.
   * MUST, within one atomic step against every writer that `capabilities.compareAndSet` reaches, ask `checkWrite` of core
   * whether the write may go ahead, and if so write, with the stored `created` when a living record is replaced, and drop
   * the old record's index entries and tombstone.
   * MUST NOT resolve before the write has the durability announced.
   */
  put(record: WriteRecord, condition: PutCondition, options: CallOptions): Awaitable<PutOutcome>;

  /**
   * Removes a living record and leaves a tombstone of `condition.version`; `checkDelete` of core says whether it may.
   */
  delete(key: string, condition: DeleteCondition, options: CallOptions): Awaitable<DeleteOutcome>;

  /**
   * Living headers whose key starts with `prefix`, in code-point order, behind `after`, at most `limit`; fewer only at the end,
   * however large they are: core takes a shorter page for the last. MUST NOT load bodies.
   */
  list(range: ListRange, options: ReadOptions): Awaitable<RecordHeader[]>;

  /**
   * What an error thrown by any method means; undefined when it is not one that the adapter knows.
   * StorageErrors that the adapter throws itself do not come here.
   */
  classify(error: unknown): Classification | undefined;

  /** Lets go of everything. MUST NOT drop a write that was acknowledged. */
  close(): Awaitable<void>;

  /** With `capabilities.batch` other than `none`. Keys are distinct. `atomic`: one step, as in `put`, checking every condition before the first write. */
  batch?(writes: readonly AdapterWrite[], options: CallOptions & { readonly now: number }): Awaitable<BatchOutcome>;

  /** With `capabilities.query: "native"`. MUST return exactly what `scanQuery` of core returns over the same records. */
  query?(query: ParsedQuery, options: ReadOptions): Awaitable<RecordHeader[]>;

  /** With `capabilities.query: "native"`: how many match, `limit` and `offset` aside. */
  count?(query: ParsedQuery, options: ReadOptions): Awaitable<number>;

  /**
   * With `capabilities.watch` other than `none`. Once it has resolved, `listener` MUST be called exactly once for each
   * write committed from then on, this adapter's own included, in commit order per key.
   */
  watch?(listener: (change: AdapterChange) => void): Awaitable<() => Awaitable<void>>;

  /**
   * With `capabilities.changes: "native"`. Every committed write exactly once, in commit order, also of other processes: a
   * write whose commit comes later never gets a place before one that a reader may have seen. `watch`, where there is one,
   * MUST tell the same entries in the same order, each with its cursor. An entry is part of the write: after a crash both are
   * there or neither. The store's epoch is part of every cursor; a store that was rebuilt starts a new one.
   */
  changes?(range: FeedRange, options: CallOptions): Awaitable<FeedPage>;

  /**
   * With `capabilities.changes: "native"`: the cursor of the newest committed write, or of the feed's beginning. Undefined only
   * where the backend has never been reached.
   */
  lastCursor?(options: CallOptions): Awaitable<string | undefined>;

  /** With `capabilities.history: "native"`. */
  readonly history?: History;

  /** With `capabilities.streams: "bounded"`, both. Memory in use MUST NOT grow with the body. */
  readStream?(key: string, options: ReadOptions): Awaitable<StoredStream | undefined>;
  writeStream?(key: string, options: CallOptions): Awaitable<BodyWriter>;

  /**
   * MUST be there where `history` is. Replaces `encryption` in the header of exactly this version of a key, standing or kept,
   * expired or not, in one atomic step of the durability announced. A writer may get in between core's reading of the header and
   * this: the version MUST be compared within the step. Nothing else changes: no version, `created` or `modified`, no feed entry,
   * index, body or object. False when that version is not there; then nothing has changed.
   *
   * Called once for each encrypted record, and kept version of one, when master keys rotate. Without it core writes every
   * standing record anew, body and all.
   */
  rewrap?(key: string, version: Version, encryption: EncryptionHeader, options: CallOptions): Awaitable<boolean>;

  /** Counts of what is alive at `now`, and whatever else users may want to know. */
  info?(options: ReadOptions): Awaitable<AdapterInfo>;

  /** Resolves when everything acknowledged has reached its final place. Absent where acknowledgement already means that. */
  flush?(options: CallOptions): Awaitable<void>;

  /** What the backend can do for its own health. Each part is optional. */
  maintain?: Maintenance;
}

/** What core gives an adapter to work with. */
export interface AdapterContext {
  readonly ports: Ports;
  /**
   * Stored with the search index; when a smaller number is found there, `open` MUST have every item's terms computed anew by
   * `termsOf`. When a greater one is found, it may do the same, or refuse the store as one of a newer layout.
   */
  readonly tokenizerVersion: number;
  /** The search terms of a header, for indexes that have to be made anew. */
  readonly termsOf: (header: RecordHeader) => string[];
  /** Which replaced versions to keep; undefined: the storage's user did not say, so the adapter's own default; false: none. */
  readonly history: HistoryLimits | false | undefined;
  /**
   * A record as it has to be under another header, for adapters that give records other versions or keys than core did: what is
   * encrypted is bound to both. Only `header` is looked at for what is to be; a plain record gets it and stays as it is.
   * Rejects with KEY_MISSING where there is no key, DECRYPT_FAILED where the record is not as it was written.
   */
  readonly carry: (record: StoredRecord, header: RecordHeader) => Awaitable<StoredRecord>;
}

/** Which previous versions are kept: those within both limits. */
export interface HistoryLimits {
  /** At most so many previous versions of one key. */
  readonly versions: number;
  /** Milliseconds for which a version is kept after it was replaced or deleted; Infinity where time sets no limit. */
  readonly age: number;
}

/** What an adapter tells of the store that it has opened. */
export interface OpenState {
  /** The greatest version that the store has ever held, deleted records and tombstones included; undefined when new. */
  readonly lastVersion: Version | undefined;
}

/** What every call carries. */
export interface CallOptions {
  /** When it fires, the caller has given up; what has not begun need not begin. */
  readonly signal: AbortSignal | undefined;
}

/** What every read carries. */
export interface ReadOptions extends CallOptions {
  /** The instant that decides what has expired, in milliseconds since 1970. */
  readonly now: number;
}

/** Which part of the keys to list. */
export interface ListRange {
  /** A literal start of the key, not a segment; empty for all. */
  readonly prefix: string;
  /** Exclusive. */
  readonly after: string | undefined;
  /** At most so many headers. */
  readonly limit: number;
}

/** One write of `batch`. What holds for `put` and `delete` holds for it. */
export type AdapterWrite =
  | { readonly type: "put"; readonly record: WriteRecord; readonly expect: PutCondition["expect"] }
  | {
      readonly type: "delete";
      readonly key: string;
      readonly version: Version;
      readonly expect: DeleteCondition["expect"];
    };

/** One committed write, as `watch` and `changes` tell it. */
export interface AdapterChange {
  readonly type: "save" | "delete";
  readonly key: string;
  readonly version: Version;
  /** Set for changes that no Holdfast made. */
  readonly external?: true;
  /** Required with `capabilities.changes: "native"`. Opaque to core. */
  readonly cursor?: string;
}

/** A change with its place in the feed. */
export interface FeedEntry extends AdapterChange {
  readonly cursor: string;
}

/** Which part of the feed to read. */
export interface FeedRange {
  /** Exclusive. Undefined: from the first write that the store ever took. */
  readonly after: string | undefined;
  /** At most so many entries. Fewer are no end: that is a page without any. */
  readonly limit: number;
}

/**
 * `resync`: the feed does not reach back to `after`, or `after` belongs to another epoch, or lies ahead of the feed (a store
 * put back from a copy). A cursor that no adapter of this kind can have made is INVALID_OPTION.
 */
export type FeedPage =
  | { readonly outcome: "page"; readonly changes: readonly FeedEntry[] }
  | { readonly outcome: "resync" };

/**
 * Versions that stood once. `put`, `delete` and `batch` MUST, in their own atomic step, keep the living record that they replace
 * or remove, as `AdapterContext.history` says, and drop what is then above `versions`. What had expired when it was replaced is
 * not kept, and a kept version that has expired at `now` is absent: nothing comes back that was promised to be gone. A deletion
 * whose `now` is `BEFORE_ALL_TIME` is a sweep of what has expired: nothing is kept of it.
 *
 * A put of a record with `encryption`, alone, in a batch or at the end of a stream, MUST in its atomic step drop every kept version
 * of the key without it, and keep the record that it replaces only if that has it too (`conceals` tells): what is encrypted now
 * must not stay readable in what it was. This holds also where the key is absent or expired by then, and where the adapter was
 * opened with a history of none. A body that is stored elsewhere (a file, an object in a bucket) MUST be out of reach with that
 * step and be deleted like that of any other dropped version, not later than `sweep` would.
 */
export interface History {
  /** Kept versions of a key, newest first. MUST NOT load bodies. */
  list(key: string, options: ReadOptions): Awaitable<PreviousRecord[]>;
  /** One of them, or the standing record where it has that version. */
  get(key: string, version: Version, options: ReadOptions): Awaitable<StoredRecord | undefined>;
  /** With `capabilities.streams: "bounded"`: as `get`, in flat memory. */
  readStream?(key: string, version: Version, options: ReadOptions): Awaitable<StoredStream | undefined>;
  /**
   * Below `prefix`, drops versions replaced or deleted longer than `age` before `now`; without an age, every version of keys
   * that do not stand; and everything when history is off. Resolves to how many versions that were.
   */
  sweep(prefix: string, options: ReadOptions): Awaitable<number>;
  /**
   * Kept versions of all keys that are alive at `now` (core asks as of `BEFORE_ALL_TIME`, when all are), ordered by key in code-point
   * order and then by version, oldest first, behind `after` (exclusive, whether or not it is still there), at most `limit`; fewer
   * only at the end. Also of keys that do not stand; what stands is no kept version. MUST NOT load bodies. Tells which master
   * keys are needed: a version that it leaves out cannot be read any more once its key has retired.
   */
  scan(range: KeptRange, options: ReadOptions): Awaitable<RecordHeader[]>;
  /**
   * Drops one kept version and its body for good, expired or not, as when a key has leaked. Never what stands, also under that very
   * version; no feed entry. Nothing happens where it is not there.
   */
  drop(key: string, version: Version, options: CallOptions): Awaitable<void>;
}

/** Which part of the kept versions of all keys to read. */
export interface KeptRange {
  /** Exclusive. Undefined: from the first. */
  readonly after: { readonly key: string; readonly version: Version } | undefined;
  readonly limit: number;
}

/** The header of a version that stood once. */
export interface PreviousRecord {
  readonly header: RecordHeader;
  /** When it was replaced or deleted, in milliseconds since 1970. */
  readonly replaced: number;
}

/** An open read of one version of one body, unmoved by later writes. */
export interface StoredStream {
  readonly header: RecordHeader;
  /** As they were given to `put` or `commit`. */
  readonly chunkHashes: Uint8Array;
  /** In chunks of any size. Core always finishes or returns the iterator; what it holds is let go of then, and at `close`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Collects a body out of readers' sight. Core always ends it by `commit` or `abort`; a crash leaves nothing that readers see. */
export interface BodyWriter {
  /** In chunks of any size; resolves when the writer can take the next one. */
  write(chunk: Uint8Array): Awaitable<void>;
  /** As `put`. After `conflict` or `stale` the writer stays usable: core commits again with another version, or aborts. */
  commit(record: Omit<WriteRecord, "body">, condition: PutCondition): Awaitable<PutOutcome>;
  /** Drops what was written. Nothing of it stays. */
  abort(): Awaitable<void>;
}

/** What `info` answers. */
export interface AdapterInfo {
  /** In the adapter's own words (a path, a database name). Never a secret. */
  readonly location?: string;
  /** Living at `now`. */
  readonly items: number;
  /** Of their stored bodies. */
  readonly bytes: number;
  /**
   * Whatever else users may want to know. `epoch`, where it is there, is the name of this one store, which one that is made in its
   * place later does not have: a migration's journal goes on with the store that it tells of, and with no other.
   */
  readonly details: Record<string, string | number | boolean>;
}

/** What a backend can do for its own health. */
export interface Maintenance {
  /** Damage that shows only from inside: indexes, orphans, the file format. Bodies and checksums are core's. */
  check?(options: CallOptions): Awaitable<Problem[]>;
  /** Mends what can be mended without losing anything, and lists the rest. */
  repair?(options: CallOptions): Awaitable<RepairReport>;
  /** Gives space back to the platform. */
  compact?(options: CallOptions): Awaitable<void>;
}

/** What an error of the backend means. */
export interface Classification {
  readonly code: ErrorCode;
  /** What was wrong and what to do, without the operation's name. */
  readonly message: string;
  /** Whether the same call may succeed when it is made again. Default: only for `UNAVAILABLE` and `LOCKED`. */
  readonly retryable?: boolean;
}
