// Milliseconds.
const MOMENT = 1_000;

/** Resolves when the work is over, or has taken longer than somebody waits who wants to leave. Rejects when it failed in time. */
export async function forAMoment(work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, MOMENT);
  });
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
