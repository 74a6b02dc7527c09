import type { MigrateOptions, MigrationReport, Migrator } from "../contract/migration.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { type Internals, internalsOf } from "../engine/internals.js";
import { StorageError } from "../errors.js";

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
      const { checkMigrateOptions } = await import("./migrate-options.js");
      checkMigrateOptions(options);
      const backup = options.backup === undefined ? undefined : internalsOf(options.backup);
      requireApart(source, destination, "source and destination");
      if (backup !== undefined) {
        requireApart(source, backup, "source and backup");
        requireApart(destination, backup, "destination and backup");
      }
      const { runMigration } = await import("./run-migration.js");
      return runMigration(source, destination, backup, options);
    },
  };
}

function requireApart(a: Internals, b: Internals, which: string): void {
  if (a.session !== b.session || !(a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix))) return;
  throw new StorageError("INVALID_OPTION", `${which} are the same place, or one lies inside the other`);
}
