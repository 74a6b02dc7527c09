import type { ImportEntries, ImportEntry, ImportOptions, ImportReport, UnreadableEntry } from "../contract/import.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { rejectUnknown, requireConcurrency, requireFunction, signalOf } from "../engine/arguments.js";
import { concurrently, DEFAULT_CONCURRENCY } from "../engine/concurrently.js";
import { CallerError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { StorageError } from "../errors.js";
import { invalid, unlike } from "../invalid-option.js";

const POLICIES: readonly unknown[] = ["stop", "skip", "overwrite"];
const PROPERTIES = ["key", "data", "format", "compress", "tags", "metadata", "expiration"];

/** With these the other entries may fare better. */
const OF_ONE_ENTRY: readonly unknown[] = [
  "INVALID_VALUE",
  "INVALID_KEY",
  "INVALID_OPTION",
  "CORRUPT",
  "UNSUPPORTED",
  "NOT_FOUND",
];

export async function runImport(
  storage: StorageEngine,
  internals: Internals,
  entries: ImportEntries | (() => ImportEntries),
  options: ImportOptions,
): Promise<ImportReport> {
  checkOptions(options);
  const run = new Import(storage, internals, options);
  try {
    return await run.import(typeof entries === "function" ? entries : () => entries, isOnce(entries));
  } catch (error) {
    throw error instanceof CallerError ? error.error : error;
  }
}

function checkOptions(options: ImportOptions): void {
  rejectUnknown("option", options, ["prefix", "conflict", "concurrency", "progress", "signal"]);
  const { prefix = "", conflict = "stop", concurrency = 1, progress } = options;
  if (typeof prefix !== "string") throw unlike("prefix is a string", prefix);
  if (!POLICIES.includes(conflict)) {
    throw invalid(`conflict is one of ${POLICIES.join(", ")}, not ${JSON.stringify(conflict)}`);
  }
  requireConcurrency(concurrency);
  if (progress !== undefined) requireFunction("progress", progress);
  signalOf(options);
}

/** A generator that has been begun: it gives nothing a second time. */
function isOnce(entries: unknown): boolean {
  if (typeof entries !== "object" || entries === null) return false;
  return "next" in entries;
}

class Import {
  readonly #storage: StorageEngine;
  readonly #internals: Internals;
  readonly #options: ImportOptions;
  readonly #report: ImportReport = {
    ok: true,
    imported: 0,
    bytes: 0,
    skipped: 0,
    expired: 0,
    conflicts: [],
    failures: [],
    milliseconds: 0,
  };

  constructor(storage: StorageEngine, internals: Internals, options: ImportOptions) {
    this.#storage = storage;
    this.#internals = internals;
    this.#options = options;
  }

  async import(entries: () => ImportEntries, once: boolean): Promise<ImportReport> {
    const { clock } = this.#internals.session.ports;
    const report = this.#report;
    const started = clock.now();
    const { conflict = "stop", concurrency = DEFAULT_CONCURRENCY, progress } = this.#options;
    if (conflict === "stop") {
      if (once) {
        throw invalid(
          'conflict: "stop" goes over the entries twice: pass an array, or a function that begins them anew',
        );
      }
      await concurrently(entries(), concurrency, (entry) => this.#look(entry));
      report.conflicts.sort();
    }
    if (report.conflicts.length === 0) {
      const meter = new ProgressMeter("import", clock, progress);
      await concurrently(entries(), concurrency, async (entry) => {
        const before = report.bytes;
        await this.#take(entry);
        meter.add(1, report.bytes - before);
      });
      await meter.end();
    }
    report.ok = report.conflicts.length === 0 && report.failures.length === 0;
    report.milliseconds = clock.now() - started;
    return report;
  }

  async #look(entry: ImportEntry | UnreadableEntry): Promise<void> {
    const { signal } = this.#options;
    try {
      if ("error" in entry || this.#isExpired(entry)) return;
      if (await this.#storage.exists(this.#keyOf(entry), { signal })) this.#conflict(this.#keyOf(entry));
    } catch (error) {
      // Told of when it is to be saved.
      if (!StorageError.is(error, "INVALID_KEY")) throw error;
    }
  }

  async #take(entry: ImportEntry | UnreadableEntry): Promise<void> {
    const report = this.#report;
    const { signal, conflict } = this.#options;
    if ("error" in entry) return this.#fail(entry.key, entry.error);
    if (this.#isExpired(entry)) {
      report.expired++;
      return;
    }
    const key = this.#keyOf(entry);
    try {
      rejectUnknown("property", entry, PROPERTIES, "an entry");
      const { key: _key, data, ...rest } = entry;
      const condition = conflict === "overwrite" ? {} : { ifVersion: null };
      const saved = await this.#storage.save(key, data, { ...rest, ...condition, signal });
      report.imported++;
      report.bytes += saved.size;
    } catch (error) {
      if (StorageError.is(error, "CONFLICT")) {
        if (conflict === "skip") report.skipped++;
        // Taken by somebody else since it was looked for.
        else this.#conflict(key);
      } else if (StorageError.is(error) && OF_ONE_ENTRY.includes(error.code)) this.#fail(key, error);
      else throw error;
    }
  }

  #isExpired({ expiration }: ImportEntry): boolean {
    return expiration instanceof Date && expiration.getTime() <= this.#internals.session.now();
  }

  #keyOf({ key }: ImportEntry): string {
    return `${this.#options.prefix ?? ""}${key}`;
  }

  #conflict(key: string): void {
    if (this.#report.conflicts.length < MOST_LISTED) this.#report.conflicts.push(key);
  }

  #fail(key: string, { code, message }: UnreadableEntry["error"]): void {
    if (this.#report.failures.length < MOST_LISTED) this.#report.failures.push({ key, code, message });
  }
}
