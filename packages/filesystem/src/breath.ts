import { setImmediate } from "node:timers/promises";

/** Milliseconds of work after which others have their turn. */
const LONGEST_TURN = 8;

/** A function to be awaited between steps of long work on this thread; it gives way when a turn has lasted long enough. */
export function breathing(): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < LONGEST_TURN) return;
    await setImmediate();
    begun = performance.now();
  };
}
