import { isPromise } from "../awaitable.js";
import { StorageError } from "../errors.js";
import type { Ports } from "../ports.js";
import type { Awaitable, OpenState, StorageAdapter } from "../spi/index.js";
import { VersionClock } from "../versions.js";
import { abortError, CallerError, type Operation, toStorageError } from "./failure.js";
import type { Observation } from "./observation.js";
import { openAdapters } from "./open-adapters.js";
import type { CompleteSettings } from "./settings.js";
import type { Vault } from "./vault.js";
import type { WatchHub } from "./watch-hub.js";
import type { WriteTurns } from "./write-turns.js";

interface InFlight {
  readonly operation: Operation;
  abandon(error: StorageError): void;
}

/** One open adapter and everything that the storage and its namespaces share. */
export class Session {
  readonly adapter: StorageAdapter;
  readonly settings: CompleteSettings;
  readonly versions: VersionClock;
  readonly writes: WriteTurns;
  /** Undefined where nobody can want to know of operations. */
  readonly observation: Observation | undefined;
  /** Undefined where the storage was opened without keys. */
  readonly vault: Vault | undefined;
  readonly #inFlight = new Set<InFlight>();
  #watchers: Promise<WatchHub> | undefined;
  #closing: Promise<void> | undefined;
  /** The adapter is being closed: nothing may be asked of it any more. */
  #released = false;
  /** What runs now was called before `close` was. */
  #admitted = false;
  /** Called when nothing is in flight any more, once somebody waits for that. */
  #onIdle: (() => void) | undefined;

  constructor(
    adapter: StorageAdapter,
    settings: CompleteSettings,
    state: OpenState,
    writes: WriteTurns,
    observation: Observation | undefined,
    vault: Vault | undefined,
  ) {
    this.adapter = adapter;
    this.settings = settings;
    this.versions = new VersionClock(settings.ports, state.lastVersion);
    this.writes = writes;
    this.observation = observation;
    this.vault = vault;
  }

  get ports(): Ports {
    return this.settings.ports;
  }

  /** The instant that decides what has expired, in whole milliseconds. */
  now(): number {
    return Math.floor(this.ports.clock.now());
  }

