import {
  type AdapterContext,
  type Awaitable,
  type OpenState,
  type Ports,
  type StorageAdapter,
  StorageError,
  sleep,
} from "@holdfast/core";
import type { CompletePolicy } from "./options.js";

/** An answer of the primary, or that it is away, which is no error of the call. */
export type Answer<T> = { readonly value: T; readonly tries: number } | { readonly away: StorageError };

/** How a call is made. */
export interface Asking {
  /** Repetitions while it is away. Default: those of the policy. */
  readonly retries?: number | undefined;
  /** Bytes of a body that go along, which take their time. */
  readonly bytes?: number | undefined;
  /** It takes as long as it takes, as work on everything that is stored does. */
  readonly untimed?: boolean | undefined;
}

/** A connection that moves fewer bytes of a body in a millisecond counts as none. */
const LEAST_RATE = 64;

/** The primary behind a watch: what takes too long counts as away, and what is away is not an error. */
export class Primary {
  readonly adapter: StorageAdapter;
  readonly #policy: CompletePolicy;
  #ports: Ports | undefined;
  /** An `open` that has not ended yet: an adapter is opened once, however late it answers. */
  #opening: Promise<OpenState> | undefined;
  /** Resolves when an `open` that was under way when its storage was closed has come to its end, and what it opened is closed. */
  #left: Promise<unknown> = Promise.resolve();
  #opened = false;

  constructor(adapter: StorageAdapter, policy: CompletePolicy) {
    this.adapter = adapter;
    this.#policy = policy;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** Opens it unless it is open. */
  async open(context: AdapterContext): Promise<Answer<OpenState | undefined>> {
    this.#ports = context.ports;
    if (this.#opened) return { value: undefined, tries: 0 };
    return this.once(async () => {
      this.#opening ??= this.#left.then(() => this.adapter.open(context));
      const opening = this.#opening;
      // Where it is another one by then, a `close` has taken this one over.
      try {
        const state = await opening;
        if (this.#opening === opening) this.#opened = true;
        return state;
      } finally {
        if (this.#opening === opening) this.#opening = undefined;
      }
    }, undefined);
  }

  /** Asks again, with growing pauses, while it is away and `retries` are left. */
  async ask<T>(
    work: (signal: AbortSignal) => Awaitable<T>,
    signal: AbortSignal | undefined,
    asking: Asking = {},
  ): Promise<Answer<T>> {
    const { minDelay, maxDelay } = this.#policy;
    const { retries = this.#policy.retries } = asking;
    for (let tries = 1; ; tries++) {
      const answer = await this.once(work, signal, asking);
      if ("value" in answer) return { ...answer, tries };
      if (tries > retries) return answer;
      await sleep(this.#timers, Math.min(maxDelay, minDelay * 2 ** (tries - 1)), signal);
    }
  }

  /** Asks a single time. Rejects with what is an answer too: any error that does not mean that it is away. */
  async once<T>(
    work: (signal: AbortSignal) => Awaitable<T>,
    signal: AbortSignal | undefined,
    { bytes = 0, untimed = false }: Asking = {},
  ): Promise<Answer<T>> {
    const timeout = this.#policy.timeout + Math.floor(bytes / LEAST_RATE);
    try {
      return { value: untimed ? await work(signal ?? NEVER) : await this.#inTime(work, signal, timeout), tries: 1 };
    } catch (error) {
      signal?.throwIfAborted();
      const away = awayError(this.adapter, error);
      if (away === undefined) throw error;
      return { away };
    }
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    if (opening !== undefined) {
      // What comes too late is closed when it comes, and only then opened again.
      this.#opening = undefined;
      this.#left = opening.then(() => this.adapter.close()).catch(() => undefined);
      return;
    }
    if (!this.#opened) return;
    this.#opened = false;
    await this.adapter.close();
  }

  get #timers(): Ports["timers"] {
    if (this.#ports === undefined) throw new StorageError("INTERNAL", "the primary was asked before it was opened");
    return this.#ports.timers;
  }

  #inTime<T>(
    work: (signal: AbortSignal) => Awaitable<T>,
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<T> {
    const late = new AbortController();
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.schedule(
        () => {
          const error = new StorageError("UNAVAILABLE", `${this.adapter.name} did not answer within ${timeout} ms`);
          reject(error);
          late.abort(error);
        },
        timeout,
        "foreground",
      );
      const both = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
      Promise.resolve()
        .then(() => work(both))
        .then(resolve, reject)
        .finally(cancel);
    });
  }
}

const NEVER: AbortSignal = new AbortController().signal;

/** Undefined for an error that does not mean that the adapter's store is away. */
export function awayError(adapter: StorageAdapter, error: unknown): StorageError | undefined {
  if (StorageError.is(error)) return error.code === "UNAVAILABLE" || error.code === "TIMEOUT" ? error : undefined;
  const known = adapter.classify(error);
  if (known?.code !== "UNAVAILABLE" && known?.code !== "TIMEOUT") return undefined;
  return new StorageError("UNAVAILABLE", known.message, { adapter: adapter.name, cause: error });
}
