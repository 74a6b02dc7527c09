import type { Command } from "commander";
import { openExisting, report as print } from "../command-context.js";
import { CommandError } from "../failure.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { PREFIX_FLAG, type PrefixFlags, requireKeys } from "../prefix.js";
import { countOf, formatBytes, formatDuration } from "../terminal/index.js";
import { exportTree } from "../tree/export-tree.js";
import { describeCommand, type Perform } from "./command.js";

interface ExportOptions extends KeysFlags, PrefixFlags {}

export function exportCommand(perform: Perform): Command {
  return describeCommand(
    "export <store> <folder>",
    "write every item as a file, with a manifest that brings all back",
    [
      { command: "holdfast export sqlite:./app.db ./my-export", does: "into a new or empty folder" },
      { command: "holdfast export sqlite:./app.db ./notes --prefix notes/", does: "a part" },
      { command: "holdfast import ./my-export sqlite:./new.db", does: "and back" },
    ],
  )
    .option(...PREFIX_FLAG)
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .action((store: string, folder: string, { prefix = "", ...flags }: ExportOptions) =>
      perform(async (context) => {
        const { signal, progress } = context;
        await using storage = await openExisting(store, keysSettings(context, flags));
        await requireKeys(storage, store, prefix, signal);
        const report = await exportTree(storage, folder, { prefix, progress, signal, now: Date.now });
        progress.end();
        const { exported, bytes, failures, milliseconds } = report;
        await print(context, report, [
          ...failures.map(({ key, code, message }) => `left out ${JSON.stringify(key)} (${code}): ${message}`),
          `exported ${countOf(exported, "item")}, ${formatBytes(bytes)} to ${folder} in ${formatDuration(milliseconds)}`,
        ]);
        if (failures.length === 0) return;
        throw new CommandError(
          "CORRUPT",
          `${countOf(failures.length, "damaged item")} could not be exported`,
          `\`holdfast verify ${store}\`, which lists all damage`,
        );
      }),
    );
}
