import { answered } from "./requests.js";

/** Opens a database as it stands; undefined when there is none: looking must not leave an empty one behind. */
export function openExisting(name: string): Promise<IDBDatabase | undefined> {
  const request = indexedDB.open(name);
  let isNew = false;
  request.onupgradeneeded = () => {
    isNew = true;
    request.transaction?.abort();
  };
  return answered(request).catch((error: unknown) => {
    if (isNew) return undefined;
    throw error;
  });
}
