import type { ErrorCode } from "../errors.js";
import type { OperationOptions } from "./options.js";

export interface Progress {
  phase: string;
  /** Items done so far. */
  items: number;
  /** Items in all, where that is known. */
  totalItems?: number;
  /** Bytes done so far. */
  bytes: number;
  /** Bytes in all, where that is known. */
  totalBytes?: number;
  bytesPerSecond: number;
  /** Milliseconds left at the present rate, where the total is known. */
  remaining?: number;
}

export interface VerifyOptions extends OperationOptions {
  /** When it throws or rejects, the call rejects with that error. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Problem {
  /** The item that is damaged; absent where the store as a whole is. */
  key?: string;
  code: ErrorCode;
  message: string;
  /** Whether `repair()` can mend it without losing anything. */
  repairable: boolean;
}

export interface VerifyReport {
  ok: boolean;
  /** Items whose header and body were read and checked. */
  items: number;
  bytes: number;
  problems: Problem[];
}

export interface RepairReport {
  /** What was wrong and is mended. */
  repaired: Problem[];
  /** What is still wrong: these want a decision, such as restoring or deleting the item. */
  remaining: Problem[];
}

export interface StorageInfo {
  adapter: string;
  /** Where the data is, in the adapter's own words (a path, a database name). Never a secret. */
  location?: string;
  /** Living items, expired ones not counted. */
  items: number;
  /** Bytes of their stored bodies. */
  bytes: number;
  /** The newest entry's place in the feed, of the whole store: `changes(cursor)` goes on behind it. Absent where there is no feed. */
  cursor?: string;
  /** What else the adapter tells, such as file sizes and settings in force. */
  details: Record<string, string | number | boolean>;
}
