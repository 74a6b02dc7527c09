import type { ErrorCode } from "../errors.js";
import type { OperationOptions } from "./options.js";
import type { Progress } from "./reports.js";
import type { Format, JsonObject } from "./storage-item.js";

/** What is to be saved under one key, from wherever it comes. */
export interface ImportEntry {
  key: string;
  /** Anything that `save` takes in the entry's format. */
  data: unknown;
  /** Default: as for `save`. */
  format?: Format | undefined;
  compress?: boolean | undefined;
  tags?: readonly string[] | undefined;
  metadata?: JsonObject | undefined;
  /** An entry whose time has run out is counted as expired. */
  expiration?: Date | undefined;
}

/** An entry that its source cannot give: it is listed among the failures. */
export interface UnreadableEntry {
  key: string;
  error: { code: ErrorCode; message: string };
}

/** What `importEntries` reads, once: any iterable. */
export type ImportEntries = Iterable<ImportEntry | UnreadableEntry> | AsyncIterable<ImportEntry | UnreadableEntry>;

/** How `importEntries` goes about it. */
export interface ImportOptions extends OperationOptions {
  /** Put in front of every key, which only then has to be a legal one. */
  prefix?: string | undefined;
  /** When a key is taken. `stop`: nothing at all is saved, and the report lists every such key; `skip`; `overwrite`. Default: `stop`. */
  conflict?: "stop" | "skip" | "overwrite" | undefined;
  /** Items in flight at once, at most 1,000. Default: 16. */
  concurrency?: number | undefined;
  /** When it throws or rejects, the import ends with that error. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** An entry that is not in the storage, and why. */
export interface ImportFailure {
  key: string;
  code: ErrorCode;
  message: string;
}

/** What `importEntries` has done. */
export interface ImportReport {
  /** Every entry is in the storage, or had expired, or was skipped as `skip` says. */
  ok: boolean;
  imported: number;
  /** Of the values, as they are encoded. */
  bytes: number;
  /** Taken keys, with `skip`. */
  skipped: number;
  /** Entries whose time had run out. */
  expired: number;
  /** Taken keys, with `stop`; at most 10,000. */
  conflicts: string[];
  /** Entries that cannot be kept exactly, or not under their keys; at most 10,000. */
  failures: ImportFailure[];
  milliseconds: number;
}
