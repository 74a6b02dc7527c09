import type { ErrorCode } from "../errors.js";
import type { OperationOptions } from "./options.js";

/** How far long work has got. */
export interface Progress {
  /** What is being done: `verify`, `import`, `copy`. */
  phase: string;
  /** Items done so far. */
  items: number;
  /** Items in all, where that is known. */
  totalItems?: number;
  /** Bytes done so far. */
  bytes: number;
  /** Bytes in all, where that is known. */
  totalBytes?: number;
  /** On the whole so far. */
  bytesPerSecond: number;
  /** Milliseconds left at the present rate, where the total is known and something is done. */
  remaining?: number;
}

/** How `verify` tells how far it is. */
export interface VerifyOptions extends OperationOptions {
  /** When it throws or rejects, the call rejects with that error. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** Something in a store that is not as it has to be. */
export interface Problem {
  /** The item that is damaged; absent where the store as a whole is. */
  key?: string;
  code: ErrorCode;
  message: string;
  /** Whether `repair()` can mend it without losing anything. */
  repairable: boolean;
}

/** What `verify` found. */
export interface VerifyReport {
  /** No problem was found. */
  ok: boolean;
  /** Items whose header and body were read and checked. */
  items: number;
  /** Of the stored bodies that were read. */
  bytes: number;
  problems: Problem[];
}

/** What `repair` has done. */
export interface RepairReport {
  /** What was wrong and is mended. */
  repaired: Problem[];
  /** What is still wrong: these want a decision, such as restoring or deleting the item. */
  remaining: Problem[];
}

/** What `getInfo` answers. */
export interface StorageInfo {
  /** Its name. */
  adapter: string;
  /** Where the data is, in the adapter's own words (a path, a database name). Never a secret. */
  location?: string;
  /** Living items of the whole store, also for a namespace; expired ones are not counted. */
  items: number;
  /** Bytes of their stored bodies, of the whole store. */
  bytes: number;
  /** The newest entry's place in the feed, of the whole store: `changes(cursor)` goes on behind it. Absent where there is no feed. */
  cursor?: string;
  /** What else the adapter tells, such as file sizes and settings in force. */
  details: Record<string, string | number | boolean>;
}
