import type { JsonObject, StorageItem } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import type { RecordHeader, Version } from "../spi/index.js";

/** What callers see of a header; `key` is relative to their namespace. */
export function toItem(header: RecordHeader, prefix: string): StorageItem {
  const item: StorageItem = {
    key: header.key.slice(prefix.length),
    version: header.version,
    size: header.size,
    storedSize: header.storedSize,
    format: header.format,
    created: new Date(header.created),
    modified: new Date(header.modified),
    tags: [...header.tags],
    // The adapter has handed the header over for good: nobody else holds this object.
    metadata: header.metadata as JsonObject,
    checksum: header.checksum,
    encrypted: false,
    compressed: header.compression !== null,
  };
  if (header.expiration !== null) item.expiration = new Date(header.expiration);
  if (header.schema !== undefined) item.schema = header.schema;
  return item;
}

/** Throws CORRUPT for a header that does not belong to the key, and the version where one is named, that was asked for. */
export function checkSubject(header: RecordHeader, key: string, version?: Version): void {
  if (header.key !== key) {
    throw new StorageError("CORRUPT", `the store answered with the item of ${JSON.stringify(header.key)}`);
  }
  if (version !== undefined && header.version !== version) {
    throw new StorageError("CORRUPT", `the store answered with version ${header.version} instead of ${version}`);
  }
}
