import {
  type Absent,
  type AdapterContext,
  type AdapterInfo,
  type AdapterWrite,
  type BatchOutcome,
  type CallOptions,
  type Capabilities,
  checkDelete,
  checkWrite,
  compareKeys,
  type DeleteCondition,
  type Deleted,
  type DeleteOutcome,
  describeValue,
  type EncryptionHeader,
  type FeedPage,
  type FeedRange,
  type History,
  type HistoryLimits,
  isLive,
  type ListRange,
  type OpenState,
  type PreviousRecord,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  SPI_VERSION,
  type Standing,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  type Version,
  type WriteRecord,
  type Written,
} from "@holdfast/core";
import { copyOf } from "./copy.js";
import type { KeptVersion } from "./kept-versions.js";
import { type CommitTerms, createMemoryStore, MemoryStore, type Step, type Watcher } from "./memory-store.js";

/** How a memory store is made. */
export interface MemoryOptions {
  /**
   * The most bytes to hold: bodies, and keys, tags and metadata at two bytes a character. A write that needs more is refused
   * with QUOTA_EXCEEDED and changes nothing. Expired items count until they are swept, and so do the previous versions that the
   * setting `history` keeps; the feed of changes does not count. Default: no limit.
   */
  capacity?: number | undefined;
  /** Where the records are kept, for several adapters on the same ones. Default: a store of its own. */
  store?: MemoryStore | undefined;
}

// One allocation that every platform grants.
const MAX_BODY = 2 ** 30;

const CAPABILITIES: Capabilities = {
  durability: "memory",
  compareAndSet: "process",
  batch: "atomic",
  query: "scan",
  watch: "process",
  changes: "native",
  history: "native",
  streams: "buffered",
  limits: { body: MAX_BODY, bufferedBody: MAX_BODY },
};

/**
 * Keeps everything in the memory of this process: for tests, previews and runtimes without a disk. What was saved stays with
 * the adapter's store when the storage is closed, and is there when the same adapter, or another one on the same store, is opened.
 * The feed of changes reaches back 100,000 writes at least. Previous versions are kept only where the setting `history` of
 * `openStorage` asks for them, of the writes made through that storage.
 *
 * @throws INVALID_OPTION
 * @example
 * const storage = await openStorage(memory({ capacity: 64 * 1024 * 1024 }));
 */
export function memory(options: MemoryOptions = {}): StorageAdapter {
  const { capacity, store } = checkOptions(options);
  return new MemoryAdapter(store ?? createMemoryStore(), capacity ?? Number.POSITIVE_INFINITY);
}

class MemoryAdapter implements StorageAdapter {
  readonly name = "memory";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities = CAPABILITIES;
  readonly #store: MemoryStore;
  readonly #capacity: number;
  readonly #watchers = new Set<Watcher>();
  #history: HistoryLimits | false = false;

  constructor(store: MemoryStore, capacity: number) {
    this.#store = store;
    this.#capacity = capacity;
  }

