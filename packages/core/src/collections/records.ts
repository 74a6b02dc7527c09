import type { StandardSchemaV1 } from "@standard-schema/spec";
import type {
  CollectionOptions,
  CollectionStatus,
  Found,
  MigrateAllOptions,
  MigrateAllReport,
} from "../contract/collection.js";
import type { LoadOptions } from "../contract/history.js";
import type { BatchOperation, OperationOptions, SaveOptions, UpdateOptions } from "../contract/options.js";
import type { StorageItem } from "../contract/storage-item.js";
import { checkLoadOptions, checkOperationOptions, requireFunction } from "../engine/arguments.js";
import { runBatch } from "../engine/batch.js";
import { callersOwn, type Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { isSealed, itemOf, revealed, toItem } from "../engine/items.js";
import { readRecord } from "../engine/read-version.js";
import { everyHeader } from "../engine/scan.js";
import { untilAborted } from "../engine/until-aborted.js";
import { keepUnnamed } from "../engine/update.js";
import { checkSaveOptions, checkUpdateOptions } from "../engine/write-options.js";
import { type ErrorCode, StorageError } from "../errors.js";
import { parseForCount, parseQuery } from "../query/parse-query.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import type { Awaitable, RecordHeader, StoredRecord } from "../spi/index.js";
import { type Definition, defineCollection } from "./definition.js";
import { checkMigrateAllOptions, migrateAll } from "./migrate-all.js";
import { OutdatedItems } from "./outdated-items.js";
import { readStanding, type Scope } from "./scope.js";
import { DataSearch } from "./search-data.js";
import { isCurrent, labelOf } from "./stored-version.js";
import { upgrade } from "./upgrade.js";
import { judgeStorable, type StorableVerdict } from "./verdict.js";
import { acceptSaved, formatThatHolds, marksOf, rewrite, write, writeJudged } from "./write-data.js";

// With these a store says that it cannot take a write, now or from here. Reading goes on without.
const NO_REASON_NOT_TO_READ: readonly ErrorCode[] = [
  "CONFLICT",
  "LOCKED",
  "QUOTA_EXCEEDED",
  "TIMEOUT",
  "UNAUTHORIZED",
  "UNAVAILABLE",
  "UNSUPPORTED",
];

/** Throws INVALID_OPTION for a definition that is wrong. */
export function openRecords(
  internals: Internals,
  name: string,
  options: CollectionOptions<StandardSchemaV1, readonly string[]>,
): Records {
  return new Records(internals, defineCollection(name, options));
}

/** What a collection does with the items of an open storage. Data comes judged by the schema. */
export class Records {
  readonly #internals: Internals;
  readonly #definition: Definition;
  readonly #scope: Scope;
  readonly #search: DataSearch;

  constructor(internals: Internals, definition: Definition) {
    this.#internals = internals;
    this.#definition = definition;
    this.#scope = { internals, definition };
    this.#search = new DataSearch(this.#scope, new OutdatedItems(this.#scope), async (operation, path) => {
      const record = await readStanding(this.#scope, operation, path);
      return record === undefined ? undefined : this.#read(operation, record);
    });
  }

  save(id: string, verdict: Awaitable<StorableVerdict>, options: SaveOptions | undefined): Promise<StorageItem> {
    return this.#internals.run("save", id, options, async (operation) => {
      const path = this.#internals.pathOf(id);
      const header = await writeJudged(this.#scope, operation, path, verdict, checkSaveOptions(options));
      return this.#item(header);
    });
  }

  load(id: string, options: LoadOptions | undefined): Promise<unknown> {
    return this.#internals.run("load", id, options, async (operation) => {
      const version = checkLoadOptions(options);
      const record = await readRecord(this.#internals.session, operation, { key: this.#internals.pathOf(id), version });
      if (record === undefined) return undefined;
      // A version that is asked for by name is looked at as it was.
      if (version !== undefined) return (await upgrade(this.#scope, operation, record)).data;
      return (await this.#read(operation, record)).data;
    });
  }

  update(
    id: string,
    change: (current: unknown, item: StorageItem | undefined) => unknown,
    options: UpdateOptions | undefined,
  ): Promise<StorageItem | undefined> {
    return this.#internals.run("update", id, options, async (operation) => {
      const path = this.#internals.pathOf(id);
      const named = checkUpdateOptions(options);
      requireFunction("change", change);
      for (;;) {
        const record = await readStanding(this.#scope, operation, path);
        const current = record === undefined ? undefined : (await upgrade(this.#scope, operation, record)).data;
        const header = record && (await revealed(this.#internals.session, record.header));
        const item = header && toItem(structuredClone(header), this.#internals.prefix);
        const changed = await callersOwn(change, current, item);
        if (changed === undefined) return header && toItem(header, this.#internals.prefix);
        const verdict = judgeStorable(this.#definition.schema, changed);
        // Before anything is tried: what a schema throws, a CONFLICT of its own as well, is no reason to begin again.
        const data = acceptSaved(this.#scope, path, await untilAborted(Promise.resolve(verdict), operation.signal));
        const kept = keepUnnamed(named, header, record !== undefined && isSealed(record.header));
        const format = named.format ?? (header && formatThatHolds(header.format, data));
        try {
          return await this.#item(await write(this.#scope, operation, path, data, { ...kept, format }));
        } catch (error) {
          if (!StorageError.is(error, "CONFLICT")) throw error;
        }
        operation.signal?.throwIfAborted();
      }
    });
  }

  /** `verdicts` stand at the places of the saves. */
  batch(
    operations: readonly BatchOperation[],
    verdicts: readonly (Awaitable<StorableVerdict> | undefined)[],
    options: OperationOptions | undefined,
  ): Promise<(StorageItem | boolean)[]> {
    const { session, prefix } = this.#internals;
    return this.#internals.run("batch", undefined, options, async (operation) => {
      checkOperationOptions(options);
      return runBatch(session, operation, prefix, operations, async (place) => {
        const verdict = await verdicts[place];
        const { key } = operations[place] as BatchOperation;
        const data = verdict === undefined ? undefined : acceptSaved(this.#scope, prefix + key, verdict);
        return { data, marks: marksOf(this.#definition, data) };
      });
    });
  }

  search(query: unknown): Promise<Found<unknown>[]> {
    return this.#internals.run("search", undefined, query, async (operation) => {
      const parsed = this.#below(parseQuery(query, this.#definition.index));
      return parsed === undefined ? [] : this.#search.search(operation, parsed);
    });
  }

  count(query: unknown): Promise<number> {
    return this.#internals.run("count", undefined, query, async (operation) => {
      const parsed = this.#below(parseForCount(query, this.#definition.index));
      return parsed === undefined ? 0 : this.#search.count(operation, parsed);
    });
  }

  status(options: OperationOptions | undefined): Promise<CollectionStatus> {
    const { session, prefix } = this.#internals;
    return this.#internals.run("status", undefined, options, async (operation) => {
      checkOperationOptions(options);
      const { name, version } = this.#definition;
      const status: CollectionStatus = { name, version: version.text, items: 0, versions: {}, current: 0 };
      for await (const header of everyHeader(session, operation, prefix)) {
        const label = labelOf(header, this.#definition);
        status.items++;
        status.versions[label] = (status.versions[label] ?? 0) + 1;
        if (isCurrent(header, this.#definition)) status.current++;
      }
      return status;
    });
  }

  migrateAll(options: MigrateAllOptions = {}): Promise<MigrateAllReport> {
    return this.#internals.run("migrateAll", undefined, options, async (operation) => {
      checkMigrateAllOptions(options);
      return migrateAll(this.#scope, operation, options);
    });
  }

  /** Upgraded and, where that is wanted, written back. */
  async #read(operation: Operation, record: StoredRecord): Promise<{ header: RecordHeader; data: unknown }> {
    const { data, found } = await upgrade(this.#scope, operation, record);
    // Newer data stays, and so does the index of other code: the two would undo each other's work for ever.
    if (found !== "outdated" || !this.#definition.writeBack) return { header: record.header, data };
    try {
      return { header: await rewrite(this.#scope, operation, record.header, data), data };
    } catch (error) {
      operation.signal?.throwIfAborted();
      if (!StorageError.is(error) || !NO_REASON_NOT_TO_READ.includes(error.code)) throw error;
      return { header: record.header, data };
    }
  }

  #item(header: RecordHeader): Awaitable<StorageItem> {
    return itemOf(this.#internals.session, header, this.#internals.prefix);
  }

  #below(parsed: ParsedQuery | undefined): ParsedQuery | undefined {
    return parsed === undefined ? undefined : { ...parsed, prefix: this.#internals.prefix + parsed.prefix };
  }
}
