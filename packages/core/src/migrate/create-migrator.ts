import type { MigrateOptions, MigrationReport, Migrator } from "../contract/migration.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { rejectUnknown, requireBoolean, requireConcurrency, requireFunction } from "../engine/arguments.js";
import { internalsOf } from "../engine/internals.js";
import { StorageError } from "../errors.js";

const OPTIONS = [
  "prefix",
  "filter",
  "conflict",
  "validate",
  "concurrency",
  "dryRun",
  "reencrypt",
  "progress",
  "signal",
];
const POLICIES: readonly unknown[] = ["stop", "skip", "overwrite", "newer"];

/**
 * Moves everything from one open storage (or namespace) to another and proves that it arrived.
 *
 * @example
 * const report = await createMigrator(from, to).migrate({ progress: ({ phase, items }) => console.log(phase, items) });
 * if (!report.ok) console.error(report.conflicts, report.failures);
 */
export function createMigrator(from: StorageEngine, to: StorageEngine): Migrator {
  const source = internalsOf(from);
  const destination = internalsOf(to);
  return {
    async migrate(options: MigrateOptions = {}): Promise<MigrationReport> {
      checkOptions(options);
      if (source.session === destination.session && overlaps(source.prefix, destination.prefix)) {
        throw new StorageError(
          "INVALID_OPTION",
          "source and destination are the same place, or one lies inside the other",
        );
      }
      const { runMigration } = await import("./run-migration.js");
      return runMigration(source, destination, options);
    },
  };
}

function checkOptions(options: MigrateOptions): void {
  rejectUnknown("option", options, OPTIONS);
  const {
    filter,
    conflict = "stop",
    validate = true,
    concurrency = 1,
    dryRun = false,
    reencrypt = false,
    progress,
  } = options;
  if (!POLICIES.includes(conflict)) {
    throw new StorageError(
      "INVALID_OPTION",
      `conflict is one of ${POLICIES.join(", ")}, not ${JSON.stringify(conflict)}`,
    );
  }
  requireBoolean("validate", validate);
  requireBoolean("dryRun", dryRun);
  requireBoolean("reencrypt", reencrypt);
  requireConcurrency(concurrency);
  if (filter !== undefined) requireFunction("filter", filter);
  if (progress !== undefined) requireFunction("progress", progress);
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
