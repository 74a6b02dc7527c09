import type { StandardSchemaV1 } from "@standard-schema/spec";
import { chain } from "../awaitable.js";
import type { StorageCapabilities } from "../contract/capabilities.js";
import type { Collection, CollectionOptions, DataPath } from "../contract/collection.js";
import type { Difference, LoadOptions, PreviousVersion, RestoreOptions } from "../contract/history.js";
import type { StorageMetrics } from "../contract/operations.js";
import type {
  BatchOperation,
  DeleteOptions,
  ListOptions,
  OperationOptions,
  SaveOptions,
  ScanOptions,
  UpdateOptions,
} from "../contract/options.js";
import type { Query } from "../contract/query.js";
import type { RepairReport, StorageInfo, VerifyOptions, VerifyReport } from "../contract/reports.js";
import type { ByteSource, StorageEngine } from "../contract/storage-engine.js";
import type { StorageItem } from "../contract/storage-item.js";
import type { Change, ChangeListener, Unwatch } from "../contract/watch.js";
import { checkKey, checkPrefix } from "../keys.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import {
  checkListOptions,
  checkLoadOptions,
  checkOperationOptions,
  namedVersion,
  requireFunction,
  signalOf,
} from "./arguments.js";
import type { Operation } from "./failure.js";
import { type Internals, internals } from "./internals.js";
import { itemOf, itemsOf } from "./items.js";
import { readRecord, readValue } from "./read-version.js";
import { headersBelow } from "./scan.js";
import { countHeaders, searchHeaders } from "./search.js";
import type { Session } from "./session.js";
import type { CheckedSave } from "./write-options.js";

/** What is loaded while a store opens. */
type Writing = typeof import("./writing.js");

/** The contract over one session, seen from below a prefix. */
export class Storage implements StorageEngine {
  readonly #session: Session;
  readonly #writing: Writing;
  readonly #prefix: string;
  /** The storage that this is a namespace of. */
  readonly #parent: Storage | undefined;
  readonly #watches = new Set<Unwatch>();
  #viewClosed = false;

  constructor(session: Session, writing: Writing, prefix: string, parent?: Storage) {
    this.#session = session;
    this.#writing = writing;
    this.#prefix = prefix;
    this.#parent = parent;
  }

  save<T>(key: string, data: T, options?: SaveOptions): Promise<StorageItem> {
    return this.#run("save", key, options, (operation) => {
      const path = this.#pathOf(key);
      const { checkSaveOptions, saveValue } = this.#writing;
      const put = saveValue(this.#session, operation, path, data, checkSaveOptions(options));
      return chain(put, (header) => itemOf(this.#session, header, this.#prefix));
    });
  }

  load<T = unknown>(key: string, options?: LoadOptions): Promise<T | undefined> {
    return this.#run("load", key, options, (operation) => {
      const version = checkLoadOptions(options);
      return chain(readRecord(this.#session, operation, { key: this.#pathOf(key), version }), (record) =>
        // What the bytes are is the caller's word; collections check it.
        record === undefined ? undefined : (readValue(this.#session, record) as Awaitable<T>),
      );
    });
  }

  stat(key: string, options?: OperationOptions): Promise<StorageItem | undefined> {
    return this.#run("stat", key, options, async (operation) => {
      checkOperationOptions(options);
      const header = await this.#stat(operation, this.#pathOf(key));
      return header === undefined ? undefined : itemOf(this.#session, header, this.#prefix);
    });
  }

  exists(key: string, options?: OperationOptions): Promise<boolean> {
    return this.#run("exists", key, options, async (operation) => {
      checkOperationOptions(options);
      return (await this.#stat(operation, this.#pathOf(key))) !== undefined;
    });
  }

