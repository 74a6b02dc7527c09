import { type Operation, toStorageError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { readRecord } from "../engine/read-version.js";
import { type ErrorCode, StorageError } from "../errors.js";
import type { StoredRecord } from "../spi/index.js";
import type { Definition } from "./definition.js";

/** A collection in an open storage: what the code says of it, and the view of its keys. */
export interface Scope {
  readonly internals: Internals;
  readonly definition: Definition;
}

/** What is wrong with one item. */
const OF_THE_ITEM: readonly ErrorCode[] = [
  "CORRUPT",
  "DECRYPT_FAILED",
  "INVALID_VALUE",
  "KEY_MISSING",
  "SCHEMA",
  "UNSUPPORTED",
];

/** What stands under a key of the store. What it throws names the item. */
export async function readStanding(
  scope: Scope,
  operation: Operation,
  path: string,
): Promise<StoredRecord | undefined> {
  try {
    return await readRecord(scope.internals.session, operation, { key: path, version: undefined });
  } catch (error) {
    throw aboutItem(scope, operation, path, error);
  }
}

/** The error with the item's id, where it is about the item: a search meets items that its caller has not named. */
export function aboutItem({ internals }: Scope, operation: Operation, path: string, error: unknown): unknown {
  if (!StorageError.is(error) || !(OF_THE_ITEM.includes(error.code) || error.key === path)) return error;
  const { session, prefix } = internals;
  return toStorageError(error, { ...operation, key: path.slice(prefix.length) }, session.adapter);
}

/** How messages name an item: relative to the collection. */
export function quoteId({ internals }: Scope, path: string): string {
  return JSON.stringify(path.slice(internals.prefix.length));
}
