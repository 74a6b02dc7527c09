import type { StorageItem } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { callersOwn, type Operation } from "./failure.js";
import { isSealed, itemOf, revealed, toItem } from "./items.js";
import { readRecord, readValue } from "./read-version.js";
import type { Session } from "./session.js";
import type { CheckedSave } from "./write-options.js";

/** What `update` was asked for. */
export interface Update<T> {
  /** The key of the store. */
  readonly path: string;
  readonly prefix: string;
  readonly named: CheckedSave;
  readonly change: (current: T | undefined, item: StorageItem | undefined) => T | undefined | Promise<T | undefined>;
  /** Writes what `change` returned. Throws CONFLICT. */
  readonly put: (data: T, options: CheckedSave) => Awaitable<RecordHeader>;
}

/** Loads, changes and saves until nobody else writes in between. */
export async function updateValue<T>(
  session: Session,
  operation: Operation,
  { path, prefix, named, change, put }: Update<T>,
): Promise<StorageItem | undefined> {
  for (;;) {
    const record = await readRecord(session, operation, { key: path, version: undefined });
    // What the bytes are is the caller's word.
    const current = record === undefined ? undefined : ((await readValue(session, record)) as T);
    const header = record === undefined ? undefined : await revealed(session, record.header);
    const item = header === undefined ? undefined : toItem(structuredClone(header), prefix);
    const kept = keepUnnamed(named, header, record !== undefined && isSealed(record.header));
    const changed = await callersOwn(change, current, item);
    if (changed === undefined) return header === undefined ? undefined : toItem(header, prefix);
    try {
      return await itemOf(session, await put(changed, kept), prefix);
    } catch (error) {
      if (!StorageError.is(error, "CONFLICT")) throw error;
    }
  }
}

/**
 * What an update writes: what its options name, and the rest as it stands. `header` is shown with its metadata and tags; `sealed`: they
 * were encrypted where it is stored, and what takes their place is as well.
 */
export function keepUnnamed(named: CheckedSave, header: RecordHeader | undefined, sealed: boolean): CheckedSave {
  if (header === undefined) return { ...named, expect: "absent" };
  return {
    format: named.format ?? header.format,
    compress: named.compress ?? header.compression !== null,
    encrypt: named.encrypt ?? header.encryption !== undefined,
    metadata: named.metadata ?? (header.metadata as CheckedSave["metadata"]),
    expiration: named.expiration === undefined ? header.expiration : named.expiration,
    tags: named.tags ?? [...header.tags],
    expect: header.version,
    sealed,
  };
}
