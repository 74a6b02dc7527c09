import { checkKey } from "@holdfast/core";
import type { Command } from "commander";
import { openExisting, report } from "../command-context.js";
import { CommandError } from "../failure.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { describeCommand, type Perform } from "./command.js";

interface RmOptions {
  force?: boolean;
  history?: true;
}

export function rmCommand(perform: Perform): Command {
  return describeCommand("rm <store> <keys...>", "delete keys", [
    { command: "holdfast rm sqlite:./app.db notes/1 notes/2", does: "two keys" },
    { command: "holdfast rm sqlite:./app.db notes/1 --force", does: "no complaint when it is gone already" },
    { command: "holdfast rm sqlite:./app.db notes/1 --history", does: "can be brought back by `holdfast restore`" },
  ])
    .option("-f, --force", "keys that are not there are no error")
    .option(...HISTORY_FLAG)
    .action((store: string, keys: string[], { force = false, history }: RmOptions) =>
      perform(async (context) => {
        // All of them, before the first is gone.
        for (const key of keys) checkKey(key);
        await using storage = await openExisting(store, historySettings(history));
        const deleted: string[] = [];
        const absent: string[] = [];
        try {
          for (const key of new Set(keys)) {
            const gone = await storage.delete(key, { signal: context.signal });
            (gone ? deleted : absent).push(key);
          }
        } finally {
          // Broken off, it tells what is gone all the same.
          const lines = deleted.map((key) => `deleted ${key}`);
          await report(context, { deleted, absent }, lines);
        }
        if (absent.length === 0 || force) return;
        const missing = absent.map((key) => JSON.stringify(key)).join(", ");
        throw new CommandError(
          "NOT_FOUND",
          `there is no key ${missing} in ${store}`,
          `\`holdfast ls ${store}\`, which lists the keys, or --force`,
          absent[0],
        );
      }),
    );
}
