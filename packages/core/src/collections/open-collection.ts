import type { StandardSchemaV1 } from "@standard-schema/spec";
import type {
  Collection,
  CollectionOperation,
  CollectionOptions,
  CollectionQuery,
  CollectionStatus,
  Found,
  MigrateAllOptions,
  MigrateAllReport,
} from "../contract/collection.js";
import type { LoadOptions, PreviousVersion, RestoreOptions } from "../contract/history.js";
import type {
  DeleteOptions,
  ListOptions,
  OperationOptions,
  SaveOptions,
  ScanOptions,
  UpdateOptions,
} from "../contract/options.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import type { StorageItem } from "../contract/storage-item.js";
import type { Change, ChangeListener, Unwatch } from "../contract/watch.js";
import { requireObject } from "../engine/arguments.js";
import { type Internals, internalsOf } from "../engine/internals.js";
import { loadPart } from "../engine/load-part.js";
import { isPlainObject } from "../invalid-option.js";
import { ownCopy } from "../query/own-copy.js";
import { ownOptions } from "./own-options.js";
import type { Records } from "./records.js";
import { judgeStorable } from "./verdict.js";

type Definition = CollectionOptions<StandardSchemaV1, readonly string[]>;

/** `view` shows the keys of the collection. Throws INVALID_OPTION unless the definition is an object; what is in it is checked later. */
export function openCollection<Input, Output, Path extends string>(
  view: StorageEngine,
  name: string,
  definition: Definition,
): Collection<Input, Output, Path> {
  return new LazyCollection<Input, Output, Path>(view, name, definition);
}

/**
 * Hands every call to what is loaded with the first one: the check of the definition, which each call rejects with if it is
 * wrong, and `Records`, where the schema's machinery is needed. All calls wait for the same promise, which keeps them in order;
 * what the caller passed is copied before.
 */
class LazyCollection<Input, Output, Path extends string> implements Collection<Input, Output, Path> {
  readonly name: string;
  readonly #view: StorageEngine;
  readonly #definition: Definition;
  #records: Promise<Records> | undefined;

  constructor(view: StorageEngine, name: string, definition: Definition) {
    this.name = name;
    this.#view = view;
    requireObject("options are given as an object", definition);
    // The caller may change the object before the first call.
    this.#definition = { ...definition };
  }

  get version(): string {
    return this.#definition.version;
  }

  save(id: string, data: Input, options?: SaveOptions): Promise<StorageItem> {
    const verdicts = judgeStorable(this.#definition.schema, data);
    return this.#ask("save", id, options, (records, own) => records.save(id, verdicts, own));
  }

  load(id: string, options?: LoadOptions): Promise<Output | undefined> {
    return this.#ask("load", id, options, (records, own) => records.load(id, own) as Promise<Output | undefined>);
  }

  stat(id: string, options?: OperationOptions): Promise<StorageItem | undefined> {
    return this.#ask("stat", id, options, (_, own) => this.#view.stat(id, own));
  }

  exists(id: string, options?: OperationOptions): Promise<boolean> {
    return this.#ask("exists", id, options, (_, own) => this.#view.exists(id, own));
  }

  delete(id: string, options?: DeleteOptions): Promise<boolean> {
    return this.#ask("delete", id, options, (_, own) => this.#view.delete(id, own));
  }

  list(prefix?: string, options?: ListOptions): Promise<StorageItem[]> {
    return this.#ask("list", undefined, options, (_, own) => this.#view.list(prefix, own));
  }

  async *scan(prefix?: string, options?: ScanOptions): AsyncGenerator<StorageItem, void, undefined> {
    const { first, items } = await this.#ask("scan", undefined, options, async (_, own) => {
      const items = this.#view.scan(prefix, own)[Symbol.asyncIterator]();
      return { first: await items.next(), items };
    });
    try {
      if (first.done) return;
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => items };
    } finally {
      await items.return?.();
    }
  }

  async search(query: CollectionQuery<Path>): Promise<Found<Output>[]> {
    return this.#ask(
      "search",
      undefined,
      ownCopy(query),
      (records, own) => records.search(own) as Promise<Found<Output>[]>,
    );
  }

  async count(query: CollectionQuery<Path> = {}): Promise<number> {
    return this.#ask("count", undefined, ownCopy(query), (records, own) => records.count(own));
  }

  update(
    id: string,
    change: (
      current: Output | undefined,
      item: StorageItem | undefined,
    ) => Input | undefined | Promise<Input | undefined>,
    options?: UpdateOptions,
  ): Promise<StorageItem | undefined> {
    return this.#ask("update", id, options, (records, own) =>
      records.update(id, change as (current: unknown, item: StorageItem | undefined) => unknown, own),
    );
  }

  async batch(
    operations: readonly CollectionOperation<Input>[],
    options?: OperationOptions,
  ): Promise<(StorageItem | boolean)[]> {
    const { schema } = this.#definition;
    const isList = Array.isArray(operations);
    const verdicts = isList
      ? operations.map((each: unknown) => (isSave(each) ? judgeStorable(schema, each.data) : undefined))
      : [];
    const writes = isList ? operations.map(ownOperation) : operations;
    return this.#ask("batch", undefined, options, (records, own) => records.batch(writes, verdicts, own));
  }

  history(id: string, options?: OperationOptions): Promise<PreviousVersion[]> {
    return this.#ask("history", id, options, (_, own) => this.#view.history(id, own));
  }

  restore(id: string, version: string, options?: RestoreOptions): Promise<StorageItem> {
    return this.#ask("restore", id, options, (_, own) => this.#view.restore(id, version, own));
  }

  async *changes(since?: string, options?: OperationOptions): AsyncGenerator<Change, void, undefined> {
    yield* await this.#ask("changes", undefined, options, async (_, own) => this.#view.changes(since, own));
  }

  watch(prefix: string, listener: ChangeListener): Promise<Unwatch> {
    return this.#ask("watch", undefined, undefined, () => this.#view.watch(prefix, listener));
  }

  status(options?: OperationOptions): Promise<CollectionStatus> {
    return this.#ask("status", undefined, options, (records, own) => records.status(own));
  }

  migrateAll(options?: MigrateAllOptions): Promise<MigrateAllReport> {
    return this.#ask("migrateAll", undefined, options, (records, own) => records.migrateAll(own));
  }

  /** `question` gets the options as they are now. What it asks before it returns, `close` waits for. */
  async #ask<Options, T>(
    name: string,
    id: unknown,
    options: Options,
    question: (records: Records, own: Options) => Promise<T>,
  ): Promise<T> {
    const own = ownOptions(options);
    const internals = internalsOf(this.#view);
    return internals.enter(name, id, own, this.#opened(internals), (records) => question(records, own));
  }

  #opened(internals: Internals): Promise<Records> {
    if (this.#records === undefined) {
      const part = loadPart(() => import("./records.js"));
      this.#records = part.then(({ openRecords }) => openRecords(internals, this.name, this.#definition));
      // A call that is refused before it needs it does not ask what became of it.
      this.#records.catch(() => undefined);
      // The next call asks for it again.
      part.catch(() => {
        this.#records = undefined;
      });
    }
    return this.#records;
  }
}

function ownOperation<Operation extends CollectionOperation<unknown>>(operation: Operation): Operation {
  return isPlainObject(operation) ? { ...operation, options: ownOptions(operation.options) } : operation;
}

function isSave(operation: unknown): operation is { data: unknown } {
  return typeof operation === "object" && operation !== null && "type" in operation && operation.type === "save";
}
