import { StorageError } from "@holdfast/core";
import { classify } from "./classify.js";

/** The error of a call of the adapter's own, which does not go through core's funnel. */
export function explained(what: string, error: unknown): StorageError {
  if (StorageError.is(error)) return error;
  const known = classify(error);
  if (known === undefined) {
    return new StorageError("INTERNAL", `${what} failed unexpectedly: ${String(error)}`, {
      adapter: "cloud",
      cause: error,
    });
  }
  const { code, message, retryable } = known;
  return new StorageError(code, `${what} failed: ${message}`, { adapter: "cloud", retryable, cause: error });
}
