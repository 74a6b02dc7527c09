import type { CancelTimer, Clock, Ports, Timers } from "@holdfast/core";
import { freshSeed, SeededRandom } from "./seeded.js";

/** Where simulated time and randomness begin. */
export interface SimulatedPortsOptions {
  /** Default: another for each. */
  readonly seed?: number | undefined;
  /** The wall clock's first reading, in milliseconds since 1970. Default: the start of 2026. */
  readonly start?: number | undefined;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly kind: "foreground" | "background";
  readonly callback: () => void;
}

/**
 * Clock, timers and randomness that a test owns: time passes when the test says so, and randomness comes from a seed.
 *
 * @example
 * const ports = new SimulatedPorts({ seed: 1 });
 * const storage = await openStorage(adapter, { ports });
 * const saving = storage.save("k", 1);     // fails at first; core waits before it tries again
 * await ports.advance(60_000);             // a minute passes, in no time
 */
export class SimulatedPorts implements Ports {
  /** What a failure should print: the same seed brings the same numbers. */
  readonly seed: number;
  readonly random: SeededRandom;
  readonly clock: Clock = { now: () => this.#wall + this.#elapsed, elapsed: () => this.#elapsed };
  readonly timers: Timers = {
    schedule: (callback, milliseconds, kind) => this.#schedule(callback, milliseconds, kind),
  };
  readonly #timers = new Set<Timer>();
  #wall: number;
  #elapsed = 0;
  #scheduled = 0;

  constructor({ seed = freshSeed(), start = Date.UTC(2026, 0, 1) }: SimulatedPortsOptions = {}) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.#wall = start;
  }

  /** Moves the wall clock alone, forwards or backwards, as a correction of the time does: no timer notices. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** Lets time pass: timers that come due are called in their order, each with the clock at its instant. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await macrotask();
    for (let due = this.nextDue(); due !== undefined && due <= end; due = this.nextDue()) {
      this.fireNext();
      await macrotask();
    }
    this.#elapsed = end;
  }

  /** When the next timer is due, in milliseconds since the start; undefined where none waits. */
  nextDue(): number | undefined {
    return this.#next()?.due;
  }

  /** Whether a timer waits that somebody waits for. */
  get foregroundWaits(): boolean {
    for (const { kind } of this.#timers) if (kind === "foreground") return true;
    return false;
  }

  /** Lets time pass up to the next timer and calls it. Returns whether there was one. */
  fireNext(): boolean {
    const timer = this.#next();
    if (timer === undefined) return false;
    this.#timers.delete(timer);
    this.#elapsed = Math.max(this.#elapsed, timer.due);
    timer.callback();
    return true;
  }

  #schedule(callback: () => void, milliseconds: number, kind: Timer["kind"]): CancelTimer {
    const timer = { due: this.#elapsed + milliseconds, order: this.#scheduled++, kind, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.order < next.order))
        next = timer;
    }
    return next;
  }
}

/** The next turn of the event loop: every promise that could settle by now has. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