  delete(key: string, options?: DeleteOptions): Promise<boolean> {
    return this.#run("delete", key, options, (operation) =>
      this.#writing.deleteItem(this.#session, operation, this.#pathOf(key), options),
    );
  }

  list(prefix = "", options: ListOptions = {}): Promise<StorageItem[]> {
    return this.#run("list", undefined, options, async (operation) => {
      const { after, limit } = checkListOptions(options, ["after", "limit"]);
      const items: StorageItem[] = [];
      for await (const page of this.#pages(operation, prefix, after, limit)) {
        items.push(...(await itemsOf(this.#session, page, this.#prefix)));
      }
      return items;
    });
  }

  async *scan(prefix = "", options: ScanOptions = {}): AsyncGenerator<StorageItem, void, undefined> {
    let last: string | undefined;
    // Each page is an operation of its own: a scan that nobody goes on with holds nothing open.
    for (;;) {
      const from = last;
      const page = await this.#run("scan", undefined, options, async (operation) => {
        const after = from ?? checkListOptions(options, ["after"]).after;
        const pages = this.#pages(operation, prefix, after, Number.MAX_SAFE_INTEGER);
        const { value } = await pages.next();
        return value && itemsOf(this.#session, value, this.#prefix);
      });
      if (page === undefined) return;
      last = page.at(-1)?.key;
      yield* page;
    }
  }

  search(query: Query): Promise<StorageItem[]> {
    return this.#run("search", undefined, query, async (operation) => {
      const headers = await searchHeaders(this.#session, operation, this.#prefix, query);
      return itemsOf(this.#session, headers, this.#prefix);
    });
  }

  count(query: Query = {}): Promise<number> {
    return this.#run("count", undefined, query, (operation) =>
      countHeaders(this.#session, operation, this.#prefix, query),
    );
  }

  update<T = unknown>(
    key: string,
    change: (current: T | undefined, item: StorageItem | undefined) => T | undefined | Promise<T | undefined>,
    options?: UpdateOptions,
  ): Promise<StorageItem | undefined> {
    return this.#run("update", key, options, async (operation) => {
      const path = this.#pathOf(key);
      const { checkUpdateOptions, saveValue } = this.#writing;
      const named = checkUpdateOptions(options);
      requireFunction("change", change);
      const put = (data: T, save: CheckedSave) => saveValue(this.#session, operation, path, data, save);
      const { updateValue } = await import("./update.js");
      return updateValue(this.#session, operation, { path, prefix: this.#prefix, named, change, put });
    });
  }

  batch(operations: readonly BatchOperation[], options?: OperationOptions): Promise<(StorageItem | boolean)[]> {
    return this.#run("batch", undefined, options, async (operation) => {
      checkOperationOptions(options);
      return this.#writing.runBatch(this.#session, operation, this.#prefix, operations);
    });
  }

  saveStream(key: string, source: ByteSource, options?: Omit<SaveOptions, "format">): Promise<StorageItem> {
    return this.#run("saveStream", key, options, async (operation) => {
      const path = this.#pathOf(key);
      const checked = this.#writing.checkSaveOptions(options, ["format"]);
      const { saveStream } = await import("./streams.js");
      return itemOf(this.#session, await saveStream(this.#session, operation, path, source, checked), this.#prefix);
    });
  }

  loadStream(key: string, options?: LoadOptions): Promise<ReadableStream<Uint8Array> | undefined> {
    return this.#run("loadStream", key, options, async (operation) => {
      const wanted = { version: checkLoadOptions(options), key: this.#pathOf(key) };
      const { loadStream } = await import("./streams.js");
      return loadStream(this.#session, operation, wanted);
    });
  }

  async *changes(since?: string, options: OperationOptions = {}): AsyncGenerator<Change, void, undefined> {
    const reader = await this.#run("changes", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { FeedReader } = await import("./changes.js");
      return FeedReader.open(this.#session, operation, this.#prefix, since);
    });
    // Each page is an operation of its own, as for a scan.
    for (;;) {
      const page = await this.#run("changes", undefined, options, (operation) => reader.next(operation));
      if (page === undefined) return;
      yield* page;
    }
  }

  history(key: string, options?: OperationOptions): Promise<PreviousVersion[]> {
    return this.#run("history", key, options, async (operation) => {
      const path = this.#pathOf(key);
      checkOperationOptions(options);
      const { listVersions } = await import("./history.js");
      return listVersions(this.#session, operation, path, this.#prefix);
    });
  }

  restore(key: string, version: string, options?: RestoreOptions): Promise<StorageItem> {
    return this.#run("restore", key, options, async (operation) => {
      const path = this.#pathOf(key);
      const named = namedVersion("version", version);
      const { versions, writes } = this.#session;
      const { expect } = this.#writing.checkRestoreOptions(options);
      const fresh = versions.next();
      const prepared = import("./history.js").then(({ prepareRestore }) =>
        prepareRestore(this.#session, operation, path, named, fresh),
      );
      const header = await writes.turn([path], prepared, (write, turn) => write(expect, turn));
      return itemOf(this.#session, header, this.#prefix);
    });
  }

  diff(key: string, from: string, to?: string, options?: OperationOptions): Promise<Difference[]> {
    return this.#run("diff", key, options, async (operation) => {
      const path = this.#pathOf(key);
      const before = namedVersion("from", from);
      const after = to === undefined ? undefined : namedVersion("to", to);
      checkOperationOptions(options);
      const { diffVersions } = await import("./history.js");
      return diffVersions(this.#session, operation, path, before, after);
    });
  }

  watch(prefix: string, listener: ChangeListener): Promise<Unwatch> {
    return this.#run("watch", undefined, undefined, async () => {
      requireFunction("listener", listener);
      const start = this.#prefix.length;
      const below = this.#prefix + checkPrefix(prefix);
      const watchers = await this.#session.watchers();
      const unwatch = await watchers.add(below, (change) => listener({ ...change, key: change.key.slice(start) }));
      const views = this.#lineage();
      for (const view of views) view.#watches.add(unwatch);
      const end = () => {
        for (const view of views) view.#watches.delete(unwatch);
        return unwatch();
      };
      if (!this.#closed()) return end;
      await end();
      throw this.#session.closedError({ name: "watch" });
    });
  }

  /** Throws INVALID_KEY. */
  namespace(prefix: string): StorageEngine {
    return new Storage(this.#session, this.#writing, `${this.#prefix}${checkKey(prefix)}/`, this);
  }

  /** Throws INVALID_KEY, and INVALID_OPTION for options that are no object. */
  collection<
    Schema extends StandardSchemaV1,
    const Index extends readonly DataPath<StandardSchemaV1.InferOutput<Schema>>[] = [],
  >(
    name: string,
    options: CollectionOptions<Schema, Index>,
  ): Collection<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Index[number]> {
    return this.#writing.openCollection(this.namespace(name), name, options);
  }

  verify(prefix = "", options: VerifyOptions = {}): Promise<VerifyReport> {
    return this.#run("verify", undefined, options, async (operation) => {
      checkOperationOptions(options, ["progress"]);
      const { progress } = options;
      checkPrefix(prefix);
      const { verifyStore } = await import("./verify.js");
      return verifyStore(this.#session, operation, this.#prefix, prefix, progress);
    });
  }

  repair(options?: OperationOptions): Promise<RepairReport> {
    return this.#run("repair", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { repairStore } = await import("./verify.js");
      return repairStore(this.#session, operation, this.#prefix);
    });
  }

  sweep(options?: OperationOptions): Promise<number> {
    return this.#run("sweep", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { sweepExpired } = await import("./sweep.js");
      return sweepExpired(this.#session, operation, this.#prefix);
    });
  }

  flush(options?: OperationOptions): Promise<void> {
    return this.#run("flush", undefined, options, async ({ signal }) => {
      checkOperationOptions(options);
      await this.#session.adapter.flush?.({ signal });
    });
  }

  compact(options?: OperationOptions): Promise<void> {
    return this.#run("compact", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { signal } = operation;
      await this.#session.ask(operation, () => this.#session.adapter.maintain?.compact?.({ signal }));
    });
  }

  getInfo(options?: OperationOptions): Promise<StorageInfo> {
    return this.#run("getInfo", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { storageInfo } = await import("./info.js");
      return storageInfo(this.#session, operation);
    });
  }

  getCapabilities(): StorageCapabilities {
    const native = structuredClone(this.#session.adapter.capabilities);
    // `batch` is all or nothing, or it is refused.
    const batch = native.batch === "atomic" ? "atomic" : "none";
    return { native, effective: { ...structuredClone(native), batch } };
  }

  getMetrics(): StorageMetrics | undefined {
    return this.#session.observation?.metrics;
  }

  async close(): Promise<void> {
    this.#viewClosed = true;
    if (this.#parent === undefined) return this.#session.close();
    await Promise.all(Array.from(this.#watches, (unwatch) => unwatch()));
    this.#watches.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For the migrator, which moves records as they are, and for collections. */
  get [internals](): Internals {
    return {
      session: this.#session,
      prefix: this.#prefix,
      run: (name, key, options, work) => this.#run(name, key, options, work),
      enter: (name, key, options, waiting, next) =>
        this.#called(name, key, options, (operation) => this.#session.enter(operation, waiting, next)),
      pathOf: (key) => this.#pathOf(key),
    };
  }

  #run<T>(name: string, key: unknown, options: unknown, work: (operation: Operation) => Awaitable<T>): Promise<T> {
    return this.#called(name, key, options, (operation) => this.#session.run(operation, work, this.#prefix));
  }

  #called<T>(name: string, key: unknown, options: unknown, run: (operation: Operation) => Promise<T>): Promise<T> {
    const subject = typeof key === "string" ? key : undefined;
    if (this.#closed() && !this.#session.admitted) {
      return Promise.reject(this.#session.closedError({ name, key: subject }));
    }
    try {
      return run({ name, key: subject, signal: signalOf(options) });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #closed(): boolean {
    if (this.#viewClosed) return true;
    return this.#parent === undefined ? false : this.#parent.#closed();
  }

  /** This view and those that it lies in: the end of each of them is its end. That of the whole storage is the session's. */
  #lineage(): Storage[] {
    return this.#parent === undefined ? [] : [this, ...this.#parent.#lineage()];
  }

  /** The key as the store knows it; throws INVALID_KEY. */
  #pathOf(key: unknown): string {
    checkKey(key);
    return this.#prefix === "" ? (key as string) : checkKey(this.#prefix + key);
  }

  #stat(operation: Operation, path: string): Awaitable<RecordHeader | undefined> {
    const { signal } = operation;
    return this.#session.ask(operation, () => this.#session.adapter.stat(path, { now: this.#session.now(), signal }));
  }

  async *#pages(
    operation: Operation,
    prefix: string,
    after: string | undefined,
    limit: number,
  ): AsyncGenerator<RecordHeader[]> {
    const start = this.#prefix;
    yield* headersBelow(this.#session, operation, {
      prefix: start + checkPrefix(prefix),
      after: after === undefined ? undefined : start + after,
      limit,
    });
  }
}
