import type { CancelTimer, Timers } from "@holdfast/core";

interface Setback {
  readonly error: unknown;
  readonly attempts: number;
  /** Set while it is not to be tried again. */
  cancelPause: CancelTimer | undefined;
}

/** Milliseconds; twice as long after each attempt, unless somebody waits for it. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 30_000;

/** Keys that could not be mirrored, each with the pause until it is tried again. */
export class Setbacks {
  readonly #timers: Timers;
  readonly #wake: () => void;
  readonly #isAwaited: () => boolean;
  readonly #setbacks = new Map<string, Setback>();

  /** `wake` is called when a pause ends. `isAwaited`: whether somebody waits for all that is to be mirrored. */
  constructor(timers: Timers, wake: () => void, isAwaited: () => boolean) {
    this.#timers = timers;
    this.#wake = wake;
    this.#isAwaited = isAwaited;
  }

  get size(): number {
    return this.#setbacks.size;
  }

  add(key: string, error: unknown): void {
    const before = this.#setbacks.get(key);
    before?.cancelPause?.();
    const attempts = (before?.attempts ?? 0) + 1;
    const again = () => {
      setback.cancelPause = undefined;
      this.#wake();
    };
    const pause = this.#isAwaited() ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempts);
    const cancelPause = this.#timers.schedule(again, pause, "background");
    const setback: Setback = { error, attempts, cancelPause };
    this.#setbacks.set(key, setback);
  }

  /** The key was mirrored. */
  delete(key: string): void {
    this.#setbacks.delete(key);
  }

  isPaused(key: string): boolean {
    return this.#setbacks.get(key)?.cancelPause !== undefined;
  }

  /** What stood in the way of a key the last time. */
  errorOf(key: string): unknown {
    return this.#setbacks.get(key)?.error;
  }

  /** Every key may be tried at once. */
  endPauses(): void {
    for (const setback of this.#setbacks.values()) {
      setback.cancelPause?.();
      setback.cancelPause = undefined;
    }
  }
}
