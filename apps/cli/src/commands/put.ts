import type { SaveOptions } from "@holdfast/core";
import { type Command, Option } from "commander";
import { openOrCreate, report } from "../command-context.js";
import { UsageError } from "../failure.js";
import { judgeSave } from "../judge.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { encryptionSettings, KEYS_FLAG, type KeysFlags, REALM_FLAG } from "../keys-from.js";
import { parseExpiration } from "../option-values.js";
import { type InputFlags, openInput } from "../put-input.js";
import { formatBytes } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";
import { addSaveFlags, type SaveFlags, saveOptionsOf } from "./save-options.js";

interface PutOptions extends InputFlags, SaveFlags, KeysFlags {
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
      // What is wrong with the key, the options and the input is found before a store is made for them.
      await judgeSave(store, key, saveOptions);
      await using input = await openInput(context, file, options);
      await using storage = await openOrCreate(store, {
        ...historySettings(options.history),
        // What a pipe brings is the value, and not what opens the keys.
        ...encryptionSettings({ ...context, stdinIsData: file === "-" }, options),
      });
      const item = await input.save(storage, key, saveOptions);
      await report(context, { item }, [`saved ${item.key}: ${formatBytes(item.size)}, ${item.format}`]);
    }),
  );
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
