import type { Format, JsonObject } from "./storage-item.js";

export interface OperationOptions {
  /**
   * Gives the call up. The promise rejects with `ABORTED`, or with `TIMEOUT` when the signal is one of
   * `AbortSignal.timeout`. A write that had reached the backend may still take effect; `stat` tells.
   */
  signal?: AbortSignal | undefined;
}

export interface SaveOptions extends OperationOptions {
  /** Default: `binary` for a Uint8Array, `json` for all else. */
  format?: Format | undefined;
  /** Gzip the value; kept only when that makes it smaller. Default: the setting of the storage, else false. */
  compress?: boolean | undefined;
  /** Encrypt the value; INVALID_OPTION where the storage was opened without `encryption`. Default: the setting of the storage, else false. */
  encrypt?: boolean | undefined;
  metadata?: JsonObject | undefined;
  /** From this instant on the item counts as absent. */
  expiration?: Date | undefined;
  tags?: readonly string[] | undefined;
  /** Write only if this is the version that stands; null: only if nothing does. Otherwise `CONFLICT`. */
  ifVersion?: string | null | undefined;
}

/** Like `SaveOptions`, but what is not named is kept as it is. `expiration: null` removes the expiration. */
export interface UpdateOptions extends Omit<SaveOptions, "ifVersion" | "expiration"> {
  expiration?: Date | null | undefined;
}

export interface DeleteOptions extends OperationOptions {
  /** Delete only if this is the version that stands; otherwise, also when nothing does, `CONFLICT`. */
  ifVersion?: string | undefined;
}

export interface ScanOptions extends OperationOptions {
  /** Start behind this key (exclusive). */
  after?: string | undefined;
}

export interface ListOptions extends ScanOptions {
  /** At most this many. Default: all. */
  limit?: number | undefined;
}

export interface SaveOperation {
  type: "save";
  key: string;
  data: unknown;
  options?: Omit<SaveOptions, "signal"> | undefined;
}

export interface DeleteOperation {
  type: "delete";
  key: string;
  options?: Omit<DeleteOptions, "signal"> | undefined;
}

export type BatchOperation = SaveOperation | DeleteOperation;
