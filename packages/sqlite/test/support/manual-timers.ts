import type { CancelTimer, Ports, Timers } from "@holdfast/core";
import { NOW } from "./records.js";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
  readonly kind: "foreground" | "background";
}

/** Timers that ring when they are told to. */
export class ManualTimers implements Timers {
  /** With a clock that goes with them: no stall of the machine counts as time that was waited. */
  readonly ports: Pick<Ports, "timers" | "clock"> = {
    timers: this,
    clock: { now: () => NOW + this.#now, elapsed: () => this.#now },
  };
  #now = 0;
  readonly #timers = new Set<Timer>();

  schedule(callback: () => void, milliseconds: number, kind: "foreground" | "background"): CancelTimer {
    const timer = { due: this.#now + milliseconds, callback, kind };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many are waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  get now(): number {
    return this.#now;
  }

  /** Lets time pass and everything that is due ring, in order; between two of them the event loop has its turns. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await turns();
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#now = next.due;
      this.#timers.delete(next);
      next.callback();
    }
    this.#now = end;
  }
}

/** Lets everything that waits for nothing outside of this process come to rest. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
