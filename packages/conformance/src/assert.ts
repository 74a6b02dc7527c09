import { type ErrorCode, StorageError } from "@holdfast/core";
import { difference, show } from "./difference.js";

/** A broken promise. Anything else that a case throws is a fault of its own kind, such as an error nobody expected. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

export function fail(message: string): never {
  throw new ConformanceError(message);
}

/** `what` says what must hold. */
export function ok(condition: unknown, what: string): asserts condition {
  if (!condition) fail(what);
}

/** Deep and strict: same types, same own properties, same bytes. `what` names the thing that is compared. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const found = difference(actual, expected);
  if (found !== undefined) fail(`${what}${found}`);
}

export function defined<T>(value: T | undefined, what: string): T {
  if (value === undefined) fail(`${what} is missing`);
  return value;
}

/** Calls, and expects a promise that rejects with a StorageError of this code; returns the error. */
export async function rejects(code: ErrorCode, what: string, call: () => Promise<unknown>): Promise<StorageError> {
  const error = await rejection(what, call);
  if (!StorageError.is(error))
    fail(`${what}: must reject with a StorageError ${code}, but rejected with ${show(error)}`);
  if (error.code !== code) fail(`${what}: must reject with ${code}, but rejected with ${error.code}: ${error.message}`);
  return error;
}

/** Calls, and expects a promise that rejects; returns what it rejects with. */
export async function rejection(what: string, call: () => Promise<unknown>): Promise<unknown> {
  let promise: Promise<unknown>;
  try {
    promise = call();
  } catch (error) {
    fail(`${what}: must reject, but threw synchronously: ${show(error)}`);
  }
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return fail(`${what}: must reject, but resolved to ${show(value)}`);
}
