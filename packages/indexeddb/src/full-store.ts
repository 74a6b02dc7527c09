import { isFull } from "./classify.js";
import type { Attempt, EvictionJob, RoomMakers } from "./group-jobs.js";

/** The group commit, as far as room is made through it. */
interface Group {
  /** Milliseconds since something was freed. */
  readonly sinceFreed: number;
  freed(): void;
  /** In a transaction of its own. */
  commit(job: Pick<EvictionJob, "keys" | "work">): Promise<void>;
}

/** The browser takes its time to hand out room that was freed. */
const FREED_LATELY = 5_000;
const WAITS = [50, 200, 800];

/** After a write that found no room: makes some, if it can. Resolves to whether it is worth trying again. */
export async function makeRoom(group: Group, { evict, release }: RoomMakers, attempt: Attempt): Promise<boolean> {
  if (attempt.frees && (await release())) return true;
  const eviction = attempt.frees ? undefined : await evict?.(attempt.bytes ?? 0, attempt.keys);
  if (eviction !== undefined) {
    await carryOut(group, release, eviction);
    return true;
  }
  attempt.waits ??= [...WAITS];
  return (attempt.frees || group.sinceFreed < FREED_LATELY) && pause(attempt.waits);
}

async function carryOut(group: Group, release: () => Promise<boolean>, eviction: EvictionJob): Promise<void> {
  const times = [...WAITS];
  for (;;) {
    try {
      await group.commit(eviction);
      break;
    } catch (error) {
      if (!isFull(error) || !((await release()) || (await pause(times)))) throw error;
    }
  }
  await eviction.free();
  group.freed();
}

/** Waits for the next of the times; false when there is none left. */
async function pause(times: number[]): Promise<boolean> {
  const wait = times.shift();
  if (wait === undefined) return false;
  // Not a timer of the ports: the browser takes real time.
  await new Promise((resolve) => setTimeout(resolve, wait));
  return true;
}
