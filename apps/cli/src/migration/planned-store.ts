import {
  openStorage,
  type StorageAdapter,
  type StorageEngine,
  StorageError,
  type StorageSettings,
} from "@holdfast/core";
import { storeUrlOf } from "../store-at.js";

/** The store that a URL names and that is not there yet, as a plan needs it: empty, with the limits that it will have. It is not made. */
export async function openPlanned(store: string, settings: StorageSettings): Promise<StorageEngine> {
  return openStorage(emptied(await adapterAt(store)), settings);
}

/** Of the stores that have to be made. How they are opened changes nothing of what they hold. */
async function adapterAt(store: string): Promise<StorageAdapter> {
  const { scheme, path } = storeUrlOf(store);
  if (scheme === "sqlite") return (await import("@holdfast/sqlite")).sqlite({ path });
  if (scheme === "file") return (await import("@holdfast/filesystem")).filesystem({ root: path });
  throw new StorageError("NOT_FOUND", `there is no store at ${store}`);
}

/** An adapter that is never opened: it says what it is able to do, and holds nothing. */
function emptied(adapter: StorageAdapter): StorageAdapter {
  const nothing = async () => undefined;
  const answers: Partial<StorageAdapter> = {
    open: () => ({ lastVersion: undefined }),
    flush: nothing,
    close: nothing,
    stat: nothing,
    get: nothing,
    list: async () => [],
  };
  return new Proxy(adapter, {
    get(target, name) {
      if (Object.hasOwn(answers, name)) return Reflect.get(answers, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
