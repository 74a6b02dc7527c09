import { StorageError } from "../errors.js";

/** For a part of core that is loaded outside of any operation: INTERNAL where it cannot be had, as inside of one. */
export function loadPart<T>(part: Promise<T>): Promise<T> {
  return part.catch((cause: unknown) => {
    throw StorageError.is(cause)
      ? cause
      : new StorageError("INTERNAL", `a part of @holdfast/core could not be loaded: ${String(cause)}`, { cause });
  });
}
