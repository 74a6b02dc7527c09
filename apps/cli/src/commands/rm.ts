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
        await using storage = await openExisting(store, historySettings(history));
        const deleted: string[] = [];
        const absent: string[] = [];
        for (const key of new Set(keys)) {
          const gone = await storage.delete(key, { signal: context.signal });
          (gone ? deleted : absent).push(key);
        }
        await report(
          context,
          { deleted, absent },
          deleted.map((key) => `deleted ${key}`),
        );
        if (absent.length === 0 || force) return;
        const missing = absent.map((key) => JSON.stringify(key)).join(", ");
        throw new CommandError(
          "NOT_FOUND",
          `not there: ${missing}`,
          `\`holdfast ls ${store}\`, which lists the keys, or --force`,
          absent[0],
        );
      }),
    );
}
