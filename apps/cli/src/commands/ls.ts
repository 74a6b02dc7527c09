import type { StorageItem } from "@holdfast/core";
import type { Command } from "commander";
import { openExisting } from "../command-context.js";
import { printItems } from "../items.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { wholeNumber } from "../option-values.js";
import { PREFIX_FLAG, type PrefixFlags, prefixOf } from "../prefix.js";
import { describeCommand, type Perform } from "./command.js";

interface LsOptions extends KeysFlags, PrefixFlags {
  long?: true;
  after?: string;
  limit?: number;
}

export function lsCommand(perform: Perform): Command {
  return describeCommand("ls <store> [prefix]", "list keys, in order", [
    { command: "holdfast ls sqlite:./app.db", does: "every key" },
    { command: "holdfast ls sqlite:./app.db notes/ --long", does: "what starts with notes/, with size, time and tags" },
    { command: "holdfast ls sqlite:./app.db --after notes/7 --limit 100", does: "the next hundred" },
  ])
    .option(...PREFIX_FLAG)
    .option("-l, --long", "size, time of the last change, format and tags beside each key")
    .option("--after <key>", "start behind this key")
    .option("--limit <count>", "at most so many", wholeNumber)
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, placed: string | undefined, options: LsOptions) =>
      perform(async (context) => {
        const prefix = prefixOf(placed, options);
        await using storage = await openExisting(store, keysSettings(context, options));
        const { after, limit = Number.POSITIVE_INFINITY, long = false } = options;
        const items = storage.scan(prefix, { after, signal: context.signal });
        await printItems(context, first(items, limit), { long });
      }),
    );
}

async function* first(items: AsyncIterable<StorageItem>, limit: number): AsyncGenerator<StorageItem> {
  let left = limit;
  if (left === 0) return;
  for await (const item of items) {
    yield item;
    if (--left <= 0) return;
  }
}
