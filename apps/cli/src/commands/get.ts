import { resolve } from "node:path";
import type { StorageEngine, StorageItem } from "@holdfast/core";
import type { Command } from "commander";
import { type CommandContext, openExisting, report } from "../command-context.js";
import { CommandError, UsageError } from "../failure.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { readItem } from "../read-item.js";
import { formatBytes } from "../terminal/index.js";
import { writeFileWhole } from "../tree/write-file.js";
import { describeCommand, type Perform } from "./command.js";

interface GetOptions extends KeysFlags {
  output?: string;
}

// More than anybody reads on a screen.
const MOST_SHOWN = 1024 * 1024;

export function getCommand(perform: Perform): Command {
  return describeCommand("get <store> <key>", "print one value", [
    { command: "holdfast get sqlite:./app.db settings", does: "json is laid out on a terminal, and exact in a pipe" },
    { command: "holdfast get sqlite:./app.db photos/1.jpg > 1.jpg", does: "the exact bytes" },
    { command: "holdfast get sqlite:./app.db settings --json", does: "the value with its tags, metadata and version" },
  ])
    .option("-o, --output <file>", "write the exact bytes into this file; it appears whole or not at all")
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, key: string, options: GetOptions) =>
      perform(async (context) => {
        if (context.json && options.output !== undefined) {
          throw new UsageError("--json prints the value and --output keeps it: choose one");
        }
        await using storage = await openExisting(store, keysSettings(context, options));
        const missing = new CommandError(
          "NOT_FOUND",
          `there is no key ${JSON.stringify(key)} in ${store}`,
          `\`holdfast ls ${store}\`, which lists the keys`,
          key,
        );
        // Awaited here: the store is closed when this function is left.
        if (options.output !== undefined) await toFile(context, storage, key, options.output, missing);
        else if (context.json) await asJson(context, storage, key, missing);
        else if (context.out.isTerminal) await onTerminal(context, storage, key, missing);
        else await asBytes(context, storage, key, missing);
      }),
    );
}

async function asBytes(context: CommandContext, storage: StorageEngine, key: string, missing: Error): Promise<void> {
  const { signal, out } = context;
  const item = await storage.stat(key, { signal });
  const body = await storage.loadStream(key, { signal });
  if (item === undefined || body === undefined) throw missing;
  for await (const chunk of body) {
    await out.bytes(chunk);
    if (out.isClosed) return;
  }
  // A line of text, for pipes that read lines.
  if (item.format === "json") await out.line();
}

async function onTerminal(context: CommandContext, storage: StorageEngine, key: string, missing: Error): Promise<void> {
  const { signal, out } = context;
  const read = async (item: StorageItem) => {
    if (item.format === "json") return JSON.stringify(await storage.load(key, { signal }), null, 2);
    if (item.size > MOST_SHOWN) throw notShown(item);
    const bytes = await readBytes(storage, key, signal);
    const text = new TextDecoder("utf-8").decode(bytes);
    if (item.format === "binary" && /[\uFFFD\p{Cc}]/u.test(text.replace(/[\t\r\n]/g, ""))) throw notShown(item);
    return text;
  };
  const found = await readItem(storage, key, read, { signal });
  if (found === undefined) throw missing;
  await out.text(found.value.endsWith("\n") ? found.value : `${found.value}\n`);
}

function notShown({ key, size }: StorageItem): CommandError {
  const message = `${JSON.stringify(key)} holds ${formatBytes(size)} that are not for a screen`;
  return new CommandError("INVALID_OPTION", message, "--output FILE, or a pipe", key);
}

async function asJson(context: CommandContext, storage: StorageEngine, key: string, missing: Error): Promise<void> {
  const { signal, out } = context;
  const read = async ({ format }: StorageItem) => {
    const value = await storage.load(key, { signal });
    // A value that is deleted meanwhile is seen as such by the next look at its header.
    if (format !== "binary") return { value };
    return { base64: value instanceof Uint8Array ? Buffer.from(value).toString("base64") : "" };
  };
  const found = await readItem(storage, key, read, { signal });
  if (found === undefined) throw missing;
  await out.json({ item: found.item, ...found.value });
}

async function toFile(
  context: CommandContext,
  storage: StorageEngine,
  key: string,
  output: string,
  missing: Error,
): Promise<void> {
  const body = await storage.loadStream(key, { signal: context.signal });
  if (body === undefined) throw missing;
  const { bytes } = await writeFileWhole(resolve(output), body);
  await report(context, undefined, [`wrote ${formatBytes(bytes)} to ${output}`]);
}

async function readBytes(storage: StorageEngine, key: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await storage.loadStream(key, { signal })) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
