import { chain, isPromise } from "../awaitable.js";
import type { JsonObject, StorageItem } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader, Version } from "../spi/index.js";
import type { Session } from "./session.js";

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
    encrypted: header.encryption !== undefined,
    compressed: header.compression !== null,
  };
  if (header.expiration !== null) item.expiration = new Date(header.expiration);
  if (header.schema !== undefined) item.schema = header.schema;
  if (isSealed(header)) item.sealed = true;
  return item;
}

/** The same, with encrypted metadata and tags shown where there is a key for them. */
export function itemOf(session: Session, header: RecordHeader, prefix: string): Awaitable<StorageItem> {
  return chain(revealed(session, header), (shown) => toItem(shown, prefix));
}

export async function itemsOf(
  session: Session,
  headers: readonly RecordHeader[],
  prefix: string,
): Promise<StorageItem[]> {
  const items: StorageItem[] = [];
  for (const header of headers) items.push(await itemOf(session, header, prefix));
  return items;
}

/** For showing, never to be written. What no key here opens stays as it is: one such item must not hide all others. */
export function revealed({ vault }: Session, header: RecordHeader): Awaitable<RecordHeader> {
  if (!isSealed(header) || vault === undefined) return header;
  try {
    const shown = vault.reveal(header);
    return isPromise(shown) ? shown.catch(() => header) : shown;
  } catch {
    return header;
  }
}

/** Whether its metadata and tags are encrypted too. */
export function isSealed({ encryption }: RecordHeader): boolean {
  return encryption?.sealed !== undefined;
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
