import { basename } from "node:path";
import { isVersion, type JsonObject, parseJson, type RecordHeader } from "@holdfast/core";
import { isKey } from "./names/dropped-in.js";

/** What a companion says of one version of its data file. */
export interface CompanionEntry {
  /** The data file's name, in the companion's directory. */
  readonly file: string;
  /** Of the file's bytes, in hex: what `sha256sum` prints. */
  readonly sha256: string;
  readonly header: RecordHeader;
}

/** The file beside a data file that says what it is. */
export interface Companion {
  readonly key: string;
  readonly current: CompanionEntry;
  /** What stood before: while the data file is still that one, this is what holds. */
  readonly previous: CompanionEntry | undefined;
}

const FORMAT = 1;
const LAST_INSTANT = 8_640_000_000_000_000;

export function writeCompanion({ key, current, previous }: Companion): Uint8Array {
  const entry = ({ file, sha256, header: { key: _, ...header } }: CompanionEntry) => ({ file, sha256, ...header });
  const content = { holdfast: FORMAT, key, ...entry(current), ...(previous && { previous: entry(previous) }) };
  return new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`);
}

/** Undefined for what is no companion, or one that a later version wrote. */
export function readCompanion(bytes: Uint8Array): Companion | undefined {
  let content: unknown;
  try {
    content = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isObject(content) || content["holdfast"] !== FORMAT) return undefined;
  const { holdfast: _, key, previous, ...rest } = content;
  if (typeof key !== "string" || !isKey(key)) return undefined;
  const current = readEntry(key, rest);
  return current && { key, current, previous: isObject(previous) ? readEntry(key, previous) : undefined };
}

function readEntry(key: string, { file, sha256, ...rest }: Record<string, unknown>): CompanionEntry | undefined {
  // A name beside it: no path leads out of the directory.
  if (typeof file !== "string" || /^\.{0,2}$/.test(file) || basename(file) !== file) return undefined;
  if (typeof sha256 !== "string") return undefined;
  const header = { key, ...rest };
  return isHeader(header) ? { file, sha256, header } : undefined;
}

/**
 * A person may have had it open in an editor, and a sync may bring it from anywhere: nothing in it is taken on trust. Whether
 * size and checksum are those of the file, and its version one that may be, is asked where the file is taken in.
 */
function isHeader(header: Record<string, unknown>): header is Record<string, unknown> & RecordHeader {
  const { version, size, storedSize, format, compression, created, modified, expiration, tags, metadata, checksum } =
    header;
  const { schema, fields, indexed, encryption } = header;
  return (
    typeof version === "string" &&
    isVersion(version) &&
    isSize(size) &&
    isSize(storedSize) &&
    isInstant(created) &&
    isInstant(modified) &&
    (expiration === null || isInstant(expiration)) &&
    (format === "json" || format === "yaml" || format === "binary") &&
    (compression === null || compression === "gzip") &&
    isTexts(tags) &&
    !tags.includes("") &&
    isObject(metadata) &&
    typeof checksum === "string" &&
    (schema === undefined || typeof schema === "string") &&
    (fields === undefined || isObject(fields)) &&
    (indexed === undefined || isTexts(indexed)) &&
    (encryption === undefined || isEncryption(encryption))
  );
}

/** Of the shape that every format of encryption has. What its parts say is core's to read. */
function isEncryption(value: unknown): boolean {
  if (!isObject(value) || typeof value["v"] !== "number") return false;
  const { v: _, ...parts } = value;
  return ["realm", "id", "key", "wrap", "mac"].every((name) => name in parts) && isTexts(Object.values(parts));
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Milliseconds that a Date can be made of. */
function isInstant(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(Number(value)) <= LAST_INSTANT;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string" && text.isWellFormed());
}

function isObject(value: unknown): value is JsonObject & Record<string, unknown> & { key: string } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
