import { type Format, parseJson, type RecordHeader, StorageError, type Version } from "@holdfast/core";
import type { SqlValue } from "../driver.js";

/** A row of `items`, as `ITEM_COLUMNS` selects it. */
export interface ItemRow {
  readonly key: string;
  readonly version: Version;
  readonly body: number;
  readonly size: number;
  readonly storedSize: number;
  readonly format: Format;
  readonly compression: "gzip" | null;
  readonly checksum: string;
  readonly created: number;
  readonly modified: number;
  readonly expiration: number | null;
  /** JSON of every other property of the header; null when there are no tags, no metadata and nothing else. */
  readonly rest: string | null;
}

/** What the column `rest` says: every property of a header that has no column, of which these are always there. */
export type Rest = Pick<RecordHeader, "tags" | "metadata"> & Partial<Pick<RecordHeader, "encryption">>;

/** To select from `items i`. */
export const ITEM_COLUMNS: string = [
  "i.key, i.version, i.body, i.size, i.stored_size AS storedSize, i.format, i.compression, i.checksum",
  "i.created, i.modified, i.expires AS expiration, i.rest",
].join(", ");

/** The columns of a header beside its key, in the tables `items` and `history`. */
export const HEADER_COLUMNS: readonly string[] = [
  "version",
  "size",
  "stored_size",
  "format",
  "compression",
  "checksum",
  "created",
  "modified",
  "expires",
  "rest",
];

/** The order in which `toValues` gives them. */
export const WRITTEN_COLUMNS: readonly string[] = [...HEADER_COLUMNS, "body"];

/** Throws CORRUPT where `rest` is damaged. */
export function toHeader(row: ItemRow): RecordHeader {
  const rest = readRest(row.rest);
  if (rest === undefined) throw damagedHeader(row.key);
  return headerOf(row, rest);
}

/**
 * What `rest` says; undefined where it is damaged. SQLite cannot be relied on to read it: its JSON ends at 1,000 levels, which metadata
 * may have, and `rest` is one level deeper.
 */
export function readRest(rest: string | null): Rest | undefined {
  if (rest === null) return { tags: [], metadata: {} };
  try {
    const others = parseJson(rest) as Partial<Rest> | null;
    return isRest(others) ? others : undefined;
  } catch {
    return undefined;
  }
}

export function headerOf(row: ItemRow, rest: Rest): RecordHeader {
  // Property by property: a rest pattern costs as much as parsing the JSON.
  return {
    key: row.key,
    version: row.version,
    size: row.size,
    storedSize: row.storedSize,
    format: row.format,
    compression: row.compression,
    checksum: row.checksum,
    created: row.created,
    modified: row.modified,
    expiration: row.expiration,
    ...rest,
  };
}

export function damagedHeader(key: string): StorageError {
  return new StorageError(
    "CORRUPT",
    `the header of ${JSON.stringify(key)} is damaged; restore it from a backup, save it anew, or delete it`,
    { key },
  );
}

export function toValues(header: RecordHeader, body: number): SqlValue[] {
  const { version, size, storedSize, format, compression, checksum, created, modified, expiration } = header;
  const rest = restOf(header);
  return [version, size, storedSize, format, compression, checksum, created, modified, expiration, rest, body];
}

/** The column `rest`. */
export function restOf(header: RecordHeader): string | null {
  const {
    key: _key,
    version: _version,
    size: _size,
    storedSize: _storedSize,
    format: _format,
    compression: _compression,
    checksum: _checksum,
    created: _created,
    modified: _modified,
    expiration: _expiration,
    ...others
  } = header;
  return isEmpty(others) ? null : JSON.stringify(others);
}

function isRest(others: Partial<Rest> | null): others is Rest {
  return Array.isArray(others?.tags) && typeof others.metadata === "object" && others.metadata !== null;
}

function isEmpty(others: Rest): boolean {
  return others.tags.length === 0 && Object.keys(others.metadata).length === 0 && Object.keys(others).length === 2;
}

/** A buffer of a driver as the plain array that callers expect. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
