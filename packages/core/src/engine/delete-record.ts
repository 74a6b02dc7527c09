import type { Version } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";
import { above, askToWrite, conflictError } from "./write-record.js";

/** Whether there was something to delete. `first` is the version of the deletion: as old as the call where that had to wait. Throws CONFLICT. */
export async function deleteRecord(
  session: Session,
  operation: Operation,
  key: string,
  expect: "any" | Version,
  first: Version = session.versions.next(),
): Promise<boolean> {
  const { adapter } = session;
  const { signal } = operation;
  let version = first;
  for (;;) {
    const condition = { version, expect, now: session.now() };
    const outcome = await askToWrite(session, operation, () => adapter.delete(key, condition, { signal }));
    if (outcome.outcome === "deleted") return true;
    // An earlier try of ours may have left that tombstone although it seemed to fail.
    if (outcome.outcome === "absent") return outcome.tombstone === version;
    if (outcome.outcome === "conflict") throw conflictError(operation.key, outcome);
    version = above(session, outcome.floor);
  }
}
