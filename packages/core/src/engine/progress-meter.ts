import { isPromise } from "../awaitable.js";
import type { Progress } from "../contract/reports.js";
import type { Clock } from "../ports.js";
import { callersOwn } from "./failure.js";

// Often enough for a smooth bar, seldom enough to cost nothing.
const INTERVAL = 100;

export type ProgressListener = (progress: Progress) => void;

/** What is known when the work begins. */
export interface Prospect {
  /** In all, what was done before included. */
  readonly totalBytes?: number;
  /** What an earlier run had done: counted, but no part of the rate. */
  readonly done?: { readonly items: number; readonly bytes: number };
}

/**
 * Counts items and bytes and reports them now and then, at the start and at the end. What the listener throws comes out of the call that
 * told it; what it rejects with, out of a later one, at the latest of `end`.
 */
export class ProgressMeter {
  items: number;
  bytes: number;
  readonly #phase: string;
  readonly #clock: Clock;
  readonly #report: ProgressListener | undefined;
  readonly #totalItems: number | undefined;
  readonly #prospect: Prospect;
  readonly #started: number;
  #reported: number;
  #answer: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(phase: string, clock: Clock, report?: ProgressListener, totalItems?: number, prospect: Prospect = {}) {
    const { items, bytes } = prospect.done ?? { items: 0, bytes: 0 };
    this.items = items;
    this.bytes = bytes;
    this.#prospect = prospect;
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
    this.#complain();
    const now = this.#clock.now();
    if (now - this.#reported >= INTERVAL) this.#tell(now);
  }

  async end(): Promise<void> {
    this.#tell(this.#clock.now());
    await this.#answer;
    this.#complain();
  }

  #tell(now: number): void {
    if (this.#report === undefined) return;
    this.#complain();
    this.#reported = now;
    const answer: unknown = callersOwn<[Progress], unknown>(this.#report, this.#progress(now - this.#started));
    if (!isPromise(answer)) return;
    const told = this.#answer;
    this.#answer = Promise.all([told, answer]).then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
  }

  #complain(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #progress(elapsed: number): Progress {
    const { totalBytes, done = { items: 0, bytes: 0 } } = this.#prospect;
    const total = this.#totalItems;
    const items = this.items - done.items;
    const bytes = this.bytes - done.bytes;
    const left = [
      ...(total === undefined || items === 0 ? [] : [((total - this.items) * elapsed) / items]),
      ...(totalBytes === undefined || bytes === 0 ? [] : [((totalBytes - this.bytes) * elapsed) / bytes]),
    ];
    return {
      phase: this.#phase,
      items: this.items,
      bytes: this.bytes,
      bytesPerSecond: elapsed > 0 ? (bytes * 1000) / elapsed : 0,
      ...(total === undefined ? {} : { totalItems: total }),
      ...(totalBytes === undefined ? {} : { totalBytes }),
      // Many small items and a few large ones: whichever takes longer is what has to be waited for.
      ...(left.length === 0 ? {} : { remaining: Math.max(0, ...left) }),
    };
  }
}
