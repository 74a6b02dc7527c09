import type { MigrateOptions, MigrationReport } from "../contract/migration.js";
import { concurrently } from "../engine/concurrently.js";
import { abortError, CallerError, callersOwn, type Operation, toStorageError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { itemOf } from "../engine/items.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { headersBelow } from "../engine/scan.js";
import { StorageError } from "../errors.js";
import { checkPrefix } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import { copyRecord } from "./copy-record.js";
import { sameContent, verifyRecord } from "./verify-record.js";

/** Keeps the report within bounds on a disaster of millions of items. */
const MOST_LISTED = 10_000;
const DEFAULT_CONCURRENCY = 16;

type Decision =
  | { copy: true; over: RecordHeader | undefined }
  | { copy: false; because: "unchanged" | "skipped" | "conflict" };

/** Plan, copy, verify, report. Two or three passes over the source's headers, so that memory stays flat. */
export async function runMigration(
  source: Internals,
  destination: Internals,
  options: MigrateOptions,
): Promise<MigrationReport> {
  const run = new Migration(source, destination, options);
  // Both storages count it as work in flight: closing either waits for it.
  return source.session.run(run.operation, async () => {
    try {
      return await destination.session.run(run.operation, () => run.migrate());
    } catch (error) {
      throw StorageError.is(error) ? error : new CallerError(error);
    }
  });
}

class Migration {
  readonly operation: Operation;
  readonly #source: Internals;
  readonly #destination: Internals;
  readonly #options: MigrateOptions;
  readonly #policy: NonNullable<MigrateOptions["conflict"]>;
  readonly #report: MigrationReport;
  /** What the conflict policy left alone and what failed: not to be verified. */
  readonly #leftOut = new Set<string>();

  constructor(source: Internals, destination: Internals, options: MigrateOptions) {
    this.#source = source;
    this.#destination = destination;
    this.#options = options;
    this.#policy = options.conflict ?? "stop";
    // One tally for both storages, each of which tells of the migration.
    this.operation = { name: "migrate", signal: options.signal, tally: { bytes: 0, retries: 0 } };
    this.#report = {
      ok: true,
      dryRun: options.dryRun ?? false,
      planned: { items: 0, bytes: 0 },
      copied: 0,
      unchanged: 0,
      skipped: 0,
      verified: 0,
      bytes: 0,
      conflicts: [],
      failures: [],
      milliseconds: 0,
    };
  }

  async migrate(): Promise<MigrationReport> {
    const { clock } = this.#source.session.ports;
    const report = this.#report;
    const started = clock.now();
    await this.#plan();
    const stopped = this.#policy === "stop" && report.conflicts.length > 0;
    if (!report.dryRun && !stopped) {
      await this.#copy();
      if (this.#options.validate ?? true) await this.#verify();
    }
    report.ok = report.conflicts.length === 0 && report.failures.length === 0;
    report.milliseconds = clock.now() - started;
    return report;
  }

  /** Counts, and finds conflicts before anything is written. For a dry run, decides on every item. */
  async #plan(): Promise<void> {
    const report = this.#report;
    const meter = this.#meter("plan");
    await this.#forEach(async (header) => {
      report.planned.items++;
      report.planned.bytes += header.storedSize;
      if (report.dryRun || this.#policy === "stop") {
        const decision = await this.#decide(header);
        if (!decision.copy && decision.because === "conflict") this.#conflict(header);
        if (report.dryRun) this.#count(decision, header);
      }
      meter.add(1, header.storedSize);
    });
    meter.end();
  }

  async #copy(): Promise<void> {
    const meter = this.#meter("copy");
    await this.#forEach((header) =>
      this.#attempt(header, async () => {
        const decision = await this.#decide(header);
        if (decision.copy) {
          const { reencrypt = false } = this.#options;
          const copied = await copyRecord(this.#source, this.#destination, header, decision.over, this.operation, {
            reencrypt,
          });
          // Deleted or expired in the source since it was listed: nothing is owed.
          if (!copied) this.#leftOut.add(header.key);
          else this.#count(decision, header);
        } else {
          this.#count(decision, header);
          if (decision.because !== "unchanged") this.#leftOut.add(header.key);
          if (decision.because === "conflict") this.#conflict(header);
        }
        meter.add(1, header.storedSize);
      }),
    );
    meter.end();
  }

  async #verify(): Promise<void> {
    const meter = this.#meter("verify");
    await this.#forEach((header) =>
      this.#attempt(header, async () => {
        if (this.#leftOut.has(header.key)) return;
        await verifyRecord(this.#destination, header, this.#target(header.key), this.operation);
        this.#report.verified++;
        meter.add(1, header.storedSize);
      }),
    );
    meter.end();
  }

  async #decide(header: RecordHeader): Promise<Decision> {
    const { session } = this.#destination;
    const { signal } = this.operation;
    const target = this.#target(header.key);
    const standing = await session.ask(this.operation, () =>
      session.adapter.stat(target, { now: session.now(), signal }),
    );
    if (standing === undefined) return { copy: true, over: undefined };
    if (sameContent(header, standing)) return { copy: false, because: "unchanged" };
    if (this.#policy === "overwrite") return { copy: true, over: standing };
    if (this.#policy === "newer" && header.modified > standing.modified) return { copy: true, over: standing };
    return { copy: false, because: this.#policy === "stop" ? "conflict" : "skipped" };
  }

  #count(decision: Decision, header: RecordHeader): void {
    if (decision.copy) {
      this.#report.copied++;
      this.#report.bytes += header.storedSize;
    } else if (decision.because === "unchanged") this.#report.unchanged++;
    else if (decision.because === "skipped") this.#report.skipped++;
  }

  #conflict(header: RecordHeader): void {
    if (this.#report.conflicts.length < MOST_LISTED) this.#report.conflicts.push(this.#relative(header.key));
  }

  /** Notes the failure of one item and goes on; what ends the whole passes through. */
  async #attempt(header: RecordHeader, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof CallerError) throw error;
      if (this.operation.signal?.aborted) throw abortError(this.operation);
      const failure = toStorageError(error, this.operation, this.#destination.session.adapter);
      if (failure.code === "CLOSED" || failure.code === "QUOTA_EXCEEDED" || failure.code === "UNAUTHORIZED")
        throw failure;
      this.#leftOut.add(header.key);
      if (this.#report.failures.length < MOST_LISTED) {
        this.#report.failures.push({ key: this.#relative(header.key), code: failure.code, message: failure.message });
      }
    }
  }

  /** Runs `work` for each source header that the caller chose, several at once. */
  async #forEach(work: (header: RecordHeader) => Promise<void>): Promise<void> {
    await concurrently(this.#chosen(), this.#options.concurrency ?? DEFAULT_CONCURRENCY, async (header) => {
      if (this.operation.signal?.aborted) throw abortError(this.operation);
      await work(header);
    });
  }

  async *#chosen(): AsyncGenerator<RecordHeader> {
    const { session, prefix } = this.#source;
    const { filter } = this.#options;
    const range = {
      prefix: prefix + checkPrefix(this.#options.prefix ?? ""),
      after: undefined,
      limit: Number.MAX_SAFE_INTEGER,
    };
    for await (const page of headersBelow(session, this.operation, range)) {
      for (const header of page) {
        if (filter === undefined || callersOwn(filter, await itemOf(session, structuredClone(header), prefix)))
          yield header;
      }
    }
  }

  #meter(phase: string): ProgressMeter {
    const { items } = this.#report.planned;
    const total = phase === "plan" ? undefined : items;
    return new ProgressMeter(phase, this.#source.session.ports.clock, this.#options.progress, total);
  }

  #relative(key: string): string {
    return key.slice(this.#source.prefix.length);
  }

  #target(key: string): string {
    return this.#destination.prefix + this.#relative(key);
  }
}
