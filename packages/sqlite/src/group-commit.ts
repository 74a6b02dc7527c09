import { setImmediate } from "node:timers";
import { type CancelTimer, type Ports, StorageError } from "@holdfast/core";
import { isBusy, isDamage, isFull, isSyncFailure } from "./classify.js";
import type { Connection } from "./driver.js";
import { instant, lockDelay, lockedError } from "./lock-retry.js";

/** What groups of writes are committed on, and who is told. */
export interface GroupCommitOptions {
  readonly connection: Connection;
  readonly ports: Ports;
  /** Milliseconds to wait for locks of other processes. */
  readonly lockTimeout: number;
  /** Called when a group's transaction has begun. Throws when this connection must not write any more. */
  readonly begun: () => void;
  /** Called after `COMMIT` and before anybody is told. Throws when what was written is lost nevertheless. */
  readonly verify: () => void;
  /** Called after each group was told. */
  readonly committed: () => void;
  /** Called once, when nothing more can be written: every later job is rejected with the error. */
  readonly failed: (error: StorageError) => void;
}

/** What a job tells of itself. */
export interface JobOptions {
  /** Takes the job out of the queue; one that has run is committed nevertheless. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that the job writes, so that no group holds the thread for long. */
  readonly bytes?: number | undefined;
}

interface Job {
  readonly signal: AbortSignal | undefined;
  readonly bytes: number;
  /** Milliseconds that the queue had waited for locks when the job came. */
  readonly arrived: number;
  /** Set after a group with it failed: which of them failed for its own sake shows when each runs alone. */
  alone: boolean;
  work(): void;
  acknowledge(): void;
  reject(error: unknown): void;
}

