import { type Ports, StorageError, sleep } from "@holdfast/core";
import { classify } from "./classify.js";

const TRIES = 4;
/** Milliseconds before the second try; each pause is twice as long as the one before, less up to half of it. */
const FIRST_PAUSE = 200;

/**
 * Again after a failure that passes, for what is safe to repeat and core does not: opening, moving parts of a body, and the adapter's
 * own calls.
 */
export async function retried<T>(
  { timers, random }: Ports,
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES || !mayPass(error)) throw error;
      await sleep(timers, FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + random.fraction() / 2), signal);
    }
  }
}

function mayPass(error: unknown): boolean {
  if (StorageError.is(error)) return error.retryable;
  const known = classify(error);
  return known !== undefined && (known.retryable ?? known.code === "UNAVAILABLE");
}
