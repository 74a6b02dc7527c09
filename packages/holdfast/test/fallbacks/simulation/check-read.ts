import { arrivedTooLate, excuses, precedes } from "./excuses.ts";
import type { AppWrite, Run } from "./schedule.ts";

/** One load of the app's. */
export interface ReadCall {
  readonly key: string;
  /** As of the app's writes. */
  readonly order: number;
  readonly life: number;
}

export interface Read extends ReadCall {
  readonly id: number | undefined;
  /** The primary answered nothing meanwhile: it is what a fallback said. */
  readonly alone: boolean;
}

/** Throws when a load tells what was never there, less than the app had written, or less than it had been told before. */
export function checkRead(run: Run, read: Read): void {
  if (read.id === undefined) checkAbsent(run, read);
  else checkValue(run, read, read.id);
}

function checkValue(run: Run, read: Read, id: number): void {
  const { key, alone } = read;
  const { world } = run;
  const own = run.writes.find((write) => write.id === id && write.key === key);
  const at = world.log.findLastIndex((commit) => commit.key === key && commit.id === id);
  if (own === undefined && at < 0) throw new Error(`"${key}" was loaded as ${id}, which nobody wrote there`);
  if (own?.outcome === "refused") throw new Error(`"${key}" was loaded as ${id}, which was refused`);
  const last = world.log.slice(0, world.horizon.get(key) ?? 0).findLastIndex((commit) => commit.key === key);
  if (alone && at >= 0 && at < last) throw new Error(`"${key}" was loaded as ${id}, older than what was loaded before`);
  // One that died with its process may still arrive, and is somebody else's to the next one: both are kept then.
  if (own === undefined || own.outcome === "unknown") return;
  for (const newer of finished(run, read)) {
    if (!precedes(own, newer) || isExcused(run, read, newer) || arrivedTooLate(run, own, newer)) continue;
    throw new Error(`"${key}" was loaded as ${id}, older than the app's own ${newer.id ?? "deletion"}`);
  }
}

function checkAbsent(run: Run, read: Read): void {
  const { key, alone } = read;
  const { world, writes } = run;
  const deletions = writes.filter(
    (write) => write.key === key && write.id === undefined && write.outcome !== "refused",
  );
  // A deletion that it took, also one whose answer was lost, is all that it can know of.
  if (alone && !world.taken.some((entry) => entry.key === key && entry.state === "deleted")) {
    throw new Error(`"${key}" was told to be absent by a fallback that cannot know`);
  }
  for (const write of finished(run, read)) {
    if (write.id === undefined || deletions.some((deletion) => !precedes(deletion, write))) continue;
    // Also a deletion of the app's that was long given up may arrive, when the write is kept beside what stood.
    const isGone = world.log.slice(write.logged).some((commit) => {
      const isDeletion = commit.key === key && commit.id === undefined;
      return isDeletion && (commit.by === "other" || (commit.late && excuses(run, write)));
    });
    if (!isGone) throw new Error(`"${key}" was told to be absent; the app had written ${write.id}`);
  }
}

/** Throws when a load was not answered although a fallback has to know. */
export function checkUnanswered(run: Run, call: ReadCall): void {
  const { key, life } = call;
  const { world, writes, events } = run;
  // What failed, somebody else's deletion and a conflict may each have taken the copy away.
  if (world.fallbackFaults.some((fault) => fault.life === life)) return;
  if (events.some((event) => event.type === "conflict" && event.key === key)) return;
  const written = finished(run, call).find((write) => write.life === life && write.id !== undefined);
  if (written === undefined) return;
  const others = world.log.slice(written.logged).some((commit) => commit.by === "other" && commit.key === key);
  const again = writes.some((write) => write !== written && write.key === key && !precedes(write, written));
  if (!others && !again) throw new Error(`"${key}" is ${written.id}, which the fallbacks did not know`);
}

/** The app's writes of the key that were done before it was loaded. */
function finished({ writes }: Run, { key, order }: ReadCall): AppWrite[] {
  return writes.filter((write) => write.key === key && write.outcome === "done" && write.answered <= order);
}

/** Whether something may have come in the place of what the app wrote. */
function isExcused(run: Run, { key, life, alone }: Read, write: AppWrite): boolean {
  if (excuses(run, write)) return true;
  // A copy that could not be renewed, which a later process does not know to be behind: docs/fallbacks.md, "Limits".
  const behind = run.world.fallbackFaults.filter(
    (fault) => fault.ofCopy && fault.life < life && fault.at > write.order,
  );
  return alone && behind.some((fault) => fault.key === undefined || fault.key === key);
}
