import { stat } from "node:fs/promises";
import { StorageError } from "@holdfast/core";
import { parseStoreUrl, type StoreUrl, storeExists } from "holdfast";
import { CommandError } from "./failure.js";

/** The parts of a store URL that was given on the command line. Throws INVALID_OPTION. */
export function storeUrlOf(store: string): StoreUrl {
  try {
    return parseStoreUrl(store);
  } catch (error) {
    throw explained(error);
  }
}

/** Whether there is a store, or none is to be made first. Throws INVALID_OPTION for a URL that means nothing. */
export async function isThere(store: string): Promise<boolean> {
  try {
    return (await storeExists(store)) && !(await isEmptyFile(store));
  } catch (error) {
    throw explained(error);
  }
}

/** SQLite takes a file without a byte for a database, and to open it would make one of it. */
async function isEmptyFile(store: string): Promise<boolean> {
  const { scheme, path } = parseStoreUrl(store);
  if (scheme !== "sqlite") return false;
  const file = await stat(path);
  return file.isFile() && file.size === 0;
}

/** The help of a command tells nothing of stores: that of the whole does. */
function explained(error: unknown): unknown {
  if (!StorageError.is(error, "INVALID_OPTION")) return error;
  const hint = "`holdfast --help`, which tells how stores are named";
  return Object.assign(new CommandError("INVALID_OPTION", error.message, hint), { cause: error });
}
