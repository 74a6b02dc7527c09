import { isPromise } from "../awaitable.js";
import { reasonOf } from "../describe-thrown.js";
import { StorageError } from "../errors.js";
import type { Classification, StorageAdapter } from "../spi/index.js";
import type { Tally } from "./tally.js";

/** What was being done when something failed. */
export interface Operation {
  /** As the contract calls it: `save`, `load`. */
  readonly name: string;
  /** As the caller wrote it, relative to its namespace. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** There while somebody observes operations. */
  readonly tally?: Tally | undefined;
}

/** An error of the caller's own code, such as the function given to `update`: it comes out as it went in. */
export class CallerError {
  constructor(readonly error: unknown) {}
}

/** Calls a function that the caller gave, whose errors come out as they went in. */
export function callersOwn<Arguments extends unknown[], Result>(
  given: (...values: Arguments) => Result,
  ...values: Arguments
): Result {
  try {
    const result = given(...values);
    if (!isPromise(result)) return result;
    return Promise.resolve(result).catch((error: unknown) => {
      throw new CallerError(error);
    }) as Result;
  } catch (error) {
    throw new CallerError(error);
  }
}

/** The one funnel: makes a StorageError of whatever an operation threw. */
export function toStorageError(error: unknown, operation: Operation, adapter: StorageAdapter): StorageError {
  const { key, signal } = operation;
  if (StorageError.is(error)) return complete(error, key, adapter.name);
  if (signal?.aborted && (error === signal.reason || isAbortError(error))) return abortError(operation, adapter.name);
  let known: Classification | undefined;
  let unclassified = "";
  try {
    known = adapter.classify(error);
  } catch (fault) {
    // Else nobody would hear of either: this is called where an error is on its way to the caller.
    unclassified = `; its classify failed too: ${reasonOf(fault)}`;
  }
  const subject = key === undefined ? operation.name : `${operation.name} ${JSON.stringify(key)}`;
  if (known === undefined) {
    return new StorageError("INTERNAL", `${subject} failed unexpectedly: ${reasonOf(error)}${unclassified}`, {
      key,
      adapter: adapter.name,
      cause: error,
    });
  }
  return new StorageError(known.code, `${subject} failed: ${known.message}`, {
    key,
    adapter: adapter.name,
    retryable: known.retryable,
    cause: error,
  });
}

/** ABORTED, or TIMEOUT when the signal is one of `AbortSignal.timeout`. */
export function abortError({ name, key, signal }: Operation, adapter?: string): StorageError {
  const reason: unknown = signal?.reason;
  const timedOut = reason instanceof DOMException && reason.name === "TimeoutError";
  return new StorageError(
    timedOut ? "TIMEOUT" : "ABORTED",
    timedOut ? `${name} was given up: its time had run out` : `${name} was given up by its signal`,
    { key, adapter, retryable: timedOut, cause: reason },
  );
}

// By name: those of node:fs, node:stream and node:timers are no DOMExceptions.
function isAbortError(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

// What core and adapters throw themselves may not know for which key, or by which adapter.
function complete(error: StorageError, key: string | undefined, adapter: string): StorageError {
  if (error.adapter !== undefined && (key === undefined || error.key === key)) return error;
  const completed = new StorageError(error.code, error.message, {
    key: key ?? error.key,
    adapter,
    retryable: error.retryable,
    current: error.current,
    issues: error.issues,
    resync: error.resync,
    cause: error.cause,
  });
  if (error.stack !== undefined) completed.stack = error.stack;
  return completed;
}
