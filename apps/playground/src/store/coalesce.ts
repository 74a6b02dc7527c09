/**
 * Makes many calls few: `work` runs soon after a call, once for all calls until then, never twice at a time and at most every
 * `pause` milliseconds. The last call is always followed by a run.
 */
export function coalesce(work: () => Promise<void>, pause: number): () => void {
  let running = false;
  let wanted = false;
  const run = async () => {
    running = true;
    while (wanted) {
      wanted = false;
      await work();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) void run();
  };
}
