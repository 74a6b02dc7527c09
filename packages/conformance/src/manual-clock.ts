import type { Clock } from "@holdfast/core";

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #now: number;

  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Lets so much time pass, for whoever asks this clock. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** May go back, as wall clocks do. */
  set(instant: number): void {
    this.#now = instant;
  }

  /** The instant `milliseconds` from now. */
  in(milliseconds: number): Date {
    return new Date(this.#now + milliseconds);
  }
}
