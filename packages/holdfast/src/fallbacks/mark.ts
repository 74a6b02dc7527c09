import type { RecordHeader, Standing, Version } from "@holdfast/core";

/** What a fallback notes of a record in its header, under the name `fallback`: the entry of the ledger. See docs/fallbacks.md. */
export interface Mark {
  /** `copy`: as the primary has it; `saved`, `deleted`: waits for the primary. */
  readonly state: "copy" | "saved" | "deleted";
  /** What the app sees and the primary gets. The header's own version only orders writes in the fallback. */
  readonly version: Version;
  readonly created: number;
  /** Of what waits: the primary's version on which it rests. Absent: not known to the fallback. */
  readonly base?: Version;
  /** Of what waits: the version of the first write since `base`, where that is an earlier one. */
  readonly first?: Version;
  /** Of what waits: the sessions that wrote the key since `base`. */
  readonly writers?: readonly string[];
  /** Of what waits: the batches that it was part of, directly or through what it replaced. */
  readonly groups?: readonly string[];
  /** Of what waits: its content may be in the primary already, beside what stands there. */
  readonly beside?: true;
  /** Of what waits: a cursor of the primary's feed from before the first write. */
  readonly after?: string;
}

interface MarkedHeader extends RecordHeader {
  readonly fallback?: Mark;
}

/** A record of a fallback: its header as it is stored there, and what it is to the app. */
export interface Held {
  readonly stored: RecordHeader;
  readonly mark: Mark;
}

export function heldOf(stored: RecordHeader): Held {
  const { fallback: mark, version, created } = stored as MarkedHeader;
  // A record without a mark came by a migration: a copy with its own version.
  return { stored, mark: mark ?? { state: "copy", version, created } };
}

/** The header under which a fallback stores what the app sees as `shown`. */
export function markedHeader(shown: RecordHeader, mark: Mark, version: Version): RecordHeader {
  const marked: MarkedHeader = { ...shown, version, fallback: mark };
  return marked;
}

/** The header as the app sees it. */
export function shownHeader({ stored, mark }: Held): RecordHeader {
  const { fallback: _, ...header } = stored as MarkedHeader;
  return { ...header, version: mark.version, created: mark.created };
}

/** What stands under the key, as the app sees it. */
export function standingOf(held: Held | undefined): Standing {
  if (held === undefined) return { stored: undefined, tombstone: undefined };
  if (held.mark.state === "deleted") return { stored: undefined, tombstone: held.mark.version };
  return { stored: shownHeader(held), tombstone: undefined };
}

export function isWaiting(held: Held): boolean {
  return held.mark.state !== "copy";
}

/** The session that made a version: its last part. */
export function writerOf(version: Version): string {
  return version.slice(version.lastIndexOf("-") + 1);
}

/** What a write that is taken over `held` rests on. */
export function chainOf(
  held: Held | undefined,
  version: Version,
  after: string | undefined,
): Pick<Mark, "base" | "first" | "writers" | "groups" | "after"> {
  const writer = writerOf(version);
  if (held !== undefined && isWaiting(held)) {
    const { base, first = held.mark.version, writers = [], groups, after: before } = held.mark;
    return {
      ...(base === undefined ? {} : { base }),
      first,
      writers: [...new Set([...writers, writer])],
      ...(groups === undefined ? {} : { groups }),
      ...(before === undefined ? {} : { after: before }),
    };
  }
  return {
    ...(held === undefined ? {} : { base: held.mark.version }),
    writers: [writer],
    ...(after === undefined ? {} : { after }),
  };
}
