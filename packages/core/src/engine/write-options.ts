import { checkExact } from "../codec/exact.js";
import { parseJson } from "../codec/parse-json.js";
import type { RestoreOptions } from "../contract/history.js";
import type { DeleteOptions, SaveOptions, UpdateOptions } from "../contract/options.js";
import type { Format, JsonObject } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import { invalid, unlike } from "../invalid-option.js";
import type { Expectation, Version } from "../spi/index.js";
import { namedVersion, OPERATION_OPTIONS, rejectUnknown, requireBoolean } from "./arguments.js";

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
