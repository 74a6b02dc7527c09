import type { Attempt, EvictionJob, Job, Room, RoomMakers } from "./group-jobs.js";
import { is } from "./requests.js";

/** The group commit, as far as room is made through it. */
interface Group {
  readonly options: RoomMakers;
  readonly room: Room;
  freed(): void;
  commit(group: readonly Job[]): Promise<void>;
}

/** The browser takes its time to hand out room that was freed, and what an aborted transaction had taken. */
const LATELY = 5_000;
const WAITS = [50, 200, 800];
/** What frees takes less than anything else. */
const LEAST = -1;

/** After a write that found no room: makes some, if it can. Resolves to whether it is worth trying again. */
export async function makeRoom(group: Group, attempt: Attempt): Promise<boolean> {
  const { evict, release } = group.options;
  if (attempt.frees && (await release())) return true;
  const eviction = attempt.frees ? undefined : await evict?.(attempt.bytes ?? 0, attempt.keys);
  if (eviction === undefined) return waited(group.room, attempt);
  await carryOut(group, eviction);
  return true;
}

/** The same for a job of the queue. If so, it is put back, behind what frees. */
export async function queueAgain<J extends Attempt>(group: Group, job: J, queue: J[]): Promise<boolean> {
  const freeing = job.frees ? [] : takeFreeing(job, queue);
  if (freeing.length === 0 && !(await makeRoom(group, job))) return false;
  queue.unshift(...freeing, job);
  return true;
}

/** Takes out of the queue what frees, but for what has a key in common with something in front of it. */
function takeFreeing<J extends Attempt>(job: J, queue: J[]): J[] {
  const passed = new Set(job.keys);
  const freeing: J[] = [];
  for (const next of queue.splice(0)) {
    const mayPass = next.frees && !next.keys.some((key) => passed.has(key));
    if (!mayPass) for (const key of next.keys) passed.add(key);
    (mayPass ? freeing : queue).push(next);
  }
  return freeing;
}

async function carryOut(group: Group, eviction: EvictionJob): Promise<void> {
  const attempt: Attempt = { keys: eviction.keys, frees: true };
  const nothing = () => undefined;
  for (;;) {
    try {
      await group.commit([{ ...eviction, alone: true, acknowledge: nothing, reject: nothing }]);
      break;
    } catch (error) {
      if (!is(error, "QuotaExceededError") || !((await group.options.release()) || (await waited(group.room, attempt))))
        throw error;
    }
  }
  await eviction.free();
  group.freed();
}

/**
 * Waits until the browser may have handed out what is on its way; false when the write is refused. It is waited for once:
 * what takes no less than a write that found nothing by then will find nothing either.
 */
async function waited(room: Room, attempt: Attempt): Promise<boolean> {
  if (attempt.room !== room) {
    attempt.room = room;
    attempt.waits = [...WAITS];
  }
  const size = attempt.frees ? LEAST : (attempt.bytes ?? 0);
  const isLate = performance.now() - room.changed > LATELY;
  const refused = isLate ? undefined : room.refused;
  const isHopeless = isLate ? !attempt.frees : refused !== undefined && size >= refused;
  const wait = isHopeless ? undefined : attempt.waits?.shift();
  if (wait === undefined) {
    room.refused = Math.min(refused ?? size, size);
    room.changed = performance.now();
    return false;
  }
  // Not a timer of the ports: the browser takes real time.
  await new Promise((resolve) => setTimeout(resolve, wait));
  return true;
}
