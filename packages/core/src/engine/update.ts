import { decodeValue } from "../codec/decode-value.js";
import type { StorageItem } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import type { CheckedSave } from "./arguments.js";
import { callersOwn, type Operation } from "./failure.js";
import { toItem } from "./items.js";
import { readRecord } from "./read-version.js";
import type { Session } from "./session.js";

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
    const current = record === undefined ? undefined : ((await decodeValue(record.header, record.body)) as T);
    const item = record === undefined ? undefined : toItem(structuredClone(record.header), prefix);
    const changed = await callersOwn(change, current, item);
    if (changed === undefined) return record === undefined ? undefined : toItem(record.header, prefix);
    try {
      return toItem(await put(changed, keepUnnamed(named, record?.header)), prefix);
    } catch (error) {
      if (!StorageError.is(error, "CONFLICT")) throw error;
    }
  }
}

/** What an update writes: what its options name, and the rest as it stands. */
export function keepUnnamed(named: CheckedSave, header: RecordHeader | undefined): CheckedSave {
  if (header === undefined) return { ...named, expect: "absent" };
  return {
    format: named.format ?? header.format,
    compress: named.compress ?? header.compression !== null,
    metadata: named.metadata ?? (header.metadata as CheckedSave["metadata"]),
    expiration: named.expiration === undefined ? header.expiration : named.expiration,
    tags: named.tags ?? [...header.tags],
    expect: header.version,
  };
}
