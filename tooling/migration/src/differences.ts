import { compareStores, type StorageEngine, type StorageItem } from "@holdfast/core";

/** In what two stores differ, versions, times and, where asked for, previous versions included: a line for each. */
export async function differencesOf(from: StorageEngine, to: StorageEngine, history: boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const item of compareStores(from, to)) if (item.result !== "equal") found.push(JSON.stringify(item));
  const [source, destination] = [await from.list(), await to.list()];
  for (const [index, item] of source.entries()) {
    if (JSON.stringify(item) !== JSON.stringify(destination[index]))
      found.push(`header of ${JSON.stringify(item.key)}`);
    if (history) found.push(...(await versionDifferences(from, to, item)));
  }
  if (source.length !== destination.length) found.push(`${source.length} items became ${destination.length}`);
  return found;
}

async function versionDifferences(from: StorageEngine, to: StorageEngine, { key }: StorageItem): Promise<string[]> {
  const told = async (storage: StorageEngine) => {
    const versions = await storage.history(key);
    // When each was replaced is what a migration does not carry.
    const headers = versions.map(({ replaced: _, ...header }) => JSON.stringify(header));
    const values = await Promise.all(versions.map(({ version }) => storage.load(key, { version })));
    return JSON.stringify([headers, values]);
  };
  return (await told(from)) === (await told(to)) ? [] : [`history of ${JSON.stringify(key)}`];
}
