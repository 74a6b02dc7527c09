/** Holds a shared lock from when this resolves until the function is called, or the page dies. */
export function hold(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = () => new Promise<void>((release) => resolve(release));
    navigator.locks.request(name, { mode: "shared" }, held).catch(reject);
  });
}

/** Does the work under the exclusive lock, if nobody holds it in any way; otherwise nothing. */
export async function whenFree(name: string, work: () => Promise<void>): Promise<void> {
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await work();
  });
}
