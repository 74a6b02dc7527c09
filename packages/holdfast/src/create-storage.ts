import {
  openStorage,
  type StorageAdapter,
  type StorageEngine,
  StorageError,
  type StorageSettings,
} from "@holdfast/core";
import { type AdapterRegistry, adapterOf } from "./adapter-registry.js";
import { openStore } from "./open-store.js";
import type { StoreUrl } from "./store-url.js";

type ChoiceByType = {
  [Type in keyof AdapterRegistry]: { readonly type: Type } & Readonly<AdapterRegistry[Type]>;
}[keyof AdapterRegistry];

/** Which backend: a store URL, an adapter by name with what its factory takes, or an adapter that is made already. */
export type StorageChoice =
  | string
  | { readonly url: string | StoreUrl }
  | { readonly adapter: StorageAdapter }
  | ChoiceByType;

/**
 * Opens storage on the backend of your choice.
 *
 * @example
 * await createStorage("sqlite:./app.db");
 * await createStorage({ type: "sqlite", path: "./app.db", durability: "process" });
 * await createStorage({ type: "memory" });
 * await createStorage({ adapter: myAdapter() }, { compress: true });
 *
 * @throws INVALID_OPTION, UNSUPPORTED when the adapter's package is not installed, and what opening throws.
 */
export async function createStorage(choice: StorageChoice, settings?: StorageSettings): Promise<StorageEngine> {
  if (typeof choice === "string") return openStore(choice, settings);
  const given: unknown = choice;
  if (typeof given !== "object" || given === null) throw wrongChoice();
  if ("type" in choice) {
    const { type, ...options } = choice;
    return openStorage(await adapterOf(type, options), settings);
  }
  if (Object.keys(choice).length !== 1) throw wrongChoice();
  if ("url" in choice) return openStore(choice.url, settings);
  if ("adapter" in choice) return openStorage(choice.adapter, settings);
  throw wrongChoice();
}

function wrongChoice(): StorageError {
  return new StorageError(
    "INVALID_OPTION",
    "createStorage takes a store URL, { url }, { adapter }, or { type } with what that adapter takes",
  );
}
