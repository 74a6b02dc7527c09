import { type PreviousVersion, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";

/** One item as it stands, with its data and what stood before. */
export interface Detail {
  readonly item: StorageItem;
  readonly data: unknown;
  readonly history: readonly PreviousVersion[];
}

/** All of one version; undefined when nothing stands under the key. */
export async function readDetail(storage: StorageEngine, key: string): Promise<Detail | undefined> {
  const item = await storage.stat(key);
  if (item === undefined) return undefined;
  // By its version, which the history keeps should another write come in between.
  const [data, history] = await Promise.all([storage.load(key, { version: item.version }), storage.history(key)]);
  return { item, data, history };
}

/** Takes back a deletion. Throws CONFLICT where something stands there by now. */
export async function bringBack(storage: StorageEngine, { item, data }: Detail): Promise<void> {
  try {
    await storage.restore(item.key, item.version, { ifVersion: null });
  } catch (error) {
    if (!StorageError.is(error, "NOT_FOUND")) throw error;
    // Where the store was opened elsewhere meanwhile, the history of what was deleted is gone. What the page has of it is whole.
    const { key, tags, metadata, format, expiration } = item;
    await storage.save(key, data, { tags, metadata, format, expiration, ifVersion: null });
  }
}
