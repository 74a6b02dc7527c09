import type { Progress } from "../contract/reports.js";
import type { Clock } from "../ports.js";
import { callersOwn } from "./failure.js";

// Often enough for a smooth bar, seldom enough to cost nothing.
const INTERVAL = 100;

/** Counts items and bytes and reports them now and then, at the start and at the end. */
export class ProgressMeter {
  items = 0;
  bytes = 0;
  readonly #phase: string;
  readonly #clock: Clock;
  readonly #report: ((progress: Progress) => void) | undefined;
  readonly #totalItems: number | undefined;
  readonly #started: number;
  #reported: number;

  constructor(phase: string, clock: Clock, report?: (progress: Progress) => void, totalItems?: number) {
    this.#phase = phase;
    this.#clock = clock;
    this.#report = report;
    this.#totalItems = totalItems;
    this.#started = clock.now();
    this.#reported = this.#started;
    this.#tell(this.#started);
  }

  add(items: number, bytes: number): void {
    this.items += items;
    this.bytes += bytes;
    if (this.#report === undefined) return;
    const now = this.#clock.now();
    if (now - this.#reported >= INTERVAL) this.#tell(now);
  }

  end(): void {
    this.#tell(this.#clock.now());
  }

  #tell(now: number): void {
    if (this.#report === undefined) return;
    this.#reported = now;
    const elapsed = now - this.#started;
    const total = this.#totalItems;
    callersOwn(this.#report, {
      phase: this.#phase,
      items: this.items,
      bytes: this.bytes,
      bytesPerSecond: elapsed > 0 ? (this.bytes * 1000) / elapsed : 0,
      ...(total === undefined ? {} : { totalItems: total }),
      ...(total === undefined || this.items === 0
        ? {}
        : { remaining: Math.max(0, ((total - this.items) * elapsed) / this.items) }),
    });
  }
}
