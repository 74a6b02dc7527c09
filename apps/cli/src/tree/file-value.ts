import { extname } from "node:path";
import { type Format, parseJson, StorageError } from "@holdfast/core";

/** The format that a file's name tells. */
export function formatOfFile(name: string): Format {
  const extension = extname(name).toLowerCase();
  if (extension === ".json") return "json";
  return extension === ".yaml" || extension === ".yml" ? "yaml" : "binary";
}

/**
 * The value that a text file holds. Throws INVALID_VALUE when it holds none, or one that would change by being read;
 * `subject` is what the message calls the text.
 */
export async function parseValue(bytes: Uint8Array, format: "json" | "yaml", subject: string): Promise<unknown> {
  const text = decodeText(bytes, subject);
  return format === "json" ? readJson(text, subject) : parseYaml(text, subject);
}

function decodeText(bytes: Uint8Array, subject: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(`${subject} is not UTF-8`, cause);
  }
}

function readJson(text: string, subject: string): unknown {
  try {
    // Reading the source of each number takes time: only where one may be too long.
    if (/\d{16}/.test(text)) JSON.parse(text, checkInteger);
    return parseJson(text);
  } catch (cause) {
    if (StorageError.is(cause)) throw cause;
    throw invalid(`${subject} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function checkInteger(_name: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value === "number" && context?.source !== undefined) requireExact(context.source, value);
  return value;
}

async function parseYaml(text: string, subject: string): Promise<unknown> {
  const { CORE_SCHEMA, intCoreTag, load, YAMLException } = await import("js-yaml");
  const schema = CORE_SCHEMA.withTags({
    ...intCoreTag,
    resolve(source, isExplicit, tagName) {
      const value = intCoreTag.resolve(source, isExplicit, tagName);
      if (typeof value === "number") requireExact(source, value);
      return value;
    },
  });
  try {
    return load(text, { schema });
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const { mark, reason } = cause;
    const place = mark === undefined ? "" : ` (line ${mark.line + 1} column ${mark.column + 1})`;
    throw invalid(`${subject} is not YAML that can be kept: ${reason}${place}`, cause);
  }
}

/**
 * Whole numbers beyond 2^53 are often identifiers: rounding one would be a silent change. As JSON and YAML write a number
 * that is rounded already, it comes back as it was.
 */
function requireExact(source: string, value: number): void {
  const digits = /^[-+]?(\d+|0x[\da-fA-F]+|0o[0-7]+)$/.exec(source)?.[1];
  if (digits === undefined || !Number.isFinite(value)) return;
  if (digits === String(Math.abs(value)) || BigInt(digits) === BigInt(Math.abs(value))) return;
  throw invalid(`the number ${source} cannot be held exactly; write it as text`);
}

function invalid(message: string, cause?: unknown): StorageError {
  return new StorageError("INVALID_VALUE", message, { cause });
}