  open({ ports, history = false }: AdapterContext): OpenState {
    this.#store.begin(ports);
    this.#history = history;
    return { lastVersion: this.#store.lastVersion };
  }

  stat(key: string, { now }: ReadOptions): RecordHeader | undefined {
    const record = this.#living(key, now);
    return record && copyOf(record.header);
  }

  get(key: string, { now }: ReadOptions): StoredRecord | undefined {
    const record = this.#living(key, now);
    return record && copyOfRecord(record);
  }

  put(record: WriteRecord, condition: PutCondition): PutOutcome {
    const { key, version } = record.header;
    const standing = this.#store.standing(key);
    const refusal = checkWrite(standing, version, condition);
    if (refusal !== undefined) return copyOf(refusal);
    const stored = prepare(record, standing, condition.now);
    this.#store.commit([{ type: "put", record: stored }], this.#terms(condition.now));
    return { outcome: "written", header: copyOf(stored.header) };
  }

  delete(key: string, condition: DeleteCondition): DeleteOutcome {
    const refusal = checkDelete(this.#store.standing(key), condition);
    if (refusal !== undefined) return copyOf(refusal);
    this.#store.commit([{ type: "delete", key, version: condition.version }], this.#terms(condition.now));
    return { outcome: "deleted" };
  }

  list({ prefix, after, limit }: ListRange, { now }: ReadOptions): RecordHeader[] {
    const headers: RecordHeader[] = [];
    const start = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix;
    for (const { header } of this.#store.recordsFrom(start)) {
      if (headers.length === limit || !header.key.startsWith(prefix)) break;
      if (header.key !== after && isLive(header, now)) headers.push(copyOf(header));
    }
    return headers;
  }

  batch(writes: readonly AdapterWrite[], { now }: CallOptions & { readonly now: number }): BatchOutcome {
    const steps: Step[] = [];
    const results: (Written | Deleted | Absent)[] = [];
    for (const [index, write] of writes.entries()) {
      if (write.type === "put") {
        const { record, expect } = write;
        const { key, version } = record.header;
        const standing = this.#store.standing(key);
        const reason = checkWrite(standing, version, { expect, now });
        if (reason !== undefined) return { outcome: "refused", index, reason: copyOf(reason) };
        const stored = prepare(record, standing, now);
        steps.push({ type: "put", record: stored });
        results.push({ outcome: "written", header: copyOf(stored.header) });
      } else {
        const { key, version, expect } = write;
        const reason = checkDelete(this.#store.standing(key), { version, expect, now });
        if (reason === undefined) {
          steps.push({ type: "delete", key, version });
          results.push({ outcome: "deleted" });
        } else if (reason.outcome === "absent") results.push(reason);
        else return { outcome: "refused", index, reason: copyOf(reason) };
      }
    }
    this.#store.commit(steps, this.#terms(now));
    return { outcome: "applied", results };
  }

  changes({ after, limit }: FeedRange): FeedPage {
    return this.#store.feed.page(after, limit);
  }

  lastCursor(): string {
    const { feed } = this.#store;
    return feed.cursor(feed.last);
  }

  readonly history: History = {
    list: (key, { now }) =>
      this.#store.kept
        .list(key, now)
        .map(({ record, replaced }): PreviousRecord => ({ header: copyOf(record.header), replaced })),
    get: (key, version, { now }) => {
      const standing = this.#living(key, now);
      const record = standing?.header.version === version ? standing : this.#store.kept.get(key, version, now);
      return record && copyOfRecord(record);
    },
    scan: ({ after, limit }, { now }) => this.#store.kept.scan(after, limit, now).map(({ header }) => copyOf(header)),
    drop: (key, version) => {
      this.#store.dropKept(key, ({ record: { header } }) => header.key !== key || header.version !== version);
    },
    sweep: (prefix, { now }) => this.#store.dropKept(prefix, (kept) => this.#stays(kept, now)),
  };

  rewrap(key: string, version: Version, encryption: EncryptionHeader): boolean {
    return this.#store.rewrap(key, version, copyOf(encryption));
  }

  watch(listener: Watcher["listener"]): () => void {
    const watcher = { listener };
    this.#watchers.add(watcher);
    this.#store.watch(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#store.unwatch(watcher);
    };
  }

  info({ now }: ReadOptions): AdapterInfo {
    let items = 0;
    let bytes = 0;
    for (const { header } of this.#store.recordsFrom("")) {
      if (!isLive(header, now)) continue;
      items++;
      bytes += header.storedSize;
    }
    const capacity = Number.isFinite(this.#capacity) ? { capacity: this.#capacity } : {};
    const { used, tombstones, feed } = this.#store;
    return { items, bytes, details: { used, tombstones, epoch: feed.epoch, ...capacity } };
  }

  /** Memory fails in no way of its own; a full store says so in a StorageError. */
  classify(): undefined {
    return undefined;
  }

  close(): void {
    for (const watcher of this.#watchers) this.#store.unwatch(watcher);
    this.#watchers.clear();
  }

  #terms(now: number): CommitTerms {
    return { capacity: this.#capacity, history: this.#history, now };
  }

  /** Whether a sweep leaves a kept version. */
  #stays({ record: { header }, replaced }: KeptVersion, now: number): boolean {
    if (this.#history === false || !isLive(header, now)) return false;
    const { age } = this.#history;
    return Number.isFinite(age) ? replaced >= now - age : this.#living(header.key, now) !== undefined;
  }

  #living(key: string, now: number): StoredRecord | undefined {
    const record = this.#store.record(key);
    return record !== undefined && isLive(record.header, now) ? record : undefined;
  }
}

/** The record as it will stand: the creation of the one that it replaces, and nothing shared with the caller. */
function prepare({ header, body }: WriteRecord, { stored }: Standing, now: number): StoredRecord {
  const copy: { -readonly [Name in keyof RecordHeader]: RecordHeader[Name] } = copyOf(header);
  if (stored !== undefined && isLive(stored, now)) copy.created = stored.created;
  // Core leaves the buffer to us, but a view must not keep a larger one alive.
  const own = body.byteLength === body.buffer.byteLength ? body : new Uint8Array(body);
  return { header: copy, body: own };
}

function copyOfRecord({ header, body }: StoredRecord): StoredRecord {
  return { header: copyOf(header), body: new Uint8Array(body) };
}

function checkOptions(options: MemoryOptions): MemoryOptions {
  if (typeof options !== "object" || options === null) throw invalid("the options of memory() are an object");
  for (const name of Object.keys(options)) {
    if (name !== "capacity" && name !== "store")
      throw invalid(`memory() has no option ${JSON.stringify(name)}; it has capacity, store`);
  }
  const { capacity, store } = options;
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity > 0)) {
    throw invalid(`capacity is a whole number of bytes above 0, not ${describeValue(capacity)}`);
  }
  if (store !== undefined && !(store instanceof MemoryStore)) throw invalid("store is made by createMemoryStore()");
  return options;
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "memory" });
}
