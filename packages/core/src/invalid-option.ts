import { StorageError } from "./errors.js";

/** INVALID_OPTION. */
export function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message);
}

/** INVALID_OPTION for a value that is not what it should be: `limit is a whole number`, not what was given. */
export function unlike(expected: string, given: unknown): StorageError {
  return invalid(`${expected}, not ${describeValue(given)}`);
}

/** What was given, for messages: text and numbers as they are, of anything else what kind of thing it is. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    if (Array.isArray(value)) return "an array";
    return isPlainObject(value) ? "an object" : "an object of a class";
  } catch {
    // A proxy that was revoked, or whose traps throw.
    return "an object";
  }
}

/** An object literal of any realm. Of another object, such as a Map, Object.keys would not show what it holds. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
