import type { Format, JsonObject } from "./storage-item.js";

/** What every operation takes. */
export interface OperationOptions {
  /**
   * Gives the call up. The promise rejects with `ABORTED`, or with `TIMEOUT` when the signal is one of
   * `AbortSignal.timeout`. A write that had reached the backend may still take effect; `stat` tells.
   */
  signal?: AbortSignal | undefined;
}

/** How `save` writes. */
export interface SaveOptions extends OperationOptions {
  /** Default: `binary` for a Uint8Array, `json` for all else. */
  format?: Format | undefined;
  /** Gzip the value; kept only when that makes it smaller. Default: the setting of the storage, else false. */
  compress?: boolean | undefined;
  /** Encrypt the value; INVALID_OPTION where the storage was opened without `encryption`. Default: the setting of the storage, else false. */
  encrypt?: boolean | undefined;
  /** What `where` of a query asks. Default: none. */
  metadata?: JsonObject | undefined;
  /** From this instant on the item counts as absent. */
  expiration?: Date | undefined;
  /** Kept without repetitions. Default: none. */
  tags?: readonly string[] | undefined;
  /** Write only if this is the version that stands; null: only if nothing does. Otherwise `CONFLICT`. */
  ifVersion?: string | null | undefined;
}

/** Like `SaveOptions`, but what is not named is kept as it is. `expiration: null` removes the expiration. */
export interface UpdateOptions extends Omit<SaveOptions, "ifVersion" | "expiration"> {
  expiration?: Date | null | undefined;
}

/** On what condition `delete` works. */
export interface DeleteOptions extends OperationOptions {
  /** Delete only if this is the version that stands; otherwise, also when nothing does, `CONFLICT`. */
  ifVersion?: string | undefined;
}

/** Where `scan` starts. */
export interface ScanOptions extends OperationOptions {
  /** Start behind this key (exclusive). */
  after?: string | undefined;
}

/** Which part `list` answers. */
export interface ListOptions extends ScanOptions {
  /** At most this many. Default: all. */
  limit?: number | undefined;
}

/** A save in a batch. */
export interface SaveOperation {
  type: "save";
  key: string;
  data: unknown;
  options?: Omit<SaveOptions, "signal"> | undefined;
}

/** A deletion in a batch. */
export interface DeleteOperation {
  type: "delete";
  key: string;
  options?: Omit<DeleteOptions, "signal"> | undefined;
}

/** One write of a batch. A key at most once. */
export type BatchOperation = SaveOperation | DeleteOperation;
