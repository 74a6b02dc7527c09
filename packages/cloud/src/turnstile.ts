/** Lets so many at a time pass; the others wait in line. */
export class Turnstile {
  #free: number;
  /** In the order in which they came; a set, so that one who gives up leaves from anywhere. */
  readonly #line = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when there is a place, which `leave` gives back; rejects with the signal's reason when that fires first. */
  enter(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const next = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#line.delete(next);
        reject(signal?.reason);
      };
      this.#line.add(next);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  leave(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#line.delete(next);
    next();
  }
}
