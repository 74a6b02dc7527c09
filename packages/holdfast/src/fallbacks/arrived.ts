import { type Awaitable, BEFORE_ALL_TIME, type StorageAdapter, type Version } from "@holdfast/core";

export interface Question {
  /** Where the version may be. */
  readonly keys: readonly string[];
  readonly version: Version;
  /** A cursor of the feed from before it was first sent. */
  readonly after: string | undefined;
}

const PAGE = 1_000;

/**
 * Whether the primary once took a version, whatever has become of it since. Undefined: it keeps neither feed nor history that
 * reach back to it, so it cannot be told.
 */
export async function hasArrived(
  primary: StorageAdapter,
  ask: <T>(work: (signal: AbortSignal) => Awaitable<T>) => Promise<T>,
  { keys, version, after }: Question,
): Promise<boolean | undefined> {
  const { changes, history } = primary;
  if (changes !== undefined) {
    for (let last = after; ; ) {
      const page = await ask((signal) => changes.call(primary, { after: last, limit: PAGE }, { signal }));
      if (page.outcome === "resync") break;
      // No two writes have the same version, of whichever keys.
      if (page.changes.some((change) => change.version === version)) return true;
      if (page.changes.length === 0) return false;
      last = page.changes.at(-1)?.cursor;
    }
  }
  if (history === undefined) return undefined;
  for (const key of keys) {
    if (await ask((signal) => history.get(key, version, { now: BEFORE_ALL_TIME, signal }))) return true;
  }
  return undefined;
}
