import {
  type AdapterChange,
  type AdapterContext,
  type AdapterInfo,
  type AdapterWrite,
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
import { classify } from "./classify.js";
import { OpenStore } from "./open-store.js";
import { type CompleteOptions, completeOptions, type IndexedDbOptions } from "./options.js";
import { get, list, livingRow, stat } from "./reads.js";
import { count, query } from "./search.js";
import type { SpaceEstimate } from "./space-estimate.js";
import { toStored } from "./stored-key.js";

const MiB = 2 ** 20;

/** What this backend has beyond the contract. */
export interface IndexedDbAdapter extends StorageAdapter {
  /** Asks the browser to keep this site's data when it runs out of room; resolves to whether it will. It may ask its user. */
  persist(): Promise<boolean>;
  /** Whether the browser has promised that. */
  persisted(): Promise<boolean>;
  /** What this site uses, and may use, of the medium: the browser's estimate, in bytes, everything of the site counted. */
  estimate(): Promise<SpaceEstimate>;
}

/**
 * Keeps a store in one IndexedDB database, in windows and workers.
 *
 * @throws INVALID_OPTION, UNSUPPORTED
 * @example
 * const storage = await openStorage(indexeddb({ name: "my-app" }));
 */
export function indexeddb(options: IndexedDbOptions): IndexedDbAdapter {
  return new Adapter(completeOptions(options));
}

// Most stores never ask for what once stood, or for how much room there is.
const loadHistory = () => import("./history.js");
const loadSpace = () => import("./space.js");

class Adapter implements IndexedDbAdapter {
  readonly name = "indexeddb";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities;
  readonly maintain: Maintenance = {
    compact: async ({ signal }) => (await import("./compact.js")).compact(this.#opened, signal),
  };
  readonly history: History = {
    list: async (key, { now }) => (await loadHistory()).list(this.#opened, key, now),
    get: async (key, version, { now }) => (await loadHistory()).get(this.#opened, key, version, now),
    readStream: async (key, version, { now }) => {
      const { find } = await loadHistory();
      return (await this.#opened.bodies()).read((transaction) => find(transaction, key, version, now));
    },
    scan: async (range, { now }) => (await loadHistory()).scan(this.#opened, range, now),
    drop: async (key, version) => (await loadHistory()).drop(this.#opened, key, version),
    sweep: async (prefix, { now, signal }) => (await loadHistory()).sweep(this.#opened, prefix, now, signal),
  };
  readonly #options: CompleteOptions;
  readonly #store = new OpenOnce<OpenStore>("indexeddb");

  constructor(options: CompleteOptions) {
    this.#options = options;
    this.capabilities = {
      durability: options.durability === "strict" ? "media" : "process",
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
    const { lastVersion } = await this.#store.open(() => OpenStore.open(this.#options, context));
    return { lastVersion };
  }

  async stat(key: string, { now }: ReadOptions): Promise<RecordHeader | undefined> {
    return stat(this.#opened.connection, key, now);
  }

  async get(key: string, { now }: ReadOptions): Promise<StoredRecord | undefined> {
    return get(this.#opened, key, now);
  }

  async list(range: ListRange, { now }: ReadOptions): Promise<RecordHeader[]> {
    return list(this.#opened.connection, range, now);
  }

  async query(asked: ParsedQuery, { now }: ReadOptions): Promise<RecordHeader[]> {
    return query(this.#opened.connection, asked, now);
  }

  async count(asked: ParsedQuery, { now }: ReadOptions): Promise<number> {
    return count(this.#opened.connection, asked, now);
  }

  async put(record: WriteRecord, condition: PutCondition, { signal }: CallOptions): Promise<PutOutcome> {
    return this.#opened.writer.put(record, condition, signal);
  }

  async delete(key: string, condition: DeleteCondition, { signal }: CallOptions): Promise<DeleteOutcome> {
    return this.#opened.writer.delete(key, condition, signal);
  }

  async rewrap(key: string, version: Version, encryption: EncryptionHeader): Promise<boolean> {
    return (await loadHistory()).rewrap(this.#opened, key, version, encryption);
  }

  async batch(
    writes: readonly AdapterWrite[],
    { now, signal }: CallOptions & { readonly now: number },
  ): Promise<BatchOutcome> {
    return this.#opened.writer.batch(writes, now, signal);
  }

  async readStream(key: string, { now }: ReadOptions): Promise<StoredStream | undefined> {
    const store = this.#opened;
    return (await store.bodies()).read((transaction) => livingRow(transaction, store, key, now));
  }

  async writeStream(key: string, { signal }: CallOptions): Promise<BodyWriter> {
    return (await this.#opened.bodies()).write([toStored(key)], signal);
  }

  async watch(listener: (change: AdapterChange) => void): Promise<() => void> {
    return (await this.#opened.feed()).watch(listener);
  }

  async changes(range: FeedRange): Promise<FeedPage> {
    return (await this.#opened.feed()).changes(range);
  }

  async lastCursor(): Promise<string> {
    return (await this.#opened.feed()).lastCursor();
  }

  async info({ now }: ReadOptions): Promise<AdapterInfo> {
    return (await loadSpace()).describe(this.#opened.connection, this.#options, now);
  }

  async persist(): Promise<boolean> {
    return (await loadSpace()).persist();
  }

  async persisted(): Promise<boolean> {
    return (await loadSpace()).persisted();
  }

  async estimate(): Promise<SpaceEstimate> {
    return (await loadSpace()).estimate();
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
