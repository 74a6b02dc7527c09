import {
  type AdapterChange,
  type AdapterContext,
  type AdapterInfo,
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  type BodyWriter,
  type CallOptions,
  type Capabilities,
  type Classification,
  type DeleteCondition,
  type DeleteOutcome,
  type EncryptionHeader,
  type FeedPage,
  type FeedRange,
  type History,
  type ListRange,
  type Maintenance,
  OpenOnce,
  type OpenState,
  type ParsedQuery,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  type StoredRecord,
  type StoredStream,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { checkStore } from "./check-store.js";
import { classify } from "./classify.js";
import { describeStore } from "./describe-store.js";
import { historyOf } from "./history-of.js";
import { compactStore, repairStore } from "./maintain-store.js";
import { OpenStore } from "./open-store.js";
import { type CompleteOptions, completeOptions, type SqliteOptions } from "./options.js";

const MiB = 2 ** 20;

/**
 * Keeps a store in one SQLite file, for Node.
 *
 * @throws INVALID_OPTION
 * @example
 * const storage = await openStorage(sqlite({ path: "./app.db" }));
 */
export function sqlite(options: SqliteOptions): StorageAdapter {
  return new SqliteAdapter(completeOptions(options));
}

class SqliteAdapter implements StorageAdapter {
  readonly name = "sqlite";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities;
  readonly maintain: Maintenance = {
    check: ({ signal }) => checkStore(this.#opened, signal),
    repair: ({ signal }) => repairStore(this.#opened, signal),
    compact: ({ signal }) => compactStore(this.#opened, signal),
  };
  readonly history: History = historyOf(() => this.#opened);
  readonly #options: CompleteOptions;
  readonly #store = new OpenOnce<OpenStore>("sqlite");

  constructor(options: CompleteOptions) {
    this.#options = options;
    this.capabilities = {
      durability: options.durability,
      compareAndSet: "cross-process",
      batch: "atomic",
      query: "native",
      watch: "cross-process",
      changes: "native",
      history: "native",
      streams: "bounded",
      limits: { body: 65_536 * MiB, bufferedBody: 256 * MiB },
    };
  }

  async open(context: AdapterContext): Promise<OpenState> {
    const { table } = await this.#store.open(() => OpenStore.open(this.#options, context));
    return { lastVersion: table.feed.lastVersion };
  }

  stat(key: string, { now, signal }: ReadOptions): Awaitable<RecordHeader | undefined> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.stat(key, now), signal);
  }

  get(key: string, { now, signal }: ReadOptions): Awaitable<StoredRecord | undefined> {
    const store = this.#opened;
    return store.read(() => store.get(key, now), signal);
  }

  list(range: ListRange, { now, signal }: ReadOptions): Awaitable<RecordHeader[]> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.list(range, now), signal);
  }

  query(query: ParsedQuery, { now, signal }: ReadOptions): Awaitable<RecordHeader[]> {
    const { search } = this.#opened;
    return this.#opened.read(() => search.query(query, now), signal);
  }

  count(query: ParsedQuery, { now, signal }: ReadOptions): Awaitable<number> {
    const { search } = this.#opened;
    return this.#opened.read(() => search.count(query, now), signal);
  }

  put(record: WriteRecord, condition: PutCondition, { signal }: CallOptions): Promise<PutOutcome> {
    return this.#opened.put(record, condition, signal);
  }

  delete(key: string, condition: DeleteCondition, { signal }: CallOptions): Promise<DeleteOutcome> {
    const { group, table } = this.#opened;
    return group.submit(() => table.delete(key, condition), { signal });
  }

  rewrap(key: string, version: Version, encryption: EncryptionHeader, { signal }: CallOptions): Promise<boolean> {
    const { group, table } = this.#opened;
    return group.submit(() => table.rewrap(key, version, encryption), { signal });
  }

  batch(
    writes: readonly AdapterWrite[],
    { now, signal }: CallOptions & { readonly now: number },
  ): Promise<BatchOutcome> {
    return this.#opened.batch(writes, now, signal);
  }

  readStream(key: string, { now, signal }: ReadOptions): Promise<StoredStream | undefined> {
    return this.#opened.readStream((bodies) => bodies.find(key, now), signal);
  }

  writeStream(_key: string, { signal }: CallOptions): BodyWriter {
    return this.#opened.writer(signal);
  }

  watch(listener: (change: AdapterChange) => void): Awaitable<() => void> {
    const { watcher } = this.#opened;
    return this.#opened.read(() => watcher.add(listener), undefined);
  }

  changes(range: FeedRange, { signal }: CallOptions): Awaitable<FeedPage> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.feed.page(range), signal);
  }

  lastCursor({ signal }: CallOptions): Awaitable<string> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.feed.end.cursor, signal);
  }

  info({ now, signal }: ReadOptions): Awaitable<AdapterInfo> {
    const store = this.#opened;
    return store.read(() => describeStore(store, this.#options, now), signal);
  }

  classify(error: unknown): Classification | undefined {
    return classify(error);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  get #opened(): OpenStore {
    return this.#store.current;
  }
}
