import type { Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { readRecord } from "../engine/read-version.js";
import type { Awaitable, StoredRecord } from "../spi/index.js";
import type { Definition } from "./definition.js";

/** A collection in an open storage: what the code says of it, and the view of its keys. */
export interface Scope {
  readonly internals: Internals;
  readonly definition: Definition;
}

/** What stands under a key of the store. */
export function readStanding(
  { internals }: Scope,
  operation: Operation,
  path: string,
): Awaitable<StoredRecord | undefined> {
  return readRecord(internals.session, operation, { key: path, version: undefined });
}

/** How messages name an item: relative to the collection. */
export function quoteId({ internals }: Scope, path: string): string {
  return JSON.stringify(path.slice(internals.prefix.length));
}
