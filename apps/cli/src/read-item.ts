import type { OperationOptions, StorageEngine, StorageItem } from "@holdfast/core";

/**
 * Reads an item's value beside its header, again from the start when somebody writes in between: the two belong together.
 * Undefined when the key is absent.
 */
export async function readItem<T>(
  storage: StorageEngine,
  key: string,
  read: (item: StorageItem) => Promise<T>,
  options: OperationOptions,
): Promise<{ item: StorageItem; value: T } | undefined> {
  let item = await storage.stat(key, options);
  while (item !== undefined) {
    const value = await read(item);
    const standing = await storage.stat(key, options);
    if (standing?.version === item.version) return { item, value };
    item = standing;
  }
  return undefined;
}
