import type { OperationOptions } from "./options.js";
import type { Progress } from "./reports.js";
import type { StorageItem } from "./storage-item.js";

/**
 * What happens when the destination holds another item under a key. An item that is equal already is never a conflict.
 * `stop`: nothing is copied at all, and the report lists every conflict; `skip`: the destination's stays; `overwrite`: it is
 * replaced; `newer`: the one that was modified later stays or wins.
 */
export type ConflictPolicy = "stop" | "skip" | "overwrite" | "newer";

export interface MigrateOptions extends OperationOptions {
  /** Only keys that start with this. */
  prefix?: string | undefined;
  /** Only items for which this returns true. */
  filter?: ((item: StorageItem) => boolean) | undefined;
  /** Default: `stop`. */
  conflict?: ConflictPolicy | undefined;
  /** Read every copied item back from the destination and compare header and bytes. Default: true. */
  validate?: boolean | undefined;
  /** Items in flight at once, at most 1,000. Default: 16. */
  concurrency?: number | undefined;
  /** Plan and report; write nothing. */
  dryRun?: boolean | undefined;
  /**
   * Encrypt what is encrypted anew, under the keys of the destination. Default: false, and its bytes travel as they are; where key
   * or version cannot stay, the source or the destination must have been opened with the keys.
   */
  reencrypt?: boolean | undefined;
  progress?: ((progress: Progress) => void) | undefined;
}

export interface MigrationFailure {
  key: string;
  code: string;
  message: string;
}

export interface MigrationReport {
  /** Everything that was planned is in the destination, and verified if that was asked for. */
  ok: boolean;
  dryRun: boolean;
  /** What the source holds below the prefix, after the filter. */
  planned: { items: number; bytes: number };
  /** Written into the destination; for a dry run, what would be. */
  copied: number;
  /** Were there already, equal in header and content. */
  unchanged: number;
  /** Left as they were in the destination, by the conflict policy. */
  skipped: number;
  /** Read back from the destination and found equal. */
  verified: number;
  /** Stored bytes written. */
  bytes: number;
  conflicts: string[];
  failures: MigrationFailure[];
  milliseconds: number;
}

export interface Migrator {
  /**
   * Copies from source to destination; the source is never changed. Resolves with a report also when items failed;
   * rejects only when the work as a whole cannot go on (ABORTED, a store that is gone, wrong options).
   * It may be run again at any time: what has arrived is not copied twice.
   */
  migrate(options?: MigrateOptions): Promise<MigrationReport>;
}
