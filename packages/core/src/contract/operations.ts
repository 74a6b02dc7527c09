import type { ErrorCode } from "../errors.js";

/** How one operation ended: well, with a StorageError of that code, or with an error of the caller's own code. */
export type OperationOutcome = "ok" | ErrorCode | "CALLER";

/** One operation of the contract that has ended. */
export interface OperationEvent {
  /** As the contract calls it: `save`, `load`, `search`; `migrate`, told to both storages of a migration. */
  op: string;
  /** The adapter's name. */
  adapter: string;
  /** With its namespace. Only with `operationKeys: "plain"`, and only for operations about one key. */
  key?: string;
  /** The first 16 hex digits of the key's SHA-256. Only with `operationKeys: "hash"`, and only for operations about one key. */
  keyHash?: string;
  /** Bytes of stored bodies that were read and written. For `loadStream`: those that the stream will hand on. */
  bytes: number;
  /** From the call to its end. */
  milliseconds: number;
  outcome: OperationOutcome;
  /** How often a question to the backend was asked again after a passing failure. */
  retries: number;
}

/** What `onOperation` is: called once for each operation that has ended. */
export type OperationListener = (event: OperationEvent) => void;

/** What events tell of keys. */
export type OperationKeys = "plain" | "hash" | "none";

/** What an open storage has done since it was opened. */
export interface StorageMetrics {
  adapter: string;
  /** When counting began. */
  since: Date;
  /** By the operation's name; only those that happened. */
  operations: { [op: string]: OperationMetrics };
}

/** All operations of one name together. */
export interface OperationMetrics {
  /** Those that have ended, well or not. */
  count: number;
  /** How many ended with which outcome other than `ok`. */
  errors: { [outcome: string]: number };
  /** As `OperationEvent.bytes`, in all. */
  bytes: number;
  /** As `OperationEvent.retries`, in all. */
  retries: number;
  milliseconds: Latencies;
}

/** Milliseconds. A percentile is at most 4.4 % above the true one, never below it and never above `max`. */
export interface Latencies {
  /** Of all operations together. */
  total: number;
  /** Half of the operations took no longer. */
  p50: number;
  p95: number;
  p99: number;
  max: number;
}
