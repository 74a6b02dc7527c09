import type { Absent, Conflicting, DeleteCondition, PutCondition, Stale } from "./outcomes.js";
import { isLive, type RecordHeader, type Version } from "./records.js";

/** What an adapter finds under a key: a record, living or expired, or the tombstone of a deleted one, or neither. */
export interface Standing {
  /** Living or expired. */
  readonly stored: RecordHeader | undefined;
  /** The version of the deletion; only where there is no record. */
  readonly tombstone: Version | undefined;
}

/** Whether a record of `version` may be put over what stands: undefined means go ahead. The rule is the same for every adapter. */
export function checkWrite(
  standing: Standing,
  version: Version,
  condition: PutCondition,
): Conflicting | Stale | undefined {
  const floor = standing.stored?.version ?? standing.tombstone;
  // An earlier try of this very write had succeeded: its own effect must not look like somebody else's.
  if (floor === version) return { outcome: "stale", floor };
  const current = living(standing, condition.now);
  if (!holds(condition.expect, current)) return { outcome: "conflict", current };
  if (floor !== undefined && floor > version) return { outcome: "stale", floor };
  return undefined;
}

/** Whether the living record under a key may be deleted, leaving a tombstone of `condition.version`. */
export function checkDelete(standing: Standing, condition: DeleteCondition): Conflicting | Stale | Absent | undefined {
  const current = living(standing, condition.now);
  if (current === undefined && standing.tombstone === condition.version) {
    return { outcome: "absent", tombstone: standing.tombstone };
  }
  if (!holds(condition.expect, current)) return { outcome: "conflict", current };
  if (current === undefined) return { outcome: "absent", tombstone: standing.tombstone };
  if (current.version >= condition.version) return { outcome: "stale", floor: current.version };
  return undefined;
}

function living(standing: Standing, now: number): RecordHeader | undefined {
  return standing.stored !== undefined && isLive(standing.stored, now) ? standing.stored : undefined;
}

function holds(expect: PutCondition["expect"], current: RecordHeader | undefined): boolean {
  if (expect === "any") return true;
  if (expect === "absent") return current === undefined;
  return current?.version === expect;
}
