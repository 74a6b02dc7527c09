import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Format, type JsonObject, parseJson, type StorageItem } from "@holdfast/core";
import { CommandError } from "../failure.js";

/** No key has such a segment, so that nothing exported meets it. */
export const MANIFEST_FOLDER = ".holdfast";
export const MANIFEST_NAME = "export.jsonl";
/** What an export that was broken off leaves in its place. */
export const PARTIAL_MANIFEST_NAME = "export.jsonl.partial";

const KIND = "holdfast-export";
const LAYOUT = 1;

/** One exported item: a line of the manifest. Times are ISO 8601. */
export interface ManifestEntry {
  key: string;
  /** From the export's folder on, with forward slashes. */
  path: string;
  format: Format;
  /** SHA-256 of the file, in hex. */
  sha256: string;
  tags: string[];
  metadata: JsonObject;
  expiration?: string;
  compressed: boolean;
  /** Whether it was in the store; its file is plain. Absent in exports of before this was noted. */
  encrypted?: boolean;
  /** The collection that it belongs to, and the version of its data: `notes@1.0`. */
  schema?: string;
  created: string;
  modified: string;
}

export const MANIFEST_HEADER: string = JSON.stringify({ kind: KIND, layout: LAYOUT });

export function manifestLine(item: StorageItem, path: string, sha256: string): string {
  const entry: ManifestEntry = {
    key: item.key,
    path,
    format: item.format,
    sha256,
    tags: item.tags,
    metadata: item.metadata,
    ...(item.expiration === undefined ? {} : { expiration: item.expiration.toISOString() }),
    compressed: item.compressed,
    encrypted: item.encrypted,
    ...(item.schema === undefined ? {} : { schema: item.schema }),
    created: item.created.toISOString(),
    modified: item.modified.toISOString(),
  };
  return JSON.stringify(entry);
}

/** Reads a manifest. Throws CORRUPT where it is not one that this version understands. */
export async function* readManifest(file: string): AsyncGenerator<ManifestEntry> {
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number++;
    const value = parseLine(line, file, number);
    if (number === 1) checkHeader(value, file);
    else if (isEntry(value)) yield value;
    else throw damaged(file, number);
  }
  if (number === 0) throw damaged(file, 1);
}

function parseLine(line: string, file: string, number: number): unknown {
  try {
    return parseJson(line);
  } catch {
    throw damaged(file, number);
  }
}

function checkHeader(value: unknown, file: string): void {
  if (!isObject(value) || value["kind"] !== KIND) throw damaged(file, 1);
  if (value["layout"] === LAYOUT) return;
  throw new CommandError(
    "UNSUPPORTED",
    `${file} is of layout ${JSON.stringify(value["layout"])}, this version reads ${LAYOUT}`,
    "a newer @holdfast/cli",
  );
}

function isEntry(value: unknown): value is ManifestEntry {
  if (!isObject(value)) return false;
  const { key, path, format, sha256, tags, metadata, expiration, compressed, encrypted, schema } = value;
  return (
    typeof key === "string" &&
    typeof path === "string" &&
    isPathInside(path) &&
    (format === "json" || format === "yaml" || format === "binary") &&
    typeof sha256 === "string" &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === "string") &&
    isObject(metadata) &&
    (expiration === undefined || (typeof expiration === "string" && !Number.isNaN(Date.parse(expiration)))) &&
    typeof compressed === "boolean" &&
    (encrypted === undefined || typeof encrypted === "boolean") &&
    (schema === undefined || (typeof schema === "string" && /.@\d+(?:\.\d+)*$/.test(schema)))
  );
}

/** Whether a path can lead nowhere but below where it starts (links aside). Exported names hold none of these characters. */
function isPathInside(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(file: string, line: number): CommandError {
  return new CommandError("CORRUPT", `${file} is damaged at line ${line}`, "the export again");
}
