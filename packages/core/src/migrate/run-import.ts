import { packValue } from "../codec/encode-value.js";
import type { ImportEntries, ImportEntry, ImportOptions, ImportReport, UnreadableEntry } from "../contract/import.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { sealedSize } from "../encryption/sealed-size.js";
import { rejectUnknown, requireConcurrency, requireFunction, requireObject, signalOf } from "../engine/arguments.js";
import { concurrently, DEFAULT_CONCURRENCY } from "../engine/concurrently.js";
import { CallerError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { largestBody } from "../engine/largest-body.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { vaultFor } from "../engine/vault-for.js";
import { StorageError } from "../errors.js";
import { invalid, unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";

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
    return await run.import(begin(entries), isOnce(entries));
  } catch (error) {
    throw error instanceof CallerError ? error.error : error;
  }
}

function checkOptions(options: ImportOptions): void {
  rejectUnknown("option", options, ["prefix", "conflict", "concurrency", "progress", "signal"]);
  const { prefix = "", conflict = "stop", concurrency = 1, progress } = options;
  if (typeof prefix !== "string") throw unlike("prefix is a string", prefix);
  if (!POLICIES.includes(conflict)) {
    throw unlike(`conflict is one of ${POLICIES.join(", ")}`, conflict);
  }
  requireConcurrency(concurrency);
  if (progress !== undefined) requireFunction("progress", progress);
  signalOf(options);
}

/** Begins the entries, as often as they can be begun. Throws INVALID_OPTION for what gives none. */
function begin(entries: ImportEntries | (() => ImportEntries)): () => ImportEntries {
  if (typeof entries === "function") return () => checkEntries(entries());
  checkEntries(entries);
  return () => entries;
}

function checkEntries(entries: ImportEntries): ImportEntries {
  const given: unknown = entries;
  const isObject = typeof given === "object" && given !== null;
  if (isObject && (Symbol.iterator in given || Symbol.asyncIterator in given)) return entries;
  throw unlike("entries are an iterable, such as an array, or a function that gives one", given);
}

/** A generator that has been begun, or a stream, of the web or of Node: it gives nothing a second time. */
function isOnce(entries: unknown): boolean {
  if (typeof entries !== "object" || entries === null) return false;
  return "next" in entries || "getReader" in entries || "pipe" in entries;
}

function onlyOnce(): StorageError {
  return invalid('conflict: "stop" goes over the entries twice: pass an array, or a function that begins them anew');
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
    let total: number | undefined;
    if (conflict === "stop") {
      if (once) throw onlyOnce();
      let looked = 0;
      await concurrently(entries(), concurrency, (entry) => {
        looked++;
        return this.#look(entry);
      });
      report.conflicts.sort();
      total = looked;
    }
    if (report.conflicts.length === 0) {
      const meter = new ProgressMeter("import", clock, progress, total);
      await concurrently(entries(), concurrency, async (entry) => {
        const before = report.bytes;
        await this.#take(entry);
        meter.add(1, report.bytes - before);
      });
      // Whatever they are, they did not come again.
      if (total !== undefined && total > 0 && meter.items === 0) throw onlyOnce();
      await meter.end();
    }
    report.ok = report.conflicts.length === 0 && report.failures.length === 0;
    report.milliseconds = clock.now() - started;
    return report;
  }

  async #look(entry: ImportEntry | UnreadableEntry): Promise<void> {
    const { signal } = this.#options;
    requireObject("an entry is an object", entry);
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
    requireObject("an entry is an object", entry);
    if ("error" in entry) return this.#fail(entry.key, entry.error);
    if (this.#isExpired(entry)) {
      report.expired++;
      return;
    }
    const shown = `${this.#options.prefix ?? ""}${entry.key}`;
    try {
      rejectUnknown("property", entry, PROPERTIES, "an entry");
      const { key: _key, data, ...rest } = entry;
      const condition = conflict === "overwrite" ? {} : { ifVersion: null };
      const saved = await this.#storage.save(this.#keyOf(entry), data, { ...rest, ...condition, signal });
      report.imported++;
      report.bytes += saved.size;
    } catch (error) {
      if (StorageError.is(error, "CONFLICT")) {
        if (conflict === "skip") report.skipped++;
        // Taken by somebody else since it was looked for.
        else this.#conflict(shown);
      } else if (
        StorageError.is(error) &&
        (OF_ONE_ENTRY.includes(error.code) || (await this.#isTooLarge(error, entry)))
      ) {
        this.#fail(shown, error);
      } else throw error;
    }
  }

  /** Whether it failed because no value may be as large, and not because the store is full: the others may fit. */
  async #isTooLarge({ code }: StorageError, { data, format, compress }: ImportEntry): Promise<boolean> {
    if (code !== "QUOTA_EXCEEDED") return false;
    const { session } = this.#internals;
    const { adapter, settings } = session;
    const how = { format, compress: compress ?? settings.compress, json: settings.json };
    const { length } = (await packValue(data, how)).packed;
    return (vaultFor(session, undefined) === undefined ? length : sealedSize(length)) > largestBody(adapter);
  }

  #isExpired({ expiration }: ImportEntry): boolean {
    return expiration instanceof Date && expiration.getTime() <= this.#internals.session.now();
  }

  /** Throws INVALID_KEY. Only with its prefix is it a key: by itself it may begin with a slash. */
  #keyOf({ key }: ImportEntry): string {
    // No prefix may make a key of what is none.
    return typeof key === "string" && key !== "" ? checkKey(`${this.#options.prefix ?? ""}${key}`) : checkKey(key);
  }

  #conflict(key: string): void {
    if (this.#report.conflicts.length < MOST_LISTED) this.#report.conflicts.push(key);
  }

  #fail(key: string, { code, message }: UnreadableEntry["error"]): void {
    if (this.#report.failures.length < MOST_LISTED) this.#report.failures.push({ key, code, message });
  }
}
