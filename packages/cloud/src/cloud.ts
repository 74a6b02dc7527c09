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
  OpenOnce,
  type OpenState,
  type ParsedQuery,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  SPI_VERSION,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  type StoredStream,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { classify } from "./classify.js";
import { type SignedDownload, type SignOptions, signDownload } from "./downloads.js";
import { historyOf, rewrap } from "./history.js";
import { OpenStore } from "./open-store.js";
import { type CloudOptions, type CompleteOptions, completeOptions } from "./options.js";
import { type Shares, sharesOf } from "./shares.js";
import { CloudWriter, putOutcome } from "./write-stream.js";

const MiB = 2 ** 20;

const CAPABILITIES: Capabilities = {
  durability: "media",
  compareAndSet: "cross-process",
  batch: "atomic",
  query: "native",
  watch: "cross-process",
  changes: "native",
  history: "native",
  streams: "bounded",
  limits: { body: 16_384 * MiB, bufferedBody: 256 * MiB },
};

/** What this backend has beyond the contract. */
export interface CloudAdapter extends StorageAdapter {
  /** Sharing with other users of the project. To be used while the adapter is open. */
  readonly shares: Shares;
  /**
   * Addresses from which a body above 64 KiB can be downloaded directly, for an image or a player; undefined when the key is not
   * there. They go on to work after a share is revoked, until their time is over. Keys are the store's own, namespaces included.
   *
   * @throws UNSUPPORTED for a smaller body, and where the server gives no such addresses.
   */
  signDownload(key: string, options?: SignOptions): Promise<SignedDownload | undefined>;
}

/**
 * Keeps a store in a Supabase project: items in rows that only their owner sees, large bodies in a private bucket.
 *
 * @throws INVALID_OPTION
 * @example
 * const client = createClient(url, publishableKey);
 * await client.auth.signInWithPassword({ email, password });
 * const storage = await openStorage(cloud({ client }));
 */
export function cloud(options: CloudOptions): CloudAdapter {
  return new Adapter(completeOptions(options));
}

class Adapter implements CloudAdapter {
  readonly name = "cloud";
  readonly spi = SPI_VERSION;
  readonly capabilities: Capabilities = CAPABILITIES;
  readonly history: History = historyOf(() => this.#opened);
  readonly shares: Shares = sharesOf(() => this.#opened);
  readonly #options: CompleteOptions;
  readonly #store = new OpenOnce<OpenStore>("cloud");

  constructor(options: CompleteOptions) {
    this.#options = options;
  }

  async open(context: AdapterContext): Promise<OpenState> {
    const { lastVersion } = await this.#store.open(() => OpenStore.open(this.#options, context));
    return { lastVersion };
  }

  async stat(key: string, options: ReadOptions): Promise<RecordHeader | undefined> {
    return this.#opened.stat(key, options);
  }

  async get(key: string, options: ReadOptions): Promise<StoredRecord | undefined> {
    return this.#opened.get(key, null, options);
  }

  async list(range: ListRange, options: ReadOptions): Promise<RecordHeader[]> {
    return this.#opened.list(range, options);
  }

  async query(query: ParsedQuery, options: ReadOptions): Promise<RecordHeader[]> {
    return this.#opened.search.query(query, options);
  }

  async count(query: ParsedQuery, options: ReadOptions): Promise<number> {
    return this.#opened.search.count(query, options);
  }

  async put(record: WriteRecord, { expect, now }: PutCondition, { signal }: CallOptions): Promise<PutOutcome> {
    return putOutcome(await this.#opened.writes.apply([{ type: "put", record, expect }], { now, signal }));
  }

  async delete(
    key: string,
    { version, expect, now }: DeleteCondition,
    { signal }: CallOptions,
  ): Promise<DeleteOutcome> {
    const write: AdapterWrite = { type: "delete", key, version, expect };
    const outcome = await this.#opened.writes.apply([write], { now, signal });
    if (outcome.outcome === "refused") return outcome.reason;
    const [result] = outcome.results;
    if (result === undefined || result.outcome === "written") {
      throw new StorageError("INTERNAL", "the server answered a deletion as if it were a put");
    }
    return result;
  }

  async batch(
    writes: readonly AdapterWrite[],
    { now, signal }: CallOptions & { readonly now: number },
  ): Promise<BatchOutcome> {
    return this.#opened.writes.apply(writes, { now, signal });
  }

  async readStream(key: string, options: ReadOptions): Promise<StoredStream | undefined> {
    return this.#opened.readStream(key, null, options);
  }

  async writeStream(_key: string, { signal }: CallOptions): Promise<BodyWriter> {
    const { bodies, writes } = this.#opened;
    return new CloudWriter(bodies, writes, signal);
  }

  async watch(listener: (change: AdapterChange) => void): Promise<() => void> {
    return this.#opened.watcher.add(listener);
  }

  async changes(range: FeedRange, { signal }: CallOptions): Promise<FeedPage> {
    return this.#opened.feed.page(range, signal);
  }

  async lastCursor({ signal }: CallOptions): Promise<string> {
    const { feed } = this.#opened;
    return feed.cursorOf(await feed.end(signal));
  }

  rewrap(key: string, version: Version, encryption: EncryptionHeader, options: CallOptions): Promise<boolean> {
    return rewrap(this.#opened, key, version, encryption, options);
  }

  async info({ now, signal }: ReadOptions): Promise<AdapterInfo> {
    const { connection, store, feed } = this.#opened;
    const { items, bytes } = await connection.call<{ items: number; bytes: number }>(
      "holdfast_info",
      { p_store: store, p_now: now },
      signal,
    );
    return { items, bytes, details: { store: this.#options.store, epoch: feed.epoch } };
  }

  signDownload(key: string, options?: SignOptions): Promise<SignedDownload | undefined> {
    return signDownload(() => this.#opened, key, options);
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
