import { type Awaitable, type Ports, type Random, StorageError, sleep } from "@holdfast/core";
import { isBusy } from "./classify.js";

/** How long to wait for somebody else's lock. */
export interface LockWait {
  readonly ports: Ports;
  /** Milliseconds to wait in all. */
  readonly lockTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_DELAY = 1;
// So short, since whoever holds the lock has more to write and takes it again within the millisecond: who looked ten times a second
// for a gap wrote a twentieth of what the others did, or was LOCKED. To ask for the lock once more costs a hundredth of this.
const LONGEST_DELAY = 5;

/** Repeats `work` while it fails for a lock that another connection holds, waiting on timers; LOCKED when that takes too long. */
export async function retryWhileLocked<T>(
  work: () => Awaitable<T>,
  { ports, lockTimeout, signal }: LockWait,
): Promise<T> {
  const { clock } = ports;
  let began: number | undefined;
  for (let attempt = 0, waited = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      began ??= instant(clock);
      // By the clock, since timers come late and tries take time; and by the pauses, where the clock stands still.
      if (Math.max(waited, instant(clock) - began) >= lockTimeout) throw lockedError(lockTimeout, error);
      const delay = lockDelay(attempt, ports.random);
      await sleep(ports.timers, delay, signal);
      waited += delay;
    }
  }
}

/** Milliseconds since some instant. */
export function instant(clock: Ports["clock"]): number {
  return clock.elapsed?.() ?? clock.now();
}

/** Milliseconds before the next try: doubling up to 5, with jitter, so that two processes do not keep step. */
export function lockDelay(attempt: number, random: Random): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + random.fraction() / 2);
}

export function lockedError(lockTimeout: number, cause: unknown): StorageError {
  return new StorageError(
    "LOCKED",
    `others held the database at each try for ${lockTimeout} ms; try again, or look for what takes so long, or writes so much`,
    { cause },
  );
}
