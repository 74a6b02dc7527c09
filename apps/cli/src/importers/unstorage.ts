import { type ImportEntry, type JsonObject, parseJson, StorageError, type UnreadableEntry } from "@holdfast/core";
import { codeOfSystemError, isOfOneFile } from "../failure.js";
import { openFile, readWhole } from "../tree/read-file.js";
import { walk } from "../tree/walk.js";

/** unstorage keeps metadata beside an item, under its key with this behind it. */
const META = "$";

/**
 * The directory of unstorage's `fs` and `fs-lite` drivers. Its key `a:b` is the file `a/b`, and the key `a/b` here. A value is what
 * unstorage's own `getItem` would return, save that bytes which are no text stay bytes.
 */
export async function* readUnstorage(folder: string): AsyncGenerator<ImportEntry | UnreadableEntry> {
  for await (const { file, path, otherwise } of walk(folder)) {
    if (otherwise !== undefined) {
      yield { key: path, error: { code: otherwise.code, message: `it is ${otherwise.is}` } };
    } else if (!path.endsWith(META)) {
      yield await entryOf(path, file);
    }
  }
}

async function entryOf(key: string, file: string): Promise<ImportEntry | UnreadableEntry> {
  try {
    const metadata = await metadataOf(`${file}${META}`);
    const data = parse(await readFile(file));
    return metadata === undefined ? { key, data } : { key, data, metadata };
  } catch (error) {
    if (isOfOneFile(error)) return { key, error: { code: codeOfSystemError(error), message: error.message } };
    if (!StorageError.is(error)) throw error;
    return { key, error: { code: error.code, message: error.message } };
  }
}

async function readFile(file: string): Promise<Uint8Array> {
  const handle = await openFile(file);
  try {
    return await readWhole(handle, undefined);
  } finally {
    await handle.close();
  }
}

async function metadataOf(file: string): Promise<JsonObject | undefined> {
  let value: unknown;
  try {
    value = parse(await readFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return value as JsonObject;
  }
  throw new StorageError("INVALID_VALUE", "its metadata, in the file beside it that ends in $, is no object");
}

/** JSON where the text is JSON, as unstorage reads it; other text as text. */
function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
