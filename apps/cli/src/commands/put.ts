import { realpath } from "node:fs/promises";
import type { Format, SaveOptions, StorageEngine, StorageItem } from "@holdfast/core";
import { type Command, Option } from "commander";
import { type CommandContext, openOrCreate, report } from "../command-context.js";
import { UsageError } from "../failure.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { encryptionSettings, KEYS_FLAG, type KeysFlags, REALM_FLAG } from "../keys-from.js";
import { parseExpiration } from "../option-values.js";
import { formatBytes } from "../terminal/index.js";
import { formatOfFile, parseValue } from "../tree/file-value.js";
import { openFile, readContent, readWhole } from "../tree/read-file.js";
import { describeCommand, type Perform } from "./command.js";
import { addSaveFlags, type SaveFlags, saveOptionsOf } from "./save-options.js";

interface PutOptions extends SaveFlags, KeysFlags {
  value?: string;
  format?: Format;
  expires?: string;
  ifVersion?: string;
  ifAbsent?: true;
  history?: true;
}

export function putCommand(perform: Perform): Command {
  const command = describeCommand("put <store> <key> [file]", "save one value", [
    { command: "holdfast put sqlite:./app.db photos/1.jpg ./1.jpg --tag trip", does: "a file" },
    { command: `holdfast put sqlite:./app.db settings --value '{"theme":"dark"}'`, does: "JSON" },
    { command: "date | holdfast put sqlite:./app.db last-run -", does: "what a pipe brings, as bytes" },
    { command: "holdfast put sqlite:./app.db lock --value 1 --if-absent --expires 15m", does: "only if nobody has it" },
  ])
    .option("--value <json>", "save this instead of a file: JSON, or with --format yaml, YAML")
    .addOption(
      new Option("--format <format>", "how to read and keep it; else told by --value or the file's name").choices([
        "json",
        "yaml",
        "binary",
      ]),
    )
    .option("--expires <time>", "when it ceases to exist: 30d, 12h, 15m, 90s or an ISO 8601 time")
    .option("--if-absent", "only when the key holds nothing")
    .option("--if-version <version>", "only when this is the version that stands")
    .option(...HISTORY_FLAG)
    .option(KEYS_FLAG[0], `encrypt it; ${KEYS_FLAG[1]}`)
    .option(...REALM_FLAG);
  return addSaveFlags(command).action((store: string, key: string, file: string | undefined, options: PutOptions) =>
    perform(async (context) => {
      const saveOptions = { ...optionsOf(options), signal: context.signal };
      const source = sourceOf(context, file, options);
      await using storage = await openOrCreate(store, {
        ...historySettings(options.history),
        // What a pipe brings is the value, and not what opens the keys.
        ...encryptionSettings({ ...context, stdinIsData: file === "-" }, options),
      });
      const item = await source(storage, key, saveOptions);
      await report(context, { item }, [`saved ${item.key}: ${formatBytes(item.size)}, ${item.format}`]);
    }),
  );
}

type Source = (storage: StorageEngine, key: string, options: SaveOptions) => Promise<StorageItem>;

function sourceOf(context: CommandContext, file: string | undefined, { value, format }: PutOptions): Source {
  if (value !== undefined) {
    if (file !== undefined) throw new UsageError("a value comes from a file or from --value, not from both");
    if (format === "binary") throw new UsageError("--value is JSON or YAML", "bytes from a file or a pipe");
    return async (storage, key, options) =>
      saveText(storage, key, Buffer.from(value), format === "yaml" ? "yaml" : "json", "--value", options);
  }
  if (file === "-") return (storage, key, options) => saveStdin(context, storage, key, format ?? "binary", options);
  if (file !== undefined)
    return (storage, key, options) => saveFile(storage, key, file, format ?? formatOfFile(file), options);
  throw new UsageError("nothing to save: name a file, - for what a pipe brings, or --value");
}

async function saveFile(
  storage: StorageEngine,
  key: string,
  file: string,
  format: Format,
  options: SaveOptions,
): Promise<StorageItem> {
  // The file was named: a link there is meant.
  const handle = await openFile(await realpath(file));
  try {
    if (format !== "binary")
      return await saveText(storage, key, await readWhole(handle, undefined), format, file, options);
    const content = await readContent(handle, undefined);
    if (content instanceof Uint8Array) return await storage.save(key, content, options);
    return await storage.saveStream(key, content, options);
  } finally {
    await handle.close();
  }
}

async function saveStdin(
  { stdin, signal }: CommandContext,
  storage: StorageEngine,
  key: string,
  format: Format,
  options: SaveOptions,
): Promise<StorageItem> {
  // A reader that waits for a pipe to bring more does not hear of the signal by itself.
  const stop = () => stdin.destroy(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (format === "binary") return await storage.saveStream(key, stdin as AsyncIterable<Uint8Array>, options);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return await saveText(storage, key, Buffer.concat(chunks), format, "stdin", options);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function saveText(
  storage: StorageEngine,
  key: string,
  bytes: Uint8Array,
  format: "json" | "yaml",
  subject: string,
  options: SaveOptions,
): Promise<StorageItem> {
  return storage.save(key, await parseValue(bytes, format, subject), { ...options, format });
}

function optionsOf(options: PutOptions): SaveOptions {
  const { expires, ifVersion, ifAbsent } = options;
  if (ifAbsent && ifVersion !== undefined) throw new UsageError("--if-absent and --if-version rule each other out");
  return {
    ...saveOptionsOf(options),
    ...(expires === undefined ? {} : { expiration: parseExpiration(expires, Date.now()) }),
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(ifAbsent ? { ifVersion: null } : {}),
  };
}
