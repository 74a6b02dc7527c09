import type { DeleteOutcome, Version } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";
import { above, askToWrite, conflictError } from "./write-record.js";
import type { Turn } from "./write-turns.js";

/**
 * Whether there was something to delete. `first` is the version of the deletion: as old as the call where that had to wait. Throws
 * CONFLICT. Without a turn it has no order among the writes of its key.
 */
export async function deleteRecord(
  session: Session,
  operation: Operation,
  key: string,
  expect: "any" | Version,
  first: Version = session.versions.next(),
  turn?: Turn,
): Promise<boolean> {
  const { adapter } = session;
  const { signal } = operation;
  let version = first;
  for (;;) {
    const condition = { version, expect, now: session.now() };
    const outcome = await askToWrite<DeleteOutcome>(
      session,
      operation,
      turn,
      () => adapter.delete(key, condition, { signal }),
      // The try without an answer may have been it, and what somebody else saved since was not meant.
      (met) => met.outcome === "stale" && !session.versions.made(met.floor),
    );
    if (outcome.outcome === "deleted") return true;
    // An earlier try of ours may have left that tombstone although it seemed to fail.
    if (outcome.outcome === "absent") return outcome.tombstone === version;
    if (outcome.outcome === "conflict") throw conflictError(operation.key, outcome);
    version = above(session, outcome.floor);
  }
}
