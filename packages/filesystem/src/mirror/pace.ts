import type { CancelTimer, Timers } from "@holdfast/core";

export interface PaceParts {
  readonly timers: Timers;
  /** Lets the event loop have its turn when it has waited long enough. */
  readonly breathe: () => Promise<void>;
  /** Whether so much waits that saves will soon have to. */
  readonly isCrowded: () => boolean;
}

/** Milliseconds without a save after which the mirror works. */
const QUIET = 20;
/** Milliseconds after which it does in any case, until nothing is left. */
const LONGEST_LAG = 2_000;

/** When the mirror works: saves that follow one another have the disk and the thread to themselves, for a while. */
export class Pace {
  readonly #parts: PaceParts;
  #saves = 0;
  /** How many saves there were when the mirror looked last. Undefined: it has not looked yet. */
  #seen: number | undefined;
  #isDue = false;
  #cancelLag: CancelTimer | undefined;
  #rushing = 0;
  #endPause: (() => void) | undefined;

  constructor(parts: PaceParts) {
    this.#parts = parts;
  }

  /** To be called with each save. */
  saving(): void {
    this.#saves++;
  }

  /** There is work. Resolves when it may begin. */
  async begin(): Promise<void> {
    this.#seen = undefined;
    this.#isDue = false;
    const comeDue = () => {
      this.#isDue = true;
      this.#endPause?.();
    };
    this.#cancelLag = this.#parts.timers.schedule(comeDue, LONGEST_LAG, "background");
    await this.#quiet();
  }

  /** To be awaited between steps of the work. */
  async step(): Promise<void> {
    await this.#parts.breathe();
    await this.#quiet();
  }

  /** There is no more work. */
  end(): void {
    this.#cancelLag?.();
  }

  /** From now on, until what it returns is called, the mirror waits for nobody. */
  rush(): () => void {
    this.#rushing++;
    this.#endPause?.();
    return () => {
      this.#rushing--;
    };
  }

  async #quiet(): Promise<void> {
    while (this.#seen !== this.#saves && this.#mayWait()) {
      this.#seen = this.#saves;
      await this.#pause();
    }
  }

  #mayWait(): boolean {
    return !this.#isDue && this.#rushing === 0 && !this.#parts.isCrowded();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.timers.schedule(resolve, QUIET, "foreground");
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
