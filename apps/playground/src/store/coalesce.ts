/** Work that is asked for again and again. */
export interface Coalesced {
  again(): void;
  /** Nothing begins any more. */
  end(): void;
}

// Milliseconds until what failed is tried again: each time twice as long.
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 60_000;

/**
 * Makes many calls few: `work` runs soon after a call, once for all calls until then, never twice at a time and at most every
 * `pause` milliseconds. The last call is always followed by a run. Where `work` rejects, another run follows by itself; `failed` is told
 * of the first failure in a row.
 */
export function coalesce(work: () => Promise<void>, pause: number, failed: (error: unknown) => void): Coalesced {
  let running = false;
  let wanted = false;
  let ended = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const again = () => {
    wanted = true;
    if (!running) void run();
  };
  const run = async () => {
    running = true;
    while (wanted && !ended) {
      wanted = false;
      clearTimeout(retry);
      try {
        await work();
        failures = 0;
      } catch (error) {
        if (!ended) {
          if (failures === 0) failed(error);
          retry = setTimeout(again, Math.min(FIRST_WAIT * 2 ** failures++, LONGEST_WAIT));
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    running = false;
  };
  return {
    again,
    end() {
      ended = true;
      clearTimeout(retry);
    },
  };
}
