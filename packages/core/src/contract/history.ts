import type { OperationOptions } from "./options.js";
import type { JsonValue, StorageItem } from "./storage-item.js";

/** A version that stood once. */
export interface PreviousVersion extends StorageItem {
  /** When the next write, or the deletion, took its place. */
  replaced: Date;
}

/** How `load` and `loadStream` read. */
export interface LoadOptions extends OperationOptions {
  /** This version, standing or kept, instead of the one that stands. UNSUPPORTED where the backend keeps no history. */
  version?: string | undefined;
}

/** On what condition `restore` writes. */
export interface RestoreOptions extends OperationOptions {
  /** Restore only if this is the version that stands; null: only if nothing does. Otherwise `CONFLICT`. */
  ifVersion?: string | null | undefined;
}

/** One place at which two values differ. */
export interface Difference {
  /** Names of properties and positions in arrays, from the outside in; empty for the value as a whole. */
  path: (string | number)[];
  type: "added" | "removed" | "changed";
  /** Absent for `added`. */
  before?: JsonValue;
  /** Absent for `removed`. */
  after?: JsonValue;
}
