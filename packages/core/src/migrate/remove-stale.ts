import { deleteRecord } from "../engine/delete-record.js";
import { everyHeader } from "../engine/scan.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import { type Fingerprints, placeMark } from "./fingerprints.js";
import type { Run } from "./run.js";
import { standingAt } from "./standing.js";

/** Deletes what was written for an item, where its place is known by its key: there is no transform. */
export async function removeCopy(run: Run, key: string): Promise<void> {
  const { state, destination } = run;
  const standing = await standingAt(run, destination.prefix + (state.exceptions.get(key) ?? key));
  if (standing !== undefined && state.settled.wrote(key, standing)) await remove(run, key, standing);
}

/**
 * Deletes what was written for items of the source that are no more, or are elsewhere now: `places` has their keys, and where in the
 * destination's store each is. A transform is not asked of what is gone: one pass over the headers of the destination finds it.
 */
export async function removeElsewhere(run: Run, places: ReadonlyMap<string, string | undefined>): Promise<void> {
  const { state, destination, operation } = run;
  const writers = state.settled.writersAmong(places.keys());
  for await (const header of everyHeader(destination.session, operation, destination.prefix)) {
    const key = writers(header);
    if (key === undefined || places.get(key) === header.key) continue;
    await run.attempt(key, () => remove(run, key, header));
  }
}

/** Deletes all that was written and was not met when the whole source was looked at once more. */
export async function removeUnmet(run: Run, met: Fingerprints): Promise<void> {
  const { state, destination, operation, options } = run;
  const { settled } = state;
  const beside = new Map([...state.exceptions].flatMap(([key, as]) => (as === null ? [] : [[as, key]])));
  for await (const header of everyHeader(destination.session, operation, destination.prefix)) {
    if (met.has(placeMark(header))) continue;
    const own = header.key.slice(destination.prefix.length);
    const isWritten = (key: string | undefined) => key !== undefined && settled.wrote(key, header);
    // Of what a transform placed it is known that it was written, and not for which key.
    const key =
      options.transform !== undefined && settled.wroteAny(header) ? own : [own, beside.get(own)].find(isWritten);
    if (key !== undefined) await run.attempt(key, () => remove(run, key, header));
  }
}

/** What it had replaced went into the backup then. */
async function remove(run: Run, key: string, standing: RecordHeader): Promise<void> {
  const { state, destination, operation } = run;
  run.checkWanted();
  try {
    await deleteRecord(destination.session, operation, standing.key, standing.version);
  } catch (error) {
    // Somebody else wrote it just now: then it is theirs.
    if (StorageError.is(error, "CONFLICT")) return;
    throw error;
  }
  state.report.changed.deleted++;
  await state.tell({ type: "source-changed", key, change: "delete" });
}
