import type { PreviousVersion, StorageEngine, StorageItem } from "@holdfast/core";

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
