import type { Query } from "@holdfast/core";
import type { Command } from "commander";
import { openExisting } from "../command-context.js";
import { printItems } from "../items.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { collect, parseWhere, wholeNumber } from "../option-values.js";
import { PREFIX_FLAG, type PrefixFlags } from "../prefix.js";
import { formatCount } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

interface SearchOptions extends KeysFlags, PrefixFlags {
  tag?: string[];
  where?: string[];
  sort?: string;
  limit?: number;
  offset?: number;
  long?: true;
}

export function searchCommand(perform: Perform): Command {
  return describeCommand("search <store> [text]", "find items by words, tags and metadata", [
    { command: 'holdfast search sqlite:./app.db "red car"', does: "words of keys, tags and metadata" },
    { command: "holdfast search sqlite:./app.db --tag trip --tag 2026", does: "both tags" },
    { command: "holdfast search sqlite:./app.db --where 'stars>=3' --sort -metadata.stars", does: "best first" },
    { command: `holdfast search sqlite:./app.db --where '{"color":{"in":["red","blue"]}}'`, does: "any condition" },
  ])
    .option(...PREFIX_FLAG)
    .option("-t, --tag <tag>", "must have this tag; may be given several times", collect)
    .option(
      "-w, --where <condition>",
      "path=value, path>value, >= < <=, path, !path, or JSON; may be given several times",
      collect,
    )
    .option("-s, --sort <order>", "key, created, modified, size, expiration or metadata.PATH; - in front reverses")
    .option("--limit <count>", "at most so many", wholeNumber)
    .option("--offset <count>", "skip so many first", wholeNumber)
    .option("-l, --long", "size, time of the last change, format and tags beside each key")
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, text: string | undefined, options: SearchOptions) =>
      perform(async (context) => {
        const query = { ...queryOf(text, options), signal: context.signal };
        await using storage = await openExisting(store, keysSettings(context, options));
        const items = await storage.search(query);
        const isPage = options.limit !== undefined || options.offset !== undefined;
        const total = isPage ? await storage.count(query) : items.length;
        const shown = await printItems(context, items, { long: options.long ?? false, more: { total } });
        if (shown < total && context.out.isTerminal && !context.json && !context.quiet) {
          await context.out.line(`(${formatCount(shown)} of ${formatCount(total)})`);
        }
      }),
    );
}

function queryOf(text: string | undefined, { prefix, tag, where, sort, limit, offset }: SearchOptions): Query {
  return {
    ...(text === undefined ? {} : { text }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(where === undefined ? {} : { where: parseWhere(where) }),
    ...(sort === undefined ? {} : { sort }),
    ...(limit === undefined ? {} : { limit }),
    ...(offset === undefined ? {} : { offset }),
  };
}
