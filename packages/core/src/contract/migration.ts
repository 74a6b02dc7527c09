import type { ErrorCode } from "../errors.js";
import type { OperationOptions } from "./options.js";
import type { Progress } from "./reports.js";
import type { StorageEngine } from "./storage-engine.js";
import type { Format, JsonObject, StorageItem } from "./storage-item.js";

/**
 * What happens when the destination holds another item under a key. An item that is equal already is never a conflict.
 * `stop`: nothing is copied at all, and the report lists every conflict; `skip`: the destination's stays; `overwrite`: it is
 * replaced; `newer`: the one that was modified later stays or wins; `keep-both`: the destination's stays, and the source's
 * goes beside it, under its key with `~migrated` behind it.
 */
export type ConflictPolicy = "stop" | "skip" | "overwrite" | "newer" | "keep-both";

/** What becomes of an item on its way. What is not named stays as it is; an item of which nothing is named is copied as it is. */
export interface TransformedItem {
  /** Of the destination. Two items must not get the same one. */
  key?: string | undefined;
  /** Another value, in place of the one stored. */
  data?: unknown;
  format?: Format | undefined;
  compress?: boolean | undefined;
  tags?: readonly string[] | undefined;
  metadata?: JsonObject | undefined;
  /** Null: none. */
  expiration?: Date | null | undefined;
}

/**
 * Called for every item, up to three times (plan, copy, verify), and again when a run is resumed: it MUST say the same of the same
 * item each time. `load` reads the item's value. Null leaves the item out.
 */
export type Transform = (
  item: StorageItem,
  load: () => Promise<unknown>,
) => TransformedItem | null | Promise<TransformedItem | null>;

/** Where a migration notes how far it got, so that the next run goes on after a crash: see docs/migration.md. */
export interface MigrationJournal {
  /** The lines appended since the last `clear`, in order. What a crash left of a last line is dropped, for good. */
  read(): AsyncIterable<string>;
  /** Adds a line; resolves once it would survive a crash. Never called twice at once. */
  append(line: string): Promise<void>;
  /** Forgets all lines. */
  clear(): Promise<void>;
}

/** What is told while it happens, in full; the report lists at most 10,000 of each kind. */
export type MigrationEvent =
  | { type: "resumed"; phase: "copy" | "verify"; items: number }
  | { type: "conflict"; key: string }
  | ({ type: "failure" } & MigrationFailure)
  | ({ type: "kept-both" } & KeptBoth)
  | { type: "backed-up"; key: string }
  /** Of a deletion that the feed did not tell of, `key` is that of the destination where a `transform` had placed it. */
  | { type: "source-changed"; key: string; change: "save" | "delete" };

/** How `migrate` goes about it. */
export interface MigrateOptions extends OperationOptions {
  /** Only keys that start with this. */
  prefix?: string | undefined;
  /** Only items for which this returns true. Called as often as a `transform`, under the same condition. */
  filter?: ((item: StorageItem) => boolean | Promise<boolean>) | undefined;
  /** Default: every item is copied as it is. */
  transform?: Transform | undefined;
  /** Default: `stop`. */
  conflict?: ConflictPolicy | undefined;
  /** Read every copied item back from the destination and compare header and bytes. Default: true. */
  validate?: boolean | undefined;
  /**
   * The previous versions of each item go along, those since it came into being. UNSUPPORTED where either side keeps none; the
   * destination must be open with a `history` that takes them all. Default: false.
   */
  history?: boolean | undefined;
  /**
   * An empty storage, or namespace, into which items of the destination are copied before they are replaced. Migrating
   * it into the destination with `conflict: "overwrite"` puts them back.
   */
  backup?: StorageEngine | undefined;
  /** Default: none, and a run that is interrupted starts again, skipping what has arrived. */
  journal?: MigrationJournal | undefined;
  /** Items in flight at once, at most 1,000; a batch holds up to sixteen times as many small ones. Default: 16. */
  concurrency?: number | undefined;
  /** Bytes of bodies that are read from the source, or back from the destination, in a second. Default: no limit. */
  bandwidth?: number | undefined;
  /** Plan and report; write nothing, not even the journal. */
  dryRun?: boolean | undefined;
  /**
   * Encrypt what is encrypted anew, under the keys of the destination. Default: false, and its bytes travel as they are; where key
   * or version cannot stay, the source or the destination must have been opened with the keys.
   */
  reencrypt?: boolean | undefined;
  /** When it throws or rejects, the migration ends with that error. */
  progress?: ((progress: Progress) => void) | undefined;
  /** When it throws or rejects, the migration ends with that error. */
  onEvent?: ((event: MigrationEvent) => void) | undefined;
}

/** An item that did not arrive, and why. */
export interface MigrationFailure {
  key: string;
  code: ErrorCode;
  message: string;
}

/** Of the policy `keep-both`. */
export interface KeptBoth {
  key: string;
  /** Where the source's item is in the destination. */
  as: string;
}

/** What `migrate` has done. */
export interface MigrationReport {
  /** Everything that was planned is in the destination, and verified if that was asked for. */
  ok: boolean;
  dryRun: boolean;
  /** A journal told how far an earlier run had got, and this one went on from there; counts are those of both. */
  resumed: boolean;
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
  /** Stored bytes written; for a dry run, what would be. */
  bytes: number;
  /** Copied into `backup`. */
  backedUp: number;
  /**
   * Items that were written or deleted in the source meanwhile, as its feed tells, and were copied or deleted anew. `pending`:
   * the source was still changing when the migration ended, or its feed did not reach back: run it again, and look with
   * `compareStores` for what was deleted. Without a feed nothing is known of this, save that an
   * item which changed before it was verified is listed as a failure.
   */
  changed: { saved: number; deleted: number; pending: boolean };
  /** Taken keys that the policy decided about; at most 10,000. */
  conflicts: string[];
  /** At most 10,000. */
  keptBoth: KeptBoth[];
  /** At most 10,000. */
  failures: MigrationFailure[];
  milliseconds: number;
}

/** Made by `createMigrator`, for one source and one destination. */
export interface Migrator {
  /**
   * Copies from source to destination; the source is never changed. Resolves with a report also when items failed;
   * rejects only when the work as a whole cannot go on (ABORTED, a store that is gone, wrong options).
   * It may be run again at any time: what has arrived is not copied twice.
   */
  migrate(options?: MigrateOptions): Promise<MigrationReport>;
}
