import { checkExact } from "../codec/exact.js";
import { parseJson } from "../codec/parse-json.js";
import type { LoadOptions, RestoreOptions } from "../contract/history.js";
import type { DeleteOptions, ListOptions, OperationOptions, SaveOptions, UpdateOptions } from "../contract/options.js";
import type { Format, JsonObject } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import { invalid, unlike } from "../invalid-option.js";
import { checkKey } from "../keys.js";
import type { Expectation, Version } from "../spi/index.js";
import { isVersion } from "../versions.js";

/** `SaveOptions`, checked. Undefined: not named. */
export interface CheckedSave {
  readonly format: Format | undefined;
  readonly compress: boolean | undefined;
  readonly encrypt: boolean | undefined;
  /** A copy, safe from later changes by the caller. */
  readonly metadata: JsonObject | undefined;
  readonly expiration: number | null | undefined;
  readonly tags: string[] | undefined;
  readonly expect: Expectation;
  /** Metadata and tags stay encrypted, since they were: no caller names it. */
  readonly sealed?: boolean;
}

const OPERATION_OPTIONS = ["signal"];
const SAVE_OPTIONS = [
  "format",
  "compress",
  "encrypt",
  "metadata",
  "expiration",
  "tags",
  "ifVersion",
  ...OPERATION_OPTIONS,
];
// Each one takes memory, and what is gained by more than a few ends long before.
const MOST_AT_ONCE = 1_000;
const FORMATS: readonly unknown[] = ["json", "yaml", "binary"];
const NOTHING_NAMED: CheckedSave = {
  format: undefined,
  compress: undefined,
  encrypt: undefined,
  metadata: undefined,
  expiration: undefined,
  tags: undefined,
  expect: "any",
};

// Meets no stored version: what callers pass that was never a version cannot stand.
const NO_VERSION = "none" as Version;

export function checkSaveOptions(options: SaveOptions | undefined, leaveOut: readonly string[] = []): CheckedSave {
  if (options === undefined) return NOTHING_NAMED;
  rejectUnknown("option", options, without(SAVE_OPTIONS, leaveOut));
  const { format, compress, encrypt, metadata, expiration, tags, ifVersion } = options;
  if (format !== undefined && !FORMATS.includes(format)) {
    throw unlike(`format is "json", "yaml" or "binary"`, format);
  }
  if (compress !== undefined) requireBoolean("compress", compress);
  if (encrypt !== undefined) requireBoolean("encrypt", encrypt);
  return {
    format,
    compress,
    encrypt,
    metadata: metadata === undefined ? undefined : copyMetadata(metadata),
    expiration: expiration === undefined ? undefined : checkExpiration(expiration),
    tags: tags === undefined ? undefined : checkTags(tags),
    expect: expectationOf(ifVersion),
  };
}

/** As for a save; besides, null stands for taking the expiration away. */
export function checkUpdateOptions(options: UpdateOptions | undefined): CheckedSave {
  if (options?.expiration !== null) return checkSaveOptions(options as SaveOptions | undefined, ["ifVersion"]);
  const { expiration, ...rest } = options;
  return { ...checkSaveOptions(rest, ["ifVersion"]), expiration };
}

/** The version that `load` is to read; undefined: the one that stands. */
export function checkLoadOptions(options: LoadOptions | undefined): Version | undefined {
  if (options === undefined) return undefined;
  rejectUnknown("option", options, ["version", ...OPERATION_OPTIONS]);
  return options.version === undefined ? undefined : namedVersion("version", options.version);
}

export function checkRestoreOptions(options: RestoreOptions = {}): { expect: Expectation } {
  rejectUnknown("option", options, ["ifVersion", ...OPERATION_OPTIONS]);
  return { expect: expectationOf(options.ifVersion) };
}

export function checkDeleteOptions(
  options: DeleteOptions = {},
  leaveOut: readonly string[] = [],
): { expect: "any" | Version } {
  rejectUnknown("option", options, without(["ifVersion", ...OPERATION_OPTIONS], leaveOut));
  return { expect: options.ifVersion === undefined ? "any" : namedVersion("ifVersion", options.ifVersion) };
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

function without(names: readonly string[], leaveOut: readonly string[]): readonly string[] {
  return leaveOut.length === 0 ? names : names.filter((name) => !leaveOut.includes(name));
}

function checkExpiration(expiration: unknown): number {
  if (!isDate(expiration)) throw unlike("expiration is a Date", expiration);
  const time = expiration.getTime();
  if (Number.isNaN(time)) throw invalid("expiration is an invalid Date");
  return time;
}

// Also of another realm, such as a frame's.
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

function checkTags(tags: unknown): string[] {
  if (!Array.isArray(tags)) throw unlike("tags is an array of strings", tags);
  for (const tag of tags) {
    if (typeof tag !== "string" || tag === "" || !tag.isWellFormed()) {
      throw unlike("a tag is a string that is not empty and well-formed Unicode", tag);
    }
  }
  return [...new Set<string>(tags)];
}

function copyMetadata(metadata: unknown): JsonObject {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw unlike("metadata is a JSON object", metadata);
  }
  try {
    checkExact(metadata);
  } catch (cause) {
    const reason = StorageError.is(cause) ? cause.message : String(cause);
    throw new StorageError("INVALID_VALUE", `metadata: ${reason}`, { cause });
  }
  return parseJson(JSON.stringify(metadata)) as JsonObject;
}

function expectationOf(ifVersion: string | null | undefined): Expectation {
  if (ifVersion === undefined) return "any";
  return ifVersion === null ? "absent" : namedVersion("ifVersion", ifVersion);
}
