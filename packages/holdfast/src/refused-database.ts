import { StorageError } from "@holdfast/core";

/** What keeps any database out keeps the store out too: the adapter knows which setting of the browser that is. Other errors stay as they are. */
export async function inWordsOfTheAdapter(error: unknown): Promise<unknown> {
  try {
    const { indexeddb } = await import("@holdfast/indexeddb");
    const known = indexeddb({ name: "any" }).classify(error);
    return known === undefined ? error : new StorageError(known.code, known.message, { cause: error });
  } catch {
    return error;
  }
}

/** Older browsers say in private windows, by an error that means something else of what is open, that they store nothing. */
export function refusal(error: unknown): unknown {
  const isRefusal = error instanceof DOMException && error.name === "InvalidStateError";
  return isRefusal ? new DOMException(error.message, "NotAllowedError") : error;
}
