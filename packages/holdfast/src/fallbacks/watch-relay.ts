import type { AdapterChange, Awaitable, Version } from "@holdfast/core";
import type { Taken } from "./fallback-store.js";
import { awayError, type Primary } from "./primary.js";

type Listener = (change: AdapterChange) => void;

/** Tells of each write once: of one that a fallback took when it was taken, and not again when the primary has it. */
export class WatchRelay {
  readonly #primary: Primary;
  readonly #listeners = new Set<Listener>();
  /** Versions that listeners know from when a fallback took them. */
  readonly #told = new Set<Version>();
  #unwatch: Promise<() => Awaitable<void>> | undefined;

  constructor(primary: Primary) {
    this.#primary = primary;
  }

  async add(listener: Listener): Promise<() => Promise<void>> {
    // One registration each, also of the same function.
    const own: Listener = (change) => listener(change);
    this.#listeners.add(own);
    try {
      await this.start();
    } catch (error) {
      this.#listeners.delete(own);
      throw error;
    }
    return async () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) await this.#stop();
    };
  }

  /** To be called each time the primary has come. Where it is away, it is watched when it is back. */
  async start(): Promise<void> {
    const { adapter, opened } = this.#primary;
    if (this.#listeners.size === 0 || this.#unwatch !== undefined || !opened || adapter.watch === undefined) return;
    const started = Promise.resolve(adapter.watch((change) => this.#relay(change)));
    this.#unwatch = started;
    try {
      await started;
    } catch (error) {
      this.#unwatch = undefined;
      if (awayError(adapter, error) === undefined) throw error;
    }
  }

  announce({ type, key, version }: Taken): void {
    if (this.#listeners.size === 0) return;
    this.#told.add(version);
    // Later, so that neither a listener's error nor its own next write comes between this write and its answer.
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener({ type, key, version });
      });
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#stop();
  }

  #relay(change: AdapterChange): void {
    if (this.#told.delete(change.version)) return;
    for (const listener of this.#listeners) listener({ ...change });
  }

  async #stop(): Promise<void> {
    const unwatch = this.#unwatch;
    this.#unwatch = undefined;
    this.#told.clear();
    if (unwatch !== undefined) await (await unwatch)();
  }
}
