import type { LoadOptions } from "../contract/history.js";
import type { ListOptions, OperationOptions } from "../contract/options.js";
import { invalid, unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";
import type { Version } from "../spi/index.js";
import { isVersion } from "../versions.js";

export const OPERATION_OPTIONS: readonly string[] = ["signal"];
// Each one takes memory, and what is gained by more than a few ends long before.
const MOST_AT_ONCE = 1_000;
// Meets no stored version: what callers pass that was never a version cannot stand.
const NO_VERSION = "none" as Version;

/** The version that `load` is to read; undefined: the one that stands. */
export function checkLoadOptions(options: LoadOptions | undefined): Version | undefined {
  if (options === undefined) return undefined;
  rejectUnknown("option", options, ["version", ...OPERATION_OPTIONS]);
  return options.version === undefined ? undefined : namedVersion("version", options.version);
}

/** `after` as it is given, a legal key. */
export function checkListOptions(
  options: ListOptions,
  names: readonly string[],
): { after: string | undefined; limit: number } {
  rejectUnknown("option", options, [...names, ...OPERATION_OPTIONS]);
  const { after, limit = Number.MAX_SAFE_INTEGER } = options;
  if (!Number.isSafeInteger(limit) || limit < 0) throw unlike("limit is a whole number from 0 on", limit);
  return { after: after === undefined ? undefined : checkKey(after), limit };
}

export function checkOperationOptions(options: OperationOptions | undefined, names: readonly string[] = []): void {
  if (options === undefined) return;
  rejectUnknown("option", options, [...names, ...OPERATION_OPTIONS]);
}

/** Reads `signal` from options that are not checked yet. */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (typeof options !== "object" || options === null) return undefined;
  const { signal }: { readonly signal?: unknown } = options;
  if (signal === undefined) return undefined;
  if (typeof signal === "object" && signal !== null && "aborted" in signal && "addEventListener" in signal) {
    return signal as AbortSignal;
  }
  throw unlike("signal is an AbortSignal", signal);
}

/** Throws INVALID_OPTION for a misspelt or unknown name, so that no option is ignored in silence. `subject`: what has the names, where that is not the options of a call. */
export function rejectUnknown(kind: string, options: unknown, known: readonly string[], subject?: string): void {
  requireObject(subject === undefined ? `${kind}s are given as an object` : `${subject} is an object`, options);
  const place = subject === undefined ? "here" : `in ${subject}`;
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw invalid(`there is no ${kind} ${JSON.stringify(name)} ${place}; known are ${known.join(", ")}`);
    }
  }
}

/** `rule`: how it should be, for the error. */
export function requireObject(rule: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unlike(rule, value);
}

export function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw unlike(`${name} is true or false`, value);
}

/** A version that a caller names; what cannot be one is one that nothing has. */
export function namedVersion(name: string, version: unknown): Version {
  if (typeof version !== "string") throw unlike(`${name} is a version string`, version);
  return isVersion(version) ? version : NO_VERSION;
}

export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw unlike(`${name} is a function`, value);
}

/** How many items are worked on at once. */
export function requireConcurrency(value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > MOST_AT_ONCE) {
    throw unlike(`concurrency is a whole number from 1 to ${MOST_AT_ONCE}`, value);
  }
}
