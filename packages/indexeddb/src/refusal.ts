import { StorageError } from "@holdfast/core";
import { NOT_ALLOWED } from "./classify.js";
import { openExisting } from "./existing.js";
import type { CompleteOptions } from "./options.js";
import { PATIENCE } from "./requests.js";
import { FOREIGN, isStore } from "./upgrade.js";

/** There is nothing to open. */
export function unsupported(isInsecure: boolean): StorageError {
  return new StorageError(
    "UNSUPPORTED",
    isInsecure
      ? "this page is not a secure context: serve it over https, or from localhost"
      : "there is no IndexedDB here: this is no browser, or site data is switched off in its settings; @holdfast/memory keeps data as long as the page",
  );
}

export function foreign(name: string): StorageError {
  return new StorageError(
    "CORRUPT",
    `the database ${JSON.stringify(name)} was not made by Holdfast and is left as it is: choose another name`,
  );
}

/** What it means that the browser does not open the database, where its word alone does not say. */
export async function explain(error: DOMException, { name, lockTimeout }: CompleteOptions): Promise<unknown> {
  // So older browsers say in private windows that they store nothing. Of a connection that was open it means something else.
  if (error.name === "InvalidStateError") {
    return new StorageError(NOT_ALLOWED.code, NOT_ALLOWED.message, { adapter: "indexeddb", cause: error });
  }
  if (error.name === "TimeoutError") {
    return new StorageError(
      "LOCKED",
      "another tab of this site holds the database and does not let go: close the other tabs, then try again",
    );
  }
  if (error.name === "DataError" && error.message === FOREIGN) return foreign(name);
  if (error.name === "VersionError" && (await isForeign(name, lockTimeout))) return foreign(name);
  return error;
}

/** Whether there is a database of somebody else, whatever its version. False where it cannot be told in time. */
async function isForeign(name: string, timeout: number): Promise<boolean> {
  const looking = openExisting(name).then((database) => {
    if (database === undefined) return false;
    database.close();
    return !isStore(database);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(
      () => {
        // As where the database is opened: an answer that waits beside this timer is heard first.
        timer = setTimeout(() => resolve(false));
      },
      Math.max(timeout, PATIENCE),
    );
  });
  try {
    return await Promise.race([looking.catch(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
