import { setImmediate } from "node:timers";
import type { SeededRandom } from "@holdfast/conformance";
import type { CancelTimer, Ports } from "@holdfast/core";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

// So many turns of the event loop without a new timer, and nothing else can be under way.
const QUIET_TURNS = 12;

/** A world in which waiting takes no time: while somebody waits and nothing else moves, the clock goes to the next timer. */
export class HurriedPorts implements Ports {
  readonly clock = { now: () => this.#now };
  readonly random = {
    bytes: (length: number) => Uint8Array.from({ length }, () => this.#random.below(256)),
    fraction: () => this.#random.fraction(),
  };
  readonly timers = {
    schedule: (callback: () => void, milliseconds: number, kind: "foreground" | "background"): CancelTimer => {
      const timer = { due: this.#now + milliseconds, callback };
      const timers = kind === "foreground" ? this.#foreground : this.#background;
      timers.add(timer);
      this.#quiet = 0;
      this.#pump();
      return () => timers.delete(timer);
    },
  };
  readonly #random: SeededRandom;
  readonly #foreground = new Set<Timer>();
  readonly #background = new Set<Timer>();
  #now = START;
  #quiet = 0;
  #outside = 0;
  #pumping = false;

  constructor(random: SeededRandom, now: number = START) {
    this.#random = random;
    this.#now = now;
  }

  /** Something moves. */
  stir(): void {
    this.#quiet = 0;
  }

  /** Lets no time pass while something is under way outside of this thread. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#outside++;
    try {
      return await work;
    } finally {
      this.#outside--;
      this.#quiet = 0;
    }
  }

  /** Nanoseconds since 1970; each reading is later than the one before, as with a fine clock. */
  nanoseconds(): bigint {
    this.#now += 0.001;
    return BigInt(Math.round(this.#now * 1_000)) * 1_000n;
  }

  #pump(): void {
    if (this.#pumping || this.#foreground.size === 0) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      if (this.#outside === 0 && ++this.#quiet >= QUIET_TURNS) this.#fire();
      this.#pump();
    });
  }

  #fire(): void {
    let next: Timer | undefined;
    for (const timer of [...this.#foreground, ...this.#background]) {
      if (next === undefined || timer.due < next.due) next = timer;
    }
    if (next === undefined) return;
    this.#foreground.delete(next);
    this.#background.delete(next);
    this.#now = Math.max(this.#now, next.due);
    this.#quiet = 0;
    next.callback();
  }
}

/** When time begins. */
export const START: number = Date.UTC(2026, 0, 1);
