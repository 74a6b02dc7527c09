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
import { internalsOf } from "../engine/internals.js";
import { loadPart } from "../engine/load-part.js";
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
 * wrong, and `Records`, where the schema's machinery is needed. All calls wait for the same promise, which keeps them in order.
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
    return this.#ask((records) => records.save(id, verdicts, options));
  }

  load(id: string, options?: LoadOptions): Promise<Output | undefined> {
    return this.#ask((records) => records.load(id, options) as Promise<Output | undefined>);
  }

  stat(id: string, options?: OperationOptions): Promise<StorageItem | undefined> {
    return this.#ask(() => this.#view.stat(id, options));
  }

  exists(id: string, options?: OperationOptions): Promise<boolean> {
    return this.#ask(() => this.#view.exists(id, options));
  }

  delete(id: string, options?: DeleteOptions): Promise<boolean> {
    return this.#ask(() => this.#view.delete(id, options));
  }

  list(prefix?: string, options?: ListOptions): Promise<StorageItem[]> {
    return this.#ask(() => this.#view.list(prefix, options));
  }

  async *scan(prefix?: string, options?: ScanOptions): AsyncGenerator<StorageItem, void, undefined> {
    yield* await this.#ask(async () => this.#view.scan(prefix, options));
  }

  search(query: CollectionQuery<Path>): Promise<Found<Output>[]> {
    return this.#ask((records) => records.search(query) as Promise<Found<Output>[]>);
  }

  count(query: CollectionQuery<Path> = {}): Promise<number> {
    return this.#ask((records) => records.count(query));
  }

  update(
    id: string,
    change: (
      current: Output | undefined,
      item: StorageItem | undefined,
    ) => Input | undefined | Promise<Input | undefined>,
    options?: UpdateOptions,
  ): Promise<StorageItem | undefined> {
    return this.#ask((records) =>
      records.update(id, change as (current: unknown, item: StorageItem | undefined) => unknown, options),
    );
  }

  batch(
    operations: readonly CollectionOperation<Input>[],
    options?: OperationOptions,
  ): Promise<(StorageItem | boolean)[]> {
    const { schema } = this.#definition;
    const verdicts = Array.isArray(operations)
      ? operations.map((each: unknown) => (isSave(each) ? judgeStorable(schema, each.data) : undefined))
      : [];
    return this.#ask((records) => records.batch(operations, verdicts, options));
  }

  history(id: string, options?: OperationOptions): Promise<PreviousVersion[]> {
    return this.#ask(() => this.#view.history(id, options));
  }

  restore(id: string, version: string, options?: RestoreOptions): Promise<StorageItem> {
    return this.#ask(() => this.#view.restore(id, version, options));
  }

  async *changes(since?: string, options?: OperationOptions): AsyncGenerator<Change, void, undefined> {
    yield* await this.#ask(async () => this.#view.changes(since, options));
  }

  watch(prefix: string, listener: ChangeListener): Promise<Unwatch> {
    return this.#ask(() => this.#view.watch(prefix, listener));
  }

  status(options?: OperationOptions): Promise<CollectionStatus> {
    return this.#ask((records) => records.status(options));
  }

  migrateAll(options?: MigrateAllOptions): Promise<MigrateAllReport> {
    return this.#ask((records) => records.migrateAll(options));
  }

  async #ask<T>(question: (records: Records) => Promise<T>): Promise<T> {
    this.#records ??= loadPart(import("./records.js")).then(({ openRecords }) =>
      openRecords(internalsOf(this.#view), this.name, this.#definition),
    );
    return question(await this.#records);
  }
}

function isSave(operation: unknown): operation is { data: unknown } {
  return typeof operation === "object" && operation !== null && "type" in operation && operation.type === "save";
}
