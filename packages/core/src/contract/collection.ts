import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { LoadOptions, PreviousVersion, RestoreOptions } from "./history.js";
import type {
  DeleteOptions,
  ListOptions,
  OperationOptions,
  SaveOptions,
  ScanOptions,
  UpdateOptions,
} from "./options.js";
import type { Comparison, Query, Scalar } from "./query.js";
import type { Progress } from "./reports.js";
import type { StorageItem } from "./storage-item.js";
import type { Change, ChangeListener, Unwatch } from "./watch.js";

/** Versions of schemas are one to three numbers: `1.0`, `1.2.0`. What is missing counts as 0. */
export interface CollectionOptions<
  Schema extends StandardSchemaV1,
  Index extends readonly string[] = readonly string[],
> {
  /** Of zod, valibot, arktype or any other library that speaks Standard Schema. It must leave its own output as it is. */
  schema: Schema;
  /** Of the schema. Whatever changes what the schema accepts or returns wants a new one. */
  version: string;
  /** Steps between versions, in any order. */
  migrations?: readonly SchemaMigration[] | undefined;
  /** Paths of the data (`"author.name"`) that `where`, `sort` and `text` of a query may use. They are kept in the header. */
  index?: Index | undefined;
  /** What version data without one has: such as was there before, or is saved past the collection. Default: it is refused. */
  unversioned?: string | undefined;
  /** Whether reading saves what it had to upgrade; what is of the code's version, and only indexed otherwise, it leaves. Default: true. */
  writeBack?: boolean | undefined;
  /** Told once per open storage and version of data that a deprecated step was needed for. Default: `console.warn`. */
  onDeprecated?: ((notice: DeprecationNotice) => void) | undefined;
}

/** A step between two versions of a collection's data. */
export interface SchemaMigration {
  /** The version of the data that the step takes. */
  from: string;
  /** Above `from`. */
  to: string;
  /** Gets data of the version `from`, its to change, and returns data of the version `to`. */
  up(data: unknown, item: StorageItem): unknown;
  /** The other way, for code of the older version. */
  down?(data: unknown, item: StorageItem): unknown;
  /** Says what to tell when data of the version `from` is met. */
  deprecated?: string | undefined;
}

/** That data was met whose version a deprecated step leads on from. */
export interface DeprecationNotice {
  /** Its name. */
  collection: string;
  /** That of the data. */
  version: string;
  /** As the step has it. */
  message: string;
  /** The first item that was met. */
  key: string;
}

/** An item with its data. */
export interface Found<Output> extends StorageItem {
  /** Validated, and of the code's version. */
  data: Output;
}

/** A query on a collection. Indexed data by its path, metadata by `metadata.<path>`. */
export interface CollectionQuery<Path extends string = string> extends Omit<Query, "where" | "sort"> {
  /** As in a `Query`; an indexed path of the data may stand as it is. All conditions must hold. */
  where?: CollectionWhere<Path> | undefined;
  /** As in a `Query`; an indexed path of the data may stand as it is. */
  sort?: CollectionSort<Path> | undefined;
}

/** Conditions by indexed path of the data, or by `metadata.<path>`. All must hold. */
export type CollectionWhere<Path extends string = string> = {
  readonly [path in AtOrBelow<Path> | `metadata.${string}`]?: Scalar | Comparison;
};

/** What a query of a collection may be sorted by; a leading `-` reverses. */
export type CollectionSort<Path extends string = string> =
  `${"" | "-"}${"key" | "created" | "modified" | "size" | "expiration" | AtOrBelow<Path> | `metadata.${string}`}`;

/** A path, or any that leads on from it. */
export type AtOrBelow<Path extends string> = Path | `${Path}.${string}`;

/** One write of `batch` of a collection; its key is an id. A key at most once. */
export type CollectionOperation<Input> =
  | { type: "save"; key: string; data: Input; options?: Omit<SaveOptions, "signal"> | undefined }
  | { type: "delete"; key: string; options?: Omit<DeleteOptions, "signal"> | undefined };

/** Where the items of a collection stand between its versions. */
export interface CollectionStatus {
  name: string;
  /** The code's. */
  version: string;
  /** Living items of the collection. */
  items: number;
  /**
   * How many items there are of each version, equal ones as one; `unversioned` for data without one, `<name>@<version>` for another
   * collection's.
   */
  versions: Record<string, number>;
  /** How many have the code's version and its indexed paths. */
  current: number;
}

