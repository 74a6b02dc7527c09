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
  type FeedEntry,
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
import { classify } from "@holdfast/sqlite/item-table";
import { describeStore } from "./describe-store.js";
import { isEdit } from "./edits/edit-clock.js";
import { FileStore } from "./file-store.js";
import { historyOf } from "./history-of.js";
import { type Internals, realInternals } from "./internals.js";
import { maintenanceOf } from "./maintain/maintenance.js";
import { type CompleteOptions, completeOptions, type FilesystemOptions } from "./options.js";

const MiB = 2 ** 20;

/**
 * Keeps a store in files that people can read, compare, sync and edit, for Node.
 *
 * @throws INVALID_OPTION
 * @example
 * const storage = await openStorage(filesystem({ root: "./data" }));
 */
export function filesystem(options: FilesystemOptions): StorageAdapter {
  return filesystemOn(realInternals, options);
}

/** As `filesystem`, on other foundations: for who records, simulates or breaks them. */
export function filesystemOn(internals: Internals, options: FilesystemOptions): StorageAdapter {
  return new FilesystemAdapter(completeOptions(options), internals);
}

class FilesystemAdapter implements StorageAdapter {
  readonly name = "filesystem";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities;
  readonly history: History = historyOf(() => this.#opened);
  readonly maintain: Maintenance = maintenanceOf(() => this.#opened);
  readonly #options: CompleteOptions;
  readonly #internals: Internals;
  readonly #store = new OpenOnce<FileStore>("filesystem");

  constructor(options: CompleteOptions, internals: Internals) {
    this.#options = options;
    this.#internals = internals;
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
    const { table } = await this.#store.open(() => FileStore.open(this.#options, this.#internals, context));
    return { lastVersion: table.feed.lastVersion };
  }

  stat(key: string, { now, signal }: ReadOptions): Awaitable<RecordHeader | undefined> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.stat(key, now), signal);
  }

  get(key: string, { now, signal }: ReadOptions): Awaitable<StoredRecord | undefined> {
    return this.#opened.get(key, now, signal);
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
    return this.#opened.writes.put(record, condition, signal);
  }

  delete(key: string, condition: DeleteCondition, { signal }: CallOptions): Promise<DeleteOutcome> {
    return this.#opened.writes.delete(key, condition, signal);
  }

  rewrap(key: string, version: Version, encryption: EncryptionHeader, { signal }: CallOptions): Promise<boolean> {
    return this.#opened.writes.rewrap(key, version, encryption, signal);
  }

  batch(
    writes: readonly AdapterWrite[],
    { now, signal }: CallOptions & { readonly now: number },
  ): Promise<BatchOutcome> {
    return this.#opened.writes.batch(writes, now, signal);
  }

  readStream(key: string, { now, signal }: ReadOptions): Promise<StoredStream | undefined> {
    return this.#opened.readStream(key, now, signal);
  }

  writeStream(key: string, { signal }: CallOptions): BodyWriter {
    return this.#opened.writes.writer(key, signal);
  }

  watch(listener: (change: AdapterChange) => void): Awaitable<() => void> {
    const { watcher } = this.#opened;
    return this.#opened.read(() => watcher.add((change) => listener(withOrigin(change))), undefined);
  }

  async changes(range: FeedRange, { signal }: CallOptions): Promise<FeedPage> {
    const { table } = this.#opened;
    const page = await this.#opened.read(() => table.feed.page(range), signal);
    return page.outcome === "page" ? { ...page, changes: page.changes.map(withOrigin<FeedEntry>) } : page;
  }

  lastCursor({ signal }: CallOptions): Awaitable<string> {
    const { table } = this.#opened;
    return this.#opened.read(() => table.feed.end.cursor, signal);
  }

  info({ now, signal }: ReadOptions): Awaitable<AdapterInfo> {
    const store = this.#opened;
    return store.read(() => describeStore(store, now), signal);
  }

  flush({ signal }: CallOptions): Promise<void> {
    return this.#opened.flush(signal);
  }

  classify(error: unknown): Classification | undefined {
    return classify(error);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  get #opened(): FileStore {
    return this.#store.current;
  }
}

function withOrigin<Change extends AdapterChange>(change: Change): Change {
  return isEdit(change.version) ? { ...change, external: true } : change;
}
