import type { StorageEngine } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";

/** What stands behind an open storage, for the parts of core that are loaded only when they are used. */
export interface Internals {
  readonly session: Session;
  readonly prefix: string;
  /** Runs one call of this view: as `Session.run`, unless the view is closed. */
  run<T>(name: string, key: unknown, options: unknown, work: (operation: Operation) => Promise<T>): Promise<T>;
  /** As `run`, for a call that waits for something before it runs: see `Session.enter`. */
  enter<T, U>(
    name: string,
    key: unknown,
    options: unknown,
    waiting: Promise<T>,
    next: (value: T) => Promise<U>,
  ): Promise<U>;
  /** The key of the store for one of this view; throws INVALID_KEY. */
  pathOf(key: unknown): string;
}

export const internals: unique symbol = Symbol("holdfast.internals");

/** Throws INVALID_OPTION for what `openStorage` of this copy of core did not make. */
export function internalsOf(storage: StorageEngine): Internals {
  const found = (storage as { [internals]?: Internals } | undefined)?.[internals];
  if (found === undefined) {
    throw new StorageError(
      "INVALID_OPTION",
      "this takes a storage that openStorage of the same copy of @holdfast/core returned",
    );
  }
  return found;
}
