import type { MigrateAllOptions, MigrateAllReport } from "../contract/collection.js";
import { rejectUnknown, requireBoolean, requireConcurrency, requireFunction } from "../engine/arguments.js";
import { concurrently, DEFAULT_CONCURRENCY } from "../engine/concurrently.js";
import { abortError, CallerError, type Operation, toStorageError } from "../engine/failure.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { readableHeaders } from "../engine/readable-headers.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import { readStanding, type Scope } from "./scope.js";
import { isCurrent, labelOf, storedVersion } from "./stored-version.js";
import { upgrade } from "./upgrade.js";
import { rewrite } from "./write-data.js";

/** Throws INVALID_OPTION. */
export function checkMigrateAllOptions(options: MigrateAllOptions): void {
  rejectUnknown("option", options, ["dryRun", "down", "concurrency", "progress", "signal"]);
  const { dryRun = false, down = false, concurrency = 1, progress } = options;
  requireBoolean("dryRun", dryRun);
  requireBoolean("down", down);
  if (progress !== undefined) requireFunction("progress", progress);
  requireConcurrency(concurrency);
}

/**
 * One pass over the collection. Each item's header says what is still to be done with it, and header and body change as one: so
 * there is nothing to remember between runs.
 */
export async function migrateAll(
  scope: Scope,
  operation: Operation,
  options: MigrateAllOptions,
): Promise<MigrateAllReport> {
  const run = new Run(scope, operation, options);
  return run.migrate();
}

class Run {
  readonly #scope: Scope;
  readonly #operation: Operation;
  readonly #options: MigrateAllOptions;
  readonly #report: MigrateAllReport;

  constructor(scope: Scope, operation: Operation, options: MigrateAllOptions) {
    this.#scope = scope;
    this.#operation = operation;
    this.#options = options;
    this.#report = {
      ok: true,
      dryRun: options.dryRun ?? false,
      version: scope.definition.version.text,
      items: 0,
      versions: {},
      migrated: 0,
      unchanged: 0,
      gone: 0,
      remaining: 0,
      failures: [],
      milliseconds: 0,
    };
  }

  async migrate(): Promise<MigrateAllReport> {
    const { concurrency = DEFAULT_CONCURRENCY, progress } = this.#options;
    const { clock } = this.#scope.internals.session.ports;
    const started = clock.now();
    const total = progress === undefined ? undefined : await this.#count();
    const meter = new ProgressMeter("migrate", clock, progress, total);
    const damaged = (key: string, error: StorageError) => {
      this.#report.items++;
      this.#failed(key, error);
      meter.add(1, 0);
    };
    await concurrently(this.#headers(damaged), concurrency, async (header) => {
      if (this.#operation.signal?.aborted) throw abortError(this.#operation);
      await this.#attempt(header);
      meter.add(1, header.storedSize);
    });
    await meter.end();
    this.#report.ok = this.#report.remaining === 0;
    this.#report.milliseconds = clock.now() - started;
    return this.#report;
  }

  async #count(): Promise<number> {
    let items = 0;
    for await (const _ of this.#headers(() => items++)) items++;
    return items;
  }

  /** Every header that can be read; `damaged` is told of the others. */
  async *#headers(damaged: (key: string, error: StorageError) => void): AsyncGenerator<RecordHeader> {
    const { session, prefix } = this.#scope.internals;
    for await (const page of readableHeaders(session, this.#operation, prefix, damaged)) yield* page;
  }

  /** Notes the failure of one item and goes on; what ends the whole passes through. */
  async #attempt(header: RecordHeader): Promise<void> {
    const report = this.#report;
    const label = labelOf(header, this.#scope.definition);
    report.items++;
    report.versions[label] = (report.versions[label] ?? 0) + 1;
    try {
      report[await this.#bringUp(header)]++;
    } catch (error) {
      if (error instanceof CallerError) throw error;
      if (this.#operation.signal?.aborted) throw abortError(this.#operation);
      const failure = toStorageError(error, this.#operation, this.#scope.internals.session.adapter);
      const { code } = failure;
      if (code === "CLOSED" || code === "QUOTA_EXCEEDED" || code === "UNAUTHORIZED") throw failure;
      this.#failed(header.key, failure);
    }
  }

  #failed(path: string, { code, message }: StorageError): void {
    this.#report.remaining++;
    if (this.#report.failures.length >= MOST_LISTED) return;
    this.#report.failures.push({ key: path.slice(this.#scope.internals.prefix.length), code, message });
  }

  async #bringUp(listed: RecordHeader): Promise<"migrated" | "unchanged" | "gone"> {
    const { definition } = this.#scope;
    if (isCurrent(listed, definition)) return "unchanged";
    for (;;) {
      const record = await readStanding(this.#scope, this.#operation, listed.key);
      if (record === undefined) return "gone";
      if (isCurrent(record.header, definition)) return "unchanged";
      const { data, found } = await upgrade(this.#scope, this.#operation, record);
      if (found === "newer" && this.#options.down !== true) throw this.#newer(record.header);
      if (this.#report.dryRun) return "migrated";
      try {
        await rewrite(this.#scope, this.#operation, record.header, data);
        return "migrated";
      } catch (error) {
        // Somebody else wrote it in between: what they wrote is looked at in its turn.
        if (!StorageError.is(error, "CONFLICT")) throw error;
      }
      this.#operation.signal?.throwIfAborted();
    }
  }

  #newer(header: RecordHeader): StorageError {
    const { definition } = this.#scope;
    const { text } = storedVersion(header, definition);
    return new StorageError(
      "SCHEMA",
      `${definition.name}: this data has version ${text}, which is newer than the code's ${definition.version.text}; "down: true" brings it down`,
    );
  }
}
