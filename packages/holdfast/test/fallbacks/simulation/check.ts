import type { AppWrite, Run } from "./schedule.ts";

/** What an app was answered. */
export interface Read {
  readonly key: string;
  readonly id: number | undefined;
  /** The app's writes of the key that were called before. */
  readonly before: readonly AppWrite[];
  readonly order: number;
  /** The primary answered nothing meanwhile: it is what a fallback said. */
  readonly alone: boolean;
}

/** Throws when a load tells less than the app had written. */
export function checkRead({ world, writes, events }: Run, { key, id, before, order, alone }: Read): void {
  const mine = writes.filter((write) => write.key === key);
  const last = before.at(-1);
  // What is under way, or may have happened or not, allows more than one answer.
  const decided =
    mine.length === before.length &&
    before.every(({ outcome, answered }) => outcome !== "pending" && answered <= order);
  if (!decided) return;
  const taken = before.filter(({ outcome }) => outcome === "done");
  const newest = taken.at(-1);
  if (newest === undefined) {
    if (alone && id === undefined && before.length === 0)
      throw new Error(`"${key}" was told to be absent by a fallback that cannot know`);
    return;
  }
  if (before.some((write) => write.outcome === "unknown" && write.order > newest.order) || last === undefined) return;
  if (overlapping(newest, before)) return;
  if (world.fallbackFaults > 0) return;
  // Where both versions are kept, the other one is what is read.
  if (events.some((event) => event.type === "conflict" && event.key === key)) return;
  // One that died with its process may still arrive, and is somebody else's to the next one: both are kept then.
  const own = writes.find((write) => write.id !== undefined && write.id === id && write.outcome !== "unknown");
  if (own !== undefined && own.id !== newest.id)
    throw new Error(`"${key}" was loaded as ${id}, older than the app's own ${newest.id}`);
  const others = world.log.some((commit) => commit.by === "other" && commit.key === key && commit.id === undefined);
  if (id === undefined && newest.id !== undefined && !others)
    throw new Error(`"${key}" was told to be absent; the app had written ${newest.id}`);
}

/** Throws when a write was lost or applied twice, or covered what the app had not seen. */
export function checkRun({ world, writes, events }: Run): void {
  const commits = new Map<number, number>();
  for (const commit of world.log) {
    // A save without a precondition may arrive after its content was kept beside what stands: docs/fallbacks.md, "Limits".
    const permitted = commit.late && commit.expect === "any" && commit.id !== undefined && commits.has(commit.id);
    if (commit.id !== undefined && !permitted) commits.set(commit.id, (commits.get(commit.id) ?? 0) + 1);
  }
  for (const [id, times] of commits) if (times > 1) throw new Error(`${id} was written to the primary ${times} times`);
  for (const write of writes) {
    if (write.outcome !== "done") continue;
    if (write.id === undefined) checkDeletion(write);
    else if (!commits.has(write.id) && !isReplaced(write))
      throw new Error(`${write.id}, saved under "${write.key}", is lost`);
  }
  for (const { by, key, id, expect, replaced } of world.log) {
    if (by === "other" || expect === "any" || replaced === undefined || world.seen.has(replaced)) continue;
    throw new Error(`"${key}": ${id ?? "a deletion"} covered ${replaced}, which the app had not seen`);
  }
  checkBatches();

  /** By a later write of the app's, which has arrived itself or is replaced in turn. */
  function isReplaced({ key, order, answered }: AppWrite): boolean {
    return writes.some((write) => {
      if (write.key !== key || write.order === order) return false;
      if (write.order < order && write.answered <= order) return false;
      if (write.order < order && answered <= write.order) return false;
      if (write.outcome === "refused") return false;
      if (write.outcome === "done") return write.order > order || write.id === undefined || commits.has(write.id);
      return write.id === undefined || commits.has(write.id);
    });
  }

  function checkDeletion({ key, logged, order }: AppWrite): void {
    if (
      writes.some(
        (write) => write.key === key && write.order !== order && write.answered > order && write.outcome !== "refused",
      )
    )
      return;
    const at = world.log.findLastIndex((commit) => commit.key === key);
    const standing = world.primary.record(key);
    if (standing === undefined || at >= logged) return;
    if (events.some((event) => event.type === "conflict" && event.key === key)) return;
    throw new Error(`"${key}" was deleted and is there again, as ${world.idAt(key)}`);
  }

  function checkBatches(): void {
    const calls = new Map<number, Set<number>>();
    for (const { batch, id } of writes) {
      const mine = new Set(world.log.flatMap((each) => (each.id !== undefined && each.id === id ? [each.call] : [])));
      if (mine.size === 0) continue;
      // One that is replaced before it was sent is in no call; those that were sent have one in common.
      const others = calls.get(batch) ?? mine;
      calls.set(batch, new Set([...mine].filter((call) => others.has(call))));
    }
    for (const [batch, common] of calls) {
      if (common.size === 0) throw new Error(`what was written as one (call ${batch}) came to the primary in parts`);
    }
  }
}

function overlapping(write: AppWrite, others: readonly AppWrite[]): boolean {
  return others.some(
    (other) =>
      other !== write && other.outcome !== "refused" && other.answered > write.order && other.order < write.answered,
  );
}
