import type { Command } from "commander";
import { openExisting, report } from "../command-context.js";
import { CommandError } from "../failure.js";
import { describeCommand, type Perform } from "./command.js";

interface RmOptions {
  force?: boolean;
}

export function rmCommand(perform: Perform): Command {
  return describeCommand("rm <store> <keys...>", "delete keys", [
    { command: "holdfast rm sqlite:./app.db notes/1 notes/2", does: "two keys" },
    { command: "holdfast rm sqlite:./app.db notes/1 --force", does: "no complaint when it is gone already" },
  ])
    .option("-f, --force", "keys that are not there are no error")
    .action((store: string, keys: string[], { force = false }: RmOptions) =>
      perform(async (context) => {
        await using storage = await openExisting(store);
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
