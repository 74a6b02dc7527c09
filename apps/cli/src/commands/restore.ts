import type { RestoreOptions } from "@holdfast/core";
import type { Command } from "commander";
import { openExisting, report } from "../command-context.js";
import { UsageError } from "../failure.js";
import { chooseVersion, historySettings, keptVersions } from "../kept-versions.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { describeCommand, type Perform } from "./command.js";

interface RestoreFlags extends KeysFlags {
  ifVersion?: string;
  ifAbsent?: true;
}

export function restoreCommand(perform: Perform): Command {
  return describeCommand("restore <store> <key> <version>", "bring back what a key held, as a new version", [
    { command: "holdfast restore sqlite:./app.db settings 1", does: "undo the last change" },
    { command: "holdfast restore sqlite:./app.db notes/1 1 --if-absent", does: "bring back what was deleted" },
    {
      command: "holdfast restore sqlite:./app.db settings 019ab2",
      does: "a version by its start, as `holdfast log` shows it",
    },
  ])
    .option("--if-version <version>", "only when this is the version that stands")
    .option("--if-absent", "only when the key holds nothing")
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, key: string, name: string, flags: RestoreFlags) =>
      perform(async (context) => {
        const { signal } = context;
        const condition = conditionOf(flags);
        // What stands is kept, so that restoring can be undone like any other change.
        await using storage = await openExisting(store, {
          ...historySettings(true),
          ...keysSettings(context, flags),
        });
        const version = chooseVersion(await keptVersions(storage, key, { signal }), key, store, name);
        const item = await storage.restore(key, version, { ...condition, signal });
        await report(context, { restored: version, item }, [`restored ${key} to ${version}: now ${item.version}`]);
      }),
    );
}

function conditionOf({ ifVersion, ifAbsent }: RestoreFlags): RestoreOptions {
  if (ifAbsent && ifVersion !== undefined) throw new UsageError("--if-absent and --if-version rule each other out");
  if (ifAbsent) return { ifVersion: null };
  return ifVersion === undefined ? {} : { ifVersion };
}