  /**
   * Runs one operation of the contract: refuses it when closed, gives it up when its signal fires, turns whatever it
   * throws into a StorageError, and lets `close` wait for it. `prefix` stands before the operation's key in the store.
   */
  run<T>(operation: Operation, work: (operation: Operation) => Awaitable<T>, prefix = ""): Promise<T> {
    if (this.#closing !== undefined && !this.#admitted) return Promise.reject(this.closedError(operation));
    const { observation } = this;
    if (observation === undefined || !observation.wanted) return this.#run(operation, work);
    return observation.observe(operation, prefix, (observed) => this.#run(observed, work));
  }

  /**
   * For a call of which `run` has to wait for something: it is in flight from now on, and runs even if `close` is called before it
   * can. `next` runs it before it returns.
   */
  enter<T, U>(operation: Operation, waiting: Promise<T>, next: (value: T) => Promise<U>): Promise<U> {
    if (this.#closing !== undefined) return Promise.reject(this.closedError(operation));
    const entered = waiting.then((value) => {
      this.checkWanted(operation);
      this.#admitted = true;
      try {
        const answer = next(value);
        // Whoever gave up before hears nothing of it any more.
        answer.catch(() => undefined);
        // In an object: what it fails with is told as it is.
        return { answer };
      } finally {
        this.#admitted = false;
      }
    });
    return this.#follow(operation, entered).then(({ answer }) => answer);
  }

  get admitted(): boolean {
    return this.#admitted;
  }

  /** Work without a signal that answers at once was never in flight, and takes one promise in all. */
  #run<T>(operation: Operation, work: (operation: Operation) => Awaitable<T>): Promise<T> {
    const { signal } = operation;
    if (signal?.aborted) return Promise.reject(abortError(operation, this.adapter.name));
    try {
      const answer = work(operation);
      // A signal has the rest of the caller's turn to fire, and code of the caller's that the work ran may have fired it.
      if (signal !== undefined || isPromise(answer)) return this.#follow(operation, Promise.resolve(answer));
      return Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(this.#failureOf(operation, error));
    }
  }

  #follow<T>(operation: Operation, answer: Promise<T>): Promise<T> {
    const { signal } = operation;
    return new Promise((resolve, reject) => {
      const entry: InFlight = { operation, abandon: reject };
      const onAbort = () => reject(abortError(operation, this.adapter.name));
      const end = () => {
        this.#inFlight.delete(entry);
        if (this.#inFlight.size === 0) this.#onIdle?.();
        signal?.removeEventListener("abort", onAbort);
      };
      this.#inFlight.add(entry);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
      answer.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(this.#failureOf(operation, error));
        },
      );
    });
  }

  #failureOf(operation: Operation, error: unknown): unknown {
    if (!(error instanceof CallerError)) return toStorageError(error, operation, this.adapter);
    if (operation.tally !== undefined) operation.tally.isCallers = true;
    return error.error;
  }

  /**
   * Asks the adapter for something that is safe to ask twice, again after a passing failure. No promise where the adapter
   * answers at once.
   */
  ask<T>(operation: Operation, question: () => Awaitable<T>): Awaitable<T> {
    try {
      this.checkWanted(operation);
      const answer = question();
      if (!isPromise(answer)) return answer;
      return answer.then(undefined, (error: unknown) => this.#repeat(operation, question, error));
    } catch (error) {
      return this.#repeat(operation, question, error);
    }
  }

  /** Throws when the operation was given up, by its signal or by `close`: what it has not done yet is not to be done. */
  checkWanted(operation: Operation): void {
    operation.signal?.throwIfAborted();
    if (this.#released) throw this.closedError(operation);
  }

  /** Loaded with the first watch. */
  watchers(): Promise<WatchHub> {
    if (this.#watchers === undefined) {
      this.#watchers = import("./watch-hub.js").then(({ WatchHub }) => new WatchHub(this.adapter, this.versions));
      // The next watch asks for it again.
      this.#watchers.catch(() => {
        this.#watchers = undefined;
      });
    }
    return this.#watchers;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  closedError({ name, key }: Operation): StorageError {
    return new StorageError("CLOSED", `${name}: this storage is closed`, { key, adapter: this.adapter.name });
  }

  async #repeat<T>(operation: Operation, question: () => Awaitable<T>, error: unknown): Promise<T> {
    const first = toStorageError(error, operation, this.adapter);
    const { retry } = this.settings;
    if (retry === false || retry.retries === 0 || !mayPass(first)) throw first;
    // Where it cannot be loaded there is no second try, and the failure of the first is what happened.
    const { repeat } = await import("./retry.js").catch(() => Promise.reject(first));
    const again = async () => {
      if (operation.tally !== undefined) operation.tally.retries++;
      try {
        this.checkWanted(operation);
        return await question();
      } catch (failure) {
        throw toStorageError(failure, operation, this.adapter);
      }
    };
    return repeat(again, { first, mayPass, policy: retry, ports: this.ports, signal: operation.signal });
  }

  async #close(): Promise<void> {
    const closing: Operation = { name: "close" };
    try {
      const remaining = await this.#drain();
      this.#released = true;
      const letGo = this.#letGo().finally(() => openAdapters.delete(this.adapter));
      if (!(await this.#inTime(letGo))) remaining.push("closing the adapter itself");
      if (remaining.length > 0) {
        throw new StorageError(
          "TIMEOUT",
          `closed while still at work on ${remaining.join(", ")}; their outcome is unknown`,
        );
      }
    } catch (error) {
      throw toStorageError(error, closing, this.adapter);
    }
  }

  async #letGo(): Promise<void> {
    try {
      // One that could not be loaded has nothing to close.
      const watchers = await this.#watchers?.catch(() => undefined);
      await watchers?.close();
      await this.adapter.flush?.({ signal: undefined });
    } finally {
      // What fails before, and what could not be flushed, is the adapter's to keep; it must be let go of all the same.
      await this.adapter.close();
    }
  }

  /** Waits for what is in flight, at most `closeTimeout`; abandons and names the rest. */
  async #drain(): Promise<string[]> {
    // An operation is in flight only once its synchronous part is over, and code of the caller's in that part, such as a
    // getter, may be what closes the storage.
    await undefined;
    if (this.#inFlight.size === 0) return [];
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await this.#inTime(idle);
    const names = Array.from(this.#inFlight, ({ operation, abandon }) => {
      abandon(this.closedError(operation));
      return operation.key === undefined ? operation.name : `${operation.name} ${JSON.stringify(operation.key)}`;
    });
    return [...new Set(names)];
  }

  /** Whether the work came to its end within `closeTimeout`. Rejects when it failed in time. */
  #inTime(work: Promise<void>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cancel = this.ports.timers.schedule(() => resolve(false), this.settings.closeTimeout, "foreground");
      work.then(() => resolve(true), reject).finally(cancel);
    });
  }
}

// An adapter that reports LOCKED has waited for its lock already.
function mayPass(error: unknown): boolean {
  return StorageError.is(error) && error.retryable && error.code !== "LOCKED" && error.code !== "TIMEOUT";
}
