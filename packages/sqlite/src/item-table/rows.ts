import { type Format, parseJson, type RecordHeader, type Version } from "@holdfast/core";
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

type Rest = Pick<RecordHeader, "tags" | "metadata">;

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

export function toHeader(row: ItemRow): RecordHeader {
  const { rest } = row;
  const others = rest === null ? { tags: [], metadata: {} } : (parseJson(rest) as Rest);
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
    ...others,
  };
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

function isEmpty(others: Rest): boolean {
  return others.tags.length === 0 && Object.keys(others.metadata).length === 0 && Object.keys(others).length === 2;
}

/** A buffer of a driver as the plain array that callers expect. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
