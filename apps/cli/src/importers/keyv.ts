import { existsSync } from "node:fs";
import { type ImportEntry, parseJson, StorageError, type UnreadableEntry } from "@holdfast/core";
import Database from "better-sqlite3";
import { CommandError } from "../failure.js";

const TABLE = "keyv";
/** Keyv's own when the app names none. */
const DEFAULT_NAMESPACE = "keyv";
const BYTES = ":base64:";

interface Row {
  key: string;
  value: string | null;
  /** Since version 6; before, it stood in front of the key. */
  namespace?: string;
  expires?: number | null;
}

/**
 * The table `keyv` of a SQLite file of @keyv/sqlite, of versions 3 to 6. The file is only read. Keys of the default namespace come as
 * they are, others below their namespace: `sessions/abc`.
 */
export function* readKeyv(file: string): Generator<ImportEntry | UnreadableEntry> {
  if (!existsSync(file)) throw new CommandError("NOT_FOUND", `there is no file ${file}`, "another path");
  const database = ofKeyv(file, () => new Database(file, { readonly: true, fileMustExist: true }));
  try {
    for (const row of rowsOf(database, file)) yield entryOf(row);
  } finally {
    database.close();
  }
}

function rowsOf(database: Database.Database, file: string): IterableIterator<Row> {
  return ofKeyv(file, () => database.prepare<[], Row>(`SELECT * FROM "${TABLE}" ORDER BY key`).iterate());
}

function ofKeyv<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(
      "CORRUPT",
      `${file} is no database of Keyv: ${reason}`,
      "a SQLite file that @keyv/sqlite wrote",
    );
  }
}

function entryOf(row: Row): ImportEntry | UnreadableEntry {
  const key = keyOf(row);
  try {
    const { value, expires } = parse(row.value ?? "");
    const expiration = row.expires ?? expires;
    return { key, data: value, ...(typeof expiration === "number" ? { expiration: new Date(expiration) } : {}) };
  } catch (error) {
    if (!StorageError.is(error)) throw error;
    return { key, error: { code: error.code, message: error.message } };
  }
}

function keyOf(row: Row): string {
  const colon = row.namespace === undefined ? row.key.indexOf(":") : -1;
  const namespace = row.namespace ?? row.key.slice(0, Math.max(colon, 0));
  const key = row.key.slice(colon + 1);
  return namespace === "" || namespace === DEFAULT_NAMESPACE ? key : `${namespace}/${key}`;
}

/** `{ value, expires? }` in JSON, where text that begins with a colon has one more in front of it, or is bytes. */
function parse(text: string): { value: unknown; expires?: unknown } {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    throw new StorageError("INVALID_VALUE", "what Keyv stored there is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || !("value" in parsed)) {
    throw new StorageError("INVALID_VALUE", "what Keyv stored there has no value");
  }
  const value = unescaped(parsed.value);
  return "expires" in parsed ? { value, expires: parsed.expires } : { value };
}

function unescaped(value: unknown): unknown {
  if (typeof value === "string") {
    if (value.startsWith(BYTES)) return new Uint8Array(Buffer.from(value.slice(BYTES.length), "base64"));
    return value.startsWith(":") ? value.slice(1) : value;
  }
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unescaped(inner)]));
}
