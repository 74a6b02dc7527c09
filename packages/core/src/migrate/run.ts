import type { ConflictPolicy, MigrateOptions } from "../contract/migration.js";
import { DEFAULT_CONCURRENCY } from "../engine/concurrently.js";
import { abortError, CallerError, type Operation, toStorageError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { type ProgressListener, ProgressMeter, type Prospect } from "../engine/progress-meter.js";
import { StorageError } from "../errors.js";
import type { RunState } from "./run-state.js";
import { Throttle } from "./throttle.js";

/** So many items in a row that fail because a store is out of reach mean that it is gone. */
const MOST_OUT_OF_REACH = 64;

/** What every part of one migration works with. */
export class Run {
  readonly source: Internals;
  readonly destination: Internals;
  readonly backup: Internals | undefined;
  readonly options: MigrateOptions;
  readonly operation: Operation;
  readonly state: RunState;
  readonly throttle: Throttle;
  readonly policy: ConflictPolicy;
  readonly concurrency: number;
  /** Previous versions go along. */
  readonly history: boolean;
  #backupReady: Promise<void> | undefined;
  #outOfReach = 0;

  constructor(
    source: Internals,
    destination: Internals,
    backup: Internals | undefined,
    options: MigrateOptions,
    operation: Operation,
    state: RunState,
  ) {
    this.source = source;
    this.destination = destination;
    this.backup = backup;
    this.options = options;
    this.operation = operation;
    this.state = state;
    const { bandwidth = Number.POSITIVE_INFINITY } = options;
    this.throttle = new Throttle(bandwidth, source.session.ports, operation.signal);
    this.policy = options.conflict ?? "stop";
    this.concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.history = options.history ?? false;
  }

  /** A key of the source's store as the source calls it. */
  relative(key: string): string {
    return key.slice(this.source.prefix.length);
  }

  meter(
    phase: string,
    total?: { readonly items: number; readonly bytes: number },
    done?: Prospect["done"],
  ): ProgressMeter {
    const listener: ProgressListener | undefined = this.options.progress;
    const prospect = {
      ...(total === undefined ? {} : { totalBytes: total.bytes }),
      ...(done === undefined ? {} : { done }),
    };
    return new ProgressMeter(phase, this.source.session.ports.clock, listener, total?.items, prospect);
  }

  /** Looked at when it is first needed: a run that replaces nothing minds no backup of an earlier one. */
  backupReady(): Promise<void> {
    this.#backupReady ??= this.state.report.resumed ? Promise.resolve() : this.#requireEmptyBackup();
    return this.#backupReady;
  }

  checkWanted(): void {
    if (this.operation.signal?.aborted) throw abortError(this.operation);
  }

  /** Runs the work on one item; its failure is noted, and the others go on. What ends the whole passes through. */
  async attempt(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#outOfReach = 0;
    } catch (error) {
      const failure = this.failureOf(error);
      this.#outOfReach = failure.retryable ? this.#outOfReach + 1 : 0;
      if (this.#outOfReach === MOST_OUT_OF_REACH) throw failure;
      await this.state.fail(key, failure);
    }
  }

  /** The failure of one item; throws what ends the whole. */
  failureOf(error: unknown): StorageError {
    if (error instanceof CallerError) throw error;
    if (this.operation.signal?.aborted) throw abortError(this.operation);
    const failure = toStorageError(error, this.operation, this.destination.session.adapter);
    if (failure.code === "CLOSED" || failure.code === "UNAUTHORIZED") throw failure;
    // A full store takes nothing more; a body above the limit is one item's matter, and is found in the plan.
    if (failure.code === "QUOTA_EXCEEDED") throw failure;
    return failure;
  }

  async #requireEmptyBackup(): Promise<void> {
    if (this.backup === undefined) return;
    const { session, prefix } = this.backup;
    const { signal } = this.operation;
    const range = { prefix, after: undefined, limit: 1 };
    const found = await session.ask(this.operation, () => session.adapter.list(range, { now: session.now(), signal }));
    if (found.length === 0) return;
    // What ends the whole migration, not one item.
    throw new CallerError(
      new StorageError(
        "INVALID_OPTION",
        "the backup is not empty: name another storage or namespace, or put back first what it holds",
      ),
    );
  }
}