const MOST_JOBS = 512;
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Runs jobs in shared transactions: those that are submitted in one turn of the event loop, or while a lock is waited for,
 * are committed together. A job is synchronous, may be run again after a rollback, and is answered after `COMMIT`.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #jobs: Job[] = [];
  readonly #begin: () => void;
  readonly #commit: () => void;
  #scheduled = false;
  #cancelWait: CancelTimer | undefined;
  #waited = 0;
  #attempt = 0;
  #failure: StorageError | undefined;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    const begin = options.connection.prepare("BEGIN IMMEDIATE");
    const commit = options.connection.prepare("COMMIT");
    this.#begin = () => begin.run();
    this.#commit = () => commit.run();
  }

  /** Resolves to what `work` returned, once that is committed. Rejects with what it threw, then nothing of it is written. */
  submit<T>(work: () => T, { signal, bytes = 0 }: JobOptions = {}): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      let result: { value: T } | undefined;
      this.#jobs.push({
        signal,
        bytes,
        arrived: this.#waited,
        alone: false,
        work() {
          result = { value: work() };
        },
        acknowledge() {
          if (result !== undefined) resolve(result.value);
        },
        reject,
      });
      this.#wake();
    });
  }

  /** Resolves when every job submitted so far has been answered. */
  drained(): Promise<void> {
    if (this.#jobs.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Rejects what is queued and everything that comes. */
  fail(failure: StorageError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    for (const job of this.#jobs.splice(0)) job.reject(failure);
    this.#options.failed(failure);
    this.#tellIdle();
  }

  // Not a microtask: a caller that awaits one save after the other would keep timers, signals and sockets from their turn.
  #wake(): void {
    if (this.#scheduled || this.#cancelWait !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#dropAborted();
    const group = this.#takeGroup();
    if (group.length > 0) this.#run(group);
    if (this.#jobs.length > 0) this.#wake();
    else this.#tellIdle();
  }

  #run(group: Job[]): void {
    try {
      this.#begin();
    } catch (error) {
      if (isBusy(error)) this.#waitForLock(group, error);
      else this.#rejectAll(group, error);
      return;
    }
    this.#attempt = 0;
    let phase: "guard" | "work" | "commit" = "guard";
    try {
      this.#options.begun();
      phase = "work";
      for (const job of group) job.work();
      phase = "commit";
      this.#commit();
    } catch (error) {
      this.#rollBack(group, error, phase);
      return;
    }
    this.#acknowledge(group);
  }

  #acknowledge(group: Job[]): void {
    try {
      this.#options.verify();
    } catch (error) {
      this.#rejectAll(group, error);
      this.fail(asStorageError(error));
      return;
    }
    for (const job of group) job.acknowledge();
    this.#options.committed();
  }

  #rollBack(group: Job[], error: unknown, phase: "guard" | "work" | "commit"): void {
    const undone = this.#tryRollBack();
    // `COMMIT` too has written nothing where it found no room, or damage: the index of words is written at its beginning.
    const isKnown = phase === "work" || isFull(error) || isDamage(error);
    const forbidden = phase === "guard" && StorageError.is(error) ? error : undefined;
    if (forbidden !== undefined || undone !== undefined || isSyncFailure(error)) {
      const failure = forbidden ?? lostConnection(undone ?? error);
      this.#rejectAll(group, failure);
      this.fail(failure);
    } else if (group.length > 1 && isKnown) {
      for (const job of group) job.alone = true;
      this.#jobs.unshift(...group);
    } else {
      this.#rejectAll(group, phase === "commit" && !isKnown ? unknownOutcome(error) : error);
    }
  }

  /** What went wrong with it, if anything did. */
  #tryRollBack(): unknown {
    try {
      // SQLite has rolled back by itself after some errors.
      if (this.#options.connection.inTransaction) this.#options.connection.exec("ROLLBACK");
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** A lock is held elsewhere: puts the group back, gives up those that have waited long enough, and comes again. */
  #waitForLock(group: Job[], error: unknown): void {
    const { ports, lockTimeout } = this.#options;
    this.#jobs.unshift(...group);
    for (const job of this.#jobs.splice(0)) {
      if (this.#waited - job.arrived >= lockTimeout) job.reject(lockedError(lockTimeout, error));
      else this.#jobs.push(job);
    }
    if (this.#jobs.length === 0) return;
    const delay = lockDelay(this.#attempt++, ports.random);
    const began = instant(ports.clock);
    const wait = () => {
      this.#cancelWait = undefined;
      // Timers come late, and a clock may stand still.
      this.#waited += Math.max(delay, instant(ports.clock) - began);
      this.#turn();
    };
    this.#cancelWait = ports.timers.schedule(wait, delay, "foreground");
  }

  #dropAborted(): void {
    for (const job of this.#jobs.splice(0)) {
      if (job.signal?.aborted) job.reject(job.signal.reason);
      else this.#jobs.push(job);
    }
  }

  /** The next jobs, in order: as many as may share a transaction, or one that has to run alone. */
  #takeGroup(): Job[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#jobs.length, MOST_JOBS); count++) {
      const job = this.#jobs[count];
      if (job === undefined || (count > 0 && (job.alone || bytes + job.bytes > MOST_BYTES))) break;
      bytes += job.alone ? Number.POSITIVE_INFINITY : job.bytes;
    }
    return this.#jobs.splice(0, count);
  }

  #rejectAll(group: readonly Job[], error: unknown): void {
    for (const job of group) job.reject(error);
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function asStorageError(error: unknown): StorageError {
  if (StorageError.is(error)) return error;
  return new StorageError(
    "UNAVAILABLE",
    "this connection must not write any more; close this storage and open it again",
    {
      retryable: false,
      cause: error,
    },
  );
}

/** After an fsync that failed: nothing may be asked of the connection any more. */
export function lostConnection(cause: unknown): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "the disk did not confirm a write, so its outcome is unknown and the database was closed; look at the disk, then close this storage and open it again",
    { retryable: false, cause },
  );
}

function unknownOutcome(cause: unknown): StorageError {
  return new StorageError(
    "UNAVAILABLE",
    "the commit failed and its outcome is unknown; try again, or read what stands",
    {
      cause,
    },
  );
}
