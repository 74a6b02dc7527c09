import type { AppWrite, Run } from "./schedule.ts";

/** The one was answered before the other was called. */
export function precedes(one: AppWrite, other: AppWrite): boolean {
  return one.answered <= other.order;
}

/**
 * Whether the app was told of a conflict of this write, or of one of its own that came in its place: then what somebody else wrote
 * stands, and the write is kept beside it or, a deletion, dropped.
 */
export function excuses({ world, events }: Run, { key, taken }: AppWrite): boolean {
  return events.some((event) => {
    if (event.type !== "conflict" || event.key !== key) return false;
    return world.taken.findIndex((entry) => entry.key === key && entry.version === event.version) >= taken;
  });
}

/**
 * Whether a save arrived when it was long given up and deleted again, and the deletion had met nothing, so that it left nothing that
 * would refuse it: docs/fallbacks.md, "Limits".
 */
export function arrivedTooLate({ world }: Run, save: AppWrite, deletion: AppWrite): boolean {
  const isLate = world.log.some((commit) => commit.late && commit.key === save.key && commit.id === save.id);
  const sent = world.log.slice(deletion.logged).some((commit) => {
    return commit.by === "app" && commit.key === deletion.key && commit.id === undefined;
  });
  return deletion.id === undefined && isLate && !sent;
}
