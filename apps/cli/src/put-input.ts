import { type FileHandle, realpath } from "node:fs/promises";
import { type Format, type SaveOptions, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import type { CommandContext } from "./command-context.js";
import { CommandError, isSystemError, UsageError } from "./failure.js";
import { formatOfFile, parseValue } from "./tree/file-value.js";
import { openFile, readContent, readWhole } from "./tree/read-file.js";

export interface InputFlags {
  value?: string;
  format?: Format;
}

/** What `put` is to save: found, and read as far as it is read before a store takes it. */
export interface Input extends AsyncDisposable {
  save(storage: StorageEngine, key: string, options: SaveOptions): Promise<StorageItem>;
}

/** Opens what the arguments name. Text is parsed at once; bytes of a large file, and those of a pipe, come when they are saved. */
export async function openInput(
  context: CommandContext,
  file: string | undefined,
  { value, format }: InputFlags,
): Promise<Input> {
  if (value !== undefined) {
    if (file !== undefined) throw new UsageError("a value comes from a file or from --value, not from both");
    if (format === "binary") throw new UsageError("--value is JSON or YAML", "bytes from a file or a pipe");
    return argument(value, format ?? "json");
  }
  if (file === "-") return pipe(context, format ?? "binary");
  if (file !== undefined) return namedFile(file, format ?? formatOfFile(file));
  throw new UsageError("nothing to save: name a file, - for what a pipe brings, or --value");
}

async function argument(value: string, format: "json" | "yaml"): Promise<Input> {
  try {
    return inputOf(await parseValue(Buffer.from(value), format, "--value"), format);
  } catch (error) {
    if (!StorageError.is(error, "INVALID_VALUE")) throw error;
    const hint = `${format.toUpperCase()} in quotes for the shell, and text in both kinds: --value '{"a":1}', --value '"text"'`;
    throw Object.assign(new CommandError("INVALID_VALUE", error.message, hint), { cause: error });
  }
}

async function namedFile(file: string, format: Format): Promise<Input> {
  const handle = await openNamed(file);
  const close = () => handle.close();
  try {
    if (!(await handle.stat()).isFile()) {
      throw new CommandError("INVALID_VALUE", `${file} is not a file`, "a file; `holdfast import` takes a folder");
    }
    if (format !== "binary")
      return inputOf(await parseValue(await readWhole(handle, undefined), format, file), format, close);
    const content = await readContent(handle, undefined);
    return content instanceof Uint8Array ? inputOf(content, format, close) : streamOf(content, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** The file was named: a link there is meant. */
async function openNamed(file: string): Promise<FileHandle> {
  try {
    return await openFile(await realpath(file));
  } catch (error) {
    if (!isSystemError(error) || error.code !== "ENOENT") throw error;
    throw new CommandError("NOT_FOUND", `there is no file ${file}`, "another path");
  }
}

async function pipe({ stdin, signal }: CommandContext, format: Format): Promise<Input> {
  // A reader that waits for a pipe to bring more does not hear of the signal by itself.
  const stop = () => stdin.destroy(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const close = () => signal.removeEventListener("abort", stop);
  if (format === "binary") return streamOf(stdin, close);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return inputOf(await parseValue(Buffer.concat(chunks), format, "stdin"), format, close);
  } catch (error) {
    close();
    throw error;
  }
}

type Close = () => void | Promise<void>;

function inputOf(value: unknown, format: Format, close: Close = () => undefined): Input {
  return {
    save: (storage, key, options) => storage.save(key, value, { ...options, format }),
    [Symbol.asyncDispose]: async () => close(),
  };
}

function streamOf(bytes: AsyncIterable<Uint8Array>, close: Close): Input {
  return {
    save: (storage, key, options) => storage.saveStream(key, bytes, options),
    [Symbol.asyncDispose]: async () => close(),
  };
}
