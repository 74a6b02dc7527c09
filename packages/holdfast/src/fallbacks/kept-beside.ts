import { type Awaitable, checkKey, type StorageAdapter, type Version } from "@holdfast/core";
import { writerOf } from "./mark.js";
import type { FallbackEvent } from "./options.js";

const MOST = 1_000;

/** How the primary is asked. */
interface Asking {
  readonly primary: StorageAdapter;
  ask<T>(work: (signal: AbortSignal) => Awaitable<T>): Promise<T>;
  now(): number;
}

/** Writes to one key that nobody else came between, as far as the fallback knew. */
export interface Chain {
  readonly key: string;
  /** The version of the last of them, and of the first where that is another. */
  readonly version: Version;
  readonly first: Version | undefined;
  readonly writers: ReadonlySet<string>;
}

/** Where the content of an entry is kept when something else stands under its key. */
export function conflictKey(key: string, version: Version): string {
  try {
    return checkKey(`${key}.conflict-${version}`);
  } catch {
    // Too long.
    return `conflict-${version}`;
  }
}

/** `current`: the version of what stands in the primary. */
export function conflictOf(
  { key, version }: Pick<Chain, "key" | "version">,
  current: Version | null,
  keptAs: string | undefined,
): FallbackEvent {
  return { type: "conflict", key, version, current, ...(keptAs === undefined ? {} : { keptAs }) };
}

/** Of an entry that had arrived: the conflict, where it was kept beside what stood there and nobody may have been told. */
export async function conflictBefore(
  { primary, ask, now }: Asking,
  { key, version }: Chain,
): Promise<FallbackEvent | undefined> {
  const keptAs = conflictKey(key, version);
  const stat = (at: string) => ask((signal) => primary.stat(at, { now: now(), signal }));
  if ((await stat(keptAs))?.version !== version) return undefined;
  return conflictOf({ key, version }, (await stat(key))?.version ?? null, keptAs);
}

/**
 * The same of earlier entries of the chain, each replaced by the next before it was known that the primary had it. A key that is
 * too long to name what is kept beside it is not looked for.
 */
export async function earlierConflicts(
  { primary, ask, now }: Asking,
  { key, version, first, writers }: Chain,
): Promise<FallbackEvent[]> {
  if (first === undefined || first === version) return [];
  const prefix = `${key}.conflict-`;
  // What is kept under the first version comes right behind the beginning of its name.
  const range = { prefix, after: conflictKey(key, first).slice(0, -1), limit: MOST };
  const beside = await ask((signal) => primary.list(range, { now: now(), signal }));
  const ours = beside.filter((kept) => {
    const isOfChain = kept.version >= first && kept.version < version && writers.has(writerOf(kept.version));
    return isOfChain && kept.key === conflictKey(key, kept.version);
  });
  if (ours.length === 0) return [];
  const standing = await ask((signal) => primary.stat(key, { now: now(), signal }));
  return ours.map((kept) => conflictOf({ key, version: kept.version }, standing?.version ?? null, kept.key));
}
