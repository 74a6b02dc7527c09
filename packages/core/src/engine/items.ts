import type { JsonObject, StorageItem } from "../contract/storage-item.js";
import type { RecordHeader } from "../spi/index.js";

/** What callers see of a header; `key` is relative to their namespace. */
export function toItem(header: RecordHeader, prefix: string): StorageItem {
  return {
    key: header.key.slice(prefix.length),
    version: header.version,
    size: header.size,
    storedSize: header.storedSize,
    format: header.format,
    created: new Date(header.created),
    modified: new Date(header.modified),
    ...(header.expiration === null ? {} : { expiration: new Date(header.expiration) }),
    tags: [...header.tags],
    // The adapter has handed the header over for good: nobody else holds this object.
    metadata: header.metadata as JsonObject,
    checksum: header.checksum,
    encrypted: false,
    compressed: header.compression !== null,
  };
}
