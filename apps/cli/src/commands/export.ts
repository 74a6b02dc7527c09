import type { Command } from "commander";
import { openExisting, report as print } from "../command-context.js";
import { brokenOff, CommandError, UsageError } from "../failure.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { isPartOf } from "../migration/same-place.js";
import { PREFIX_FLAG, type PrefixFlags, requireKeys } from "../prefix.js";
import { countOf, formatBytes, formatDuration } from "../terminal/index.js";
import { type ExportReport, emptyExport, exportTree } from "../tree/export-tree.js";
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
        if (await isPartOf(folder, store)) {
          throw new UsageError(`${folder} is part of the store ${store}: export into a folder outside of it`);
        }
        await using storage = await openExisting(store, keysSettings(context, flags));
        await requireKeys(storage, store, prefix, signal);
        const hasKeys = flags.keys !== undefined;
        const report = emptyExport(folder);
        try {
          await exportTree(storage, report, { prefix, hasKeys, progress, signal, now: Date.now });
        } catch (error) {
          const interrupted = `interrupted: ${countOf(report.exported, "item")} exported to ${folder}, which is no export yet`;
          throw brokenOff(error, signal, { interrupted, again: "again, into a new folder" });
        }
        progress.end();
        const { exported, bytes, failures, milliseconds } = report;
        await print(
          context,
          report,
          [
            `exported ${countOf(exported, "item")}, ${formatBytes(bytes)} to ${folder} in ${formatDuration(milliseconds)}`,
          ],
          failures.map(({ key, code, message }) => `left out ${JSON.stringify(key)} (${code}): ${message}`),
        );
        complain(failures, store);
      }),
    );
}

/** Throws what makes the exit code, where not all is well. Damage comes first: other keys do not mend it. */
function complain(failures: ExportReport["failures"], store: string): void {
  const first = failures.find(({ code }) => code === "CORRUPT") ?? failures[0];
  if (first === undefined) return;
  const hint =
    first.code === "CORRUPT"
      ? `\`holdfast verify ${store}\`, which lists all damage`
      : "the --keys and the --realm that they were encrypted with";
  throw new CommandError(first.code, `${countOf(failures.length, "item")} could not be exported`, hint, first.key);
}
