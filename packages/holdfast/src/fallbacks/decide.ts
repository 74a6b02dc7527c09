import {
  type Absent,
  type AdapterWrite,
  type Conflicting,
  checkDelete,
  checkWrite,
  type Deleted,
  isLive,
  type RecordHeader,
  type Stale,
  type Version,
  type Written,
} from "@holdfast/core";
import { chainOf, type Held, isWaiting, standingOf } from "./mark.js";
import type { Step } from "./member.js";

/** What a fallback answers to a write, and what it does for it, where it does anything. */
export type Decision =
  | { readonly reason: Conflicting | Stale }
  | { readonly result: Written | Deleted | Absent; readonly step: Step | undefined };

export interface Ground {
  /** What the fallback knows of the key. */
  readonly held: Held | undefined;
  /** What it holds, although it may be known to be behind. */
  readonly found: Held | undefined;
  readonly now: number;
  /** The batches that the write is part of. */
  readonly groups: readonly string[] | undefined;
  readonly after: string | undefined;
}

/** Judges a write by the rules of every adapter, upon what the app sees. */
export function decide(write: AdapterWrite, { held, found, now, groups, after }: Ground): Decision {
  const version = versionOf(write);
  const standing = standingOf(held);
  const chain = chainOf(found !== undefined && isWaiting(found) ? found : held, version, after);
  const grouped = groups === undefined ? chain : { ...chain, groups };
  if (write.type === "put") {
    const { record, expect } = write;
    const reason = checkWrite(standing, version, { expect, now });
    if (reason !== undefined) return { reason };
    const { stored } = standing;
    const created = stored !== undefined && isLive(stored, now) ? stored.created : record.header.created;
    const header = { ...record.header, created };
    const mark = { state: "saved", version, created, ...grouped } as const;
    return {
      result: { outcome: "written", header },
      step: { type: "hold", shown: header, body: record.body, mark, over: found },
    };
  }
  const reason = checkDelete(standing, { version, expect: write.expect, now });
  if (reason !== undefined) return reason.outcome === "absent" ? { result: reason, step: undefined } : { reason };
  const mark = { state: "deleted", version, created: now, ...grouped } as const;
  const shown = emptyHeader(write.key, version, now);
  return {
    result: { outcome: "deleted" },
    step: { type: "hold", shown, body: new Uint8Array(0), mark, over: found },
  };
}

export function keyOf(write: AdapterWrite): string {
  return write.type === "put" ? write.record.header.key : write.key;
}

export function versionOf(write: AdapterWrite): Version {
  return write.type === "put" ? write.record.header.version : write.version;
}

/** The batches that a new one is joined to by what it replaces; a new name where there are none. */
export function groupsOf(helds: readonly (Held | undefined)[], fresh: () => string): readonly string[] {
  const joined = new Set(helds.flatMap((held) => held?.mark.groups ?? []));
  return joined.size === 0 ? [fresh()] : [...joined];
}

const CHECKSUM_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Of the record that stands for a deletion. */
function emptyHeader(key: string, version: Version, now: number): RecordHeader {
  return {
    key,
    version,
    size: 0,
    storedSize: 0,
    format: "binary",
    compression: null,
    created: now,
    modified: now,
    expiration: null,
    tags: [],
    metadata: {},
    checksum: CHECKSUM_OF_NOTHING,
  };
}

/** Of all bodies that a batch has. */
export function bytesOf(writes: readonly AdapterWrite[]): number {
  return writes.reduce((sum, write) => sum + (write.type === "put" ? write.record.body.byteLength : 0), 0);
}
