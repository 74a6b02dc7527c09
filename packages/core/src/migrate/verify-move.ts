import { readThrough, readVerified } from "../engine/streams.js";
import { StorageError } from "../errors.js";
import type { Move } from "./moves.js";
import { verifyVersions } from "./previous-versions.js";
import type { Run } from "./run.js";
import { differences } from "./same-content.js";
import { isResealed, openedDifferences } from "./same-value.js";

/**
 * Reads an item back from the destination, header and bytes; what was encrypted anew on its way is decrypted. False for one that is not to be there. Throws NOT_FOUND, CORRUPT for
 * what is not as the source has it, CONFLICT for what somebody else has written since.
 */
export async function verifyMove(run: Run, move: Move): Promise<boolean> {
  const { key, expected, transformed } = move;
  const { destination, operation, state } = run;
  const as = state.exceptions.get(key);
  if (as === null) return false;
  const target = as === undefined ? expected.key : destination.prefix + as;
  await run.throttle.pass(expected.storedSize);
  const resealed = isResealed(run, move);
  const found = resealed
    ? await readThrough(destination.session, operation, { key: target, version: undefined })
    : await readVerified(destination.session, operation, target);
  if (found === undefined) {
    throw new StorageError("NOT_FOUND", "it is not in the destination, although it was written there", { key });
  }
  const different = resealed ? await openedDifferences(run, move, found) : differences(expected, found);
  if (different.length > 0) {
    throw new StorageError(
      "CORRUPT",
      `the destination holds something else (${different.join(", ")}): it, or the source, was changed meanwhile`,
      { key },
    );
  }
  if (!state.settled.has(key, found)) {
    throw new StorageError(
      "CORRUPT",
      "version or creation in the destination are not those that were written: it was changed meanwhile",
      { key },
    );
  }
  if (run.history && !transformed) await verifyVersions(run, move, found);
  return true;
}
