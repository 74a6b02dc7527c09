import { StorageError } from "@holdfast/core";

/** What a body fails with, a part of which is gone from the bucket. */
export function missingObject(name: string): StorageError {
  return new StorageError(
    "CORRUPT",
    `the object ${name}, which holds a part of the body, is not in the bucket: restore the item from a backup, or delete it`,
  );
}
