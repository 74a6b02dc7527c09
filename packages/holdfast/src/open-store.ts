import { openStorage, type StorageEngine, StorageError, type StorageSettings } from "@holdfast/core";
import { adapterFor, existsAt } from "./adapter-registry.js";
import { checkStoreUrl, parseStoreUrl, type StoreUrl } from "./store-url.js";

/**
 * Opens the store that a URL names, creating it where its adapter does.
 *
 * @example
 * const storage = await openStore("sqlite:./app.db?durability=process");
 *
 * @throws INVALID_OPTION for a URL that means nothing, UNSUPPORTED when the adapter's package is not installed, and what
 * opening throws.
 */
export async function openStore(url: string | StoreUrl, settings?: StorageSettings): Promise<StorageEngine> {
  const { adapter } = await adapterFor(readStoreUrl(url));
  return openStorage(adapter, settings);
}

/** Whether there is a store at a URL; opens and creates nothing. `memory:` always exists, empty. */
export async function storeExists(url: string | StoreUrl): Promise<boolean> {
  return existsAt(readStoreUrl(url));
}

/** Throws INVALID_OPTION. */
export function readStoreUrl(url: string | StoreUrl): StoreUrl {
  const given: unknown = url;
  if (typeof given === "object" && given !== null) return checkStoreUrl(url as StoreUrl);
  if (typeof url === "string") return parseStoreUrl(url);
  throw new StorageError("INVALID_OPTION", "a store is named by a URL, such as sqlite:./app.db, or by its parts");
}