/** How `migrateAll` goes about it. */
export interface MigrateAllOptions extends OperationOptions {
  /** Upgrade and validate everything, write nothing. */
  dryRun?: boolean | undefined;
  /** Bring newer data down, where steps allow it. Default: it is reported as failed. */
  down?: boolean | undefined;
  /** Items in flight at once, at most 1,000. Default: 16. */
  concurrency?: number | undefined;
  /** When it throws or rejects, the call rejects with that error. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** What `migrateAll` has done. */
export interface MigrateAllReport {
  /** Nothing failed: every item that was met has the code's version and indexed paths. For a dry run, would have. */
  ok: boolean;
  dryRun: boolean;
  /** The code's, to which items were brought. */
  version: string;
  /** Items that were met. */
  items: number;
  /** How many of each version were met, as in `CollectionStatus`; without those whose headers are damaged. */
  versions: Record<string, number>;
  /** Written with the code's version or indexed paths; for a dry run, what would be. */
  migrated: number;
  /** Were up to date already. */
  unchanged: number;
  /** Were deleted, or had expired, before their turn came. */
  gone: number;
  /** Are not up to date: those that failed. */
  remaining: number;
  /** Up to 10,000 of those that failed. */
  failures: { key: string; code: string; message: string }[];
  milliseconds: number;
}

/**
 * A part of a storage whose data has a schema. Keys are ids within the collection. All that is said of the calls of
 * `StorageEngine` holds; besides, data that does not fit rejects with `SCHEMA`.
 */
export interface Collection<Input, Output = Input, Path extends string = string> {
  readonly name: string;
  /** The code's version. */
  readonly version: string;

  /** Validates, and stores what the schema makes of the data. */
  save(id: string, data: Input, options?: SaveOptions): Promise<StorageItem>;

  /** The data, upgraded to the code's version and validated; undefined when absent. A version that is named stays as it is. */
  load(id: string, options?: LoadOptions): Promise<Output | undefined>;

  stat(id: string, options?: OperationOptions): Promise<StorageItem | undefined>;
  exists(id: string, options?: OperationOptions): Promise<boolean>;
  delete(id: string, options?: DeleteOptions): Promise<boolean>;
  list(prefix?: string, options?: ListOptions): Promise<StorageItem[]>;
  scan(prefix?: string, options?: ScanOptions): AsyncIterable<StorageItem>;

  /** What matches, with its data. Items of other versions are judged by what they are once upgraded. */
  search(query: CollectionQuery<Path>): Promise<Found<Output>[]>;

  /** How many items match; `sort`, `limit` and `offset` make no difference. */
  count(query?: CollectionQuery<Path>): Promise<number>;

  /** As `update` of the storage: `change` gets upgraded, validated data, and what it returns is validated. */
  update(
    id: string,
    change: (
      current: Output | undefined,
      item: StorageItem | undefined,
    ) => Input | undefined | Promise<Input | undefined>,
    options?: UpdateOptions,
  ): Promise<StorageItem | undefined>;

  /** All or nothing, validated first. */
  batch(
    operations: readonly CollectionOperation<Input>[],
    options?: OperationOptions,
  ): Promise<(StorageItem | boolean)[]>;

  history(id: string, options?: OperationOptions): Promise<PreviousVersion[]>;

  /** As it was stored: a version of older data is then an older item, which the next read upgrades. */
  restore(id: string, version: string, options?: RestoreOptions): Promise<StorageItem>;

  changes(since?: string, options?: OperationOptions): AsyncIterable<Change>;
  watch(prefix: string, listener: ChangeListener): Promise<Unwatch>;

  /** How many items there are of each version. Looks at every header; writes nothing. */
  status(options?: OperationOptions): Promise<CollectionStatus>;

  /**
   * Brings every item to the code's version and indexed paths. May be interrupted and run again at any time: what is done is
   * not done twice. Resolves with a report also when items failed; rejects only when the work as a whole cannot go on.
   */
  migrateAll(options?: MigrateAllOptions): Promise<MigrateAllReport>;
}

/**
 * The dotted paths inside data of a type, through arrays, up to five names deep. Any string for data of unknown type; none for data that is
 * itself a list or a bare value, in which nothing is indexed.
 */
export type DataPath<Data> = unknown extends Data ? string : Data extends readonly unknown[] ? never : PathIn<Data, []>;

/**
 * The paths inside data of a known type, below `Depth` names. Not those through a name with a dot: it is written with a backslash, which
 * no type can tell from a mistake, so they are left to `as`.
 */
export type PathIn<Data, Depth extends unknown[]> = Depth["length"] extends 5
  ? never
  : Data extends readonly (infer Element)[]
    ? PathIn<Element, [...Depth, unknown]>
    : Data extends object
      ? {
          [Name in keyof Data & string]-?: Name extends `${string}.${string}`
            ? never
            : Name | `${Name}.${PathIn<NonNullable<Data[Name]>, [...Depth, unknown]>}`;
        }[keyof Data & string]
      : never;
