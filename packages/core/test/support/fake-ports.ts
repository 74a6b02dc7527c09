import type { Ports } from "@holdfast/core";

/** A clock that stands still, and timers that fire when nothing else is to be done, each moving the clock; what was waited for is recorded. */
export class FakePorts implements Ports {
  time = Date.UTC(2026, 0, 1);
  readonly waits: number[] = [];
  #seed = 1;

  readonly clock = { now: (): number => this.time };
  readonly random = {
    bytes: (length: number): Uint8Array => Uint8Array.from({ length }, () => this.#next() & 0xff),
    fraction: (): number => this.#next() / 2 ** 32,
  };
  readonly timers = {
    schedule: (callback: () => void, milliseconds: number): (() => void) => {
      let cancelled = false;
      setImmediate(() => {
        if (cancelled) return;
        this.waits.push(milliseconds);
        this.time += milliseconds;
        callback();
      });
      return () => {
        cancelled = true;
      };
    },
  };

  #next(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed;
  }
}
