import { StorageError } from "@holdfast/core";

/** What only the primary could answer. Not to be repeated at once: it may succeed when the primary is back. */
export function unavailable(message: string, key?: string): StorageError {
  return new StorageError("UNAVAILABLE", message, { key, retryable: false });
}

export function unknownKey(key: string): StorageError {
  return unavailable(
    `the primary is away, and no fallback knows whether it holds ${JSON.stringify(key)}: try again when it is back, or set whenUnknown: "absent"`,
    key,
  );
}

/** Of the whole store, not of one member: no other member can do better. */
export function isUnknownKey(error: unknown): boolean {
  return StorageError.is(error) && !error.retryable;
}
