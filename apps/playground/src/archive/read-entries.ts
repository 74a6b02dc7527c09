import { checkKey, isVersion, type RecordHeader, StorageError } from "@holdfast/core";
import { fromBase64 } from "./base64.ts";
import { LAYOUT } from "./format.ts";

export interface ReadEntry {
  readonly header: RecordHeader;
  readonly body: Uint8Array;
}

/** What the lines of an archive hold. A file comes from anywhere: nothing in it is believed. */
export function readEntries(text: string): ReadEntry[] {
  const [first = "", ...rest] = text.split("\n");
  const promised = readPreamble(first);
  const lines = rest.at(-1) === "" ? rest.slice(0, -1) : rest;
  if (lines.length !== promised) {
    throw new StorageError(
      "CORRUPT",
      `the file should hold ${promised} items and holds ${lines.length}: it was cut off`,
    );
  }
  return lines.map((line, index) => readEntry(line, index + 2));
}

function readPreamble(line: string): number {
  const preamble = tryParse(line);
  if (!isObject(preamble) || preamble["holdfast"] !== "archive") {
    throw new StorageError("INVALID_VALUE", "this is no file that the playground exported");
  }
  const { layout, items } = preamble;
  if (layout !== LAYOUT) {
    throw new StorageError("UNSUPPORTED", `the file is of layout ${String(layout)}, which a newer playground reads`);
  }
  if (typeof items !== "number") throw damaged(1, "says not how many items follow");
  return items;
}

function readEntry(line: string, number: number): ReadEntry {
  const entry = tryParse(line);
  if (!isObject(entry)) throw damaged(number, "is not a JSON object");
  const { header, text, base64 } = entry;
  if (!isHeader(header)) throw damaged(number, "has no whole header");
  checkKey(header.key);
  return { header, body: bodyOf(text, base64, number) };
}

function bodyOf(text: unknown, base64: unknown, number: number): Uint8Array {
  if (typeof text === "string") return new TextEncoder().encode(text);
  if (typeof base64 !== "string") throw damaged(number, "has neither text nor base64");
  try {
    return fromBase64(base64);
  } catch (cause) {
    throw damaged(number, "has base64 that is none", cause);
  }
}

function isHeader(value: unknown): value is RecordHeader {
  if (!isObject(value)) return false;
  const { key, version, size, storedSize, format, compression, created, modified, expiration, tags, metadata } = value;
  return (
    typeof key === "string" &&
    typeof version === "string" &&
    isVersion(version) &&
    [size, storedSize].every((count) => typeof count === "number" && Number.isSafeInteger(count) && count >= 0) &&
    (format === "json" || format === "yaml" || format === "binary") &&
    (compression === null || compression === "gzip") &&
    [created, modified].every(isTime) &&
    (expiration === null || isTime(expiration)) &&
    isStrings(tags) &&
    isObject(metadata) &&
    typeof value["checksum"] === "string" &&
    hasOptional(value)
  );
}

/** Whether what only some headers have is as it has to be. */
function hasOptional({ fields, schema, indexed, encryption }: Record<string, unknown>): boolean {
  return (
    (fields === undefined || isObject(fields)) &&
    (schema === undefined || typeof schema === "string") &&
    (indexed === undefined || isStrings(indexed)) &&
    (encryption === undefined || isEncryption(encryption))
  );
}

function isEncryption(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { v, realm, id, key, wrap, sealed = "", mac } = value;
  return typeof v === "number" && isStrings([realm, id, key, wrap, sealed, mac]);
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && !Number.isNaN(new Date(value as number).getTime());
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function damaged(line: number, what: string, cause?: unknown): StorageError {
  return new StorageError("CORRUPT", `the file is damaged: line ${line} ${what}`, { cause });
}
