import { loadPart, StorageError } from "@holdfast/core";
import type { IndexedDbOptions } from "@holdfast/indexeddb";
import type { AdapterEntry } from "./adapter-entry.js";
import { inWordsOfTheAdapter, refusal } from "./refused-database.js";
import { formatStoreUrl } from "./store-url.js";
import { numberOption, wordOption } from "./url-values.js";

/** `indexeddb:my-app` or `indexeddb:my-app?durability=strict`: the database of that name, of the page's origin. */
export const indexeddbEntry: AdapterEntry<IndexedDbOptions> = {
  package: "@holdfast/indexeddb",
  urlOptions: ["durability", "lockTimeout"],
  parse(url) {
    if (url.path === "") {
      throw new StorageError("INVALID_OPTION", "an indexeddb: URL names a database, as in indexeddb:my-app");
    }
    return {
      name: url.path,
      durability: wordOption(url, "durability", ["relaxed", "strict"]),
      lockTimeout: numberOption(url, "lockTimeout"),
    };
  },
  load: async () => (await loadPart(() => import("@holdfast/indexeddb"), "@holdfast/indexeddb")).indexeddb,
  ofApp: (name) => ({ name }),
  locate: ({ name }) => formatStoreUrl({ scheme: "indexeddb", path: name, options: {} }),
  exists: async ({ name }) => (await databases()).some((each) => each.name === name),
};

async function databases(): Promise<IDBDatabaseInfo[]> {
  try {
    if (typeof globalThis.indexedDB?.databases !== "function") throw untold();
    return await indexedDB.databases();
  } catch (error) {
    throw await inWordsOfTheAdapter(refusal(error));
  }
}

function untold(): StorageError {
  return new StorageError(
    "UNSUPPORTED",
    "whether there is a database cannot be told: there is no IndexedDB here, or one that does not list what it has; open the store instead",
    { adapter: "indexeddb" },
  );
}
