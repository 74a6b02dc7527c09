import { type Command, Option } from "commander";
import { openOrCreate, report as print } from "../command-context.js";
import { CommandError, IncompleteError, isSystemError } from "../failure.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { countOf, formatBytes, formatDuration } from "../terminal/index.js";
import { emptyReport, type ImportConflict, type ImportReport, importItems } from "../tree/import-items.js";
import { planImport } from "../tree/import-plan.js";
import { describeCommand, type Perform } from "./command.js";
import { addSaveFlags, type SaveFlags, saveOptionsOf } from "./save-options.js";

interface ImportOptions extends SaveFlags {
  prefix?: string;
  as?: "auto" | "binary";
  conflict: ImportConflict;
  acceptChanges?: true;
  history?: true;
}

export function importCommand(perform: Perform): Command {
  const command = describeCommand("import <from> <store>", "bring files, or an export, into a store", [
    { command: "holdfast import ./data sqlite:./app.db", does: "each file under its path as key" },
    { command: "holdfast import ./data sqlite:./app.db --prefix data/ --tag imported", does: "below a prefix, tagged" },
    { command: "holdfast import ./data sqlite:./app.db --conflict overwrite", does: "replace what is there" },
    { command: "holdfast import ./my-export sqlite:./new.db", does: "all that `holdfast export` wrote, tags included" },
  ])
    .option("--prefix <prefix>", "put in front of every key")
    .addOption(
      new Option(
        "--as <format>",
        "auto (the default): .json becomes json, .yaml and .yml yaml, the rest bytes; binary: all are bytes",
      ).choices(["auto", "binary"]),
    )
    .addOption(
      new Option("--conflict <policy>", "when keys are taken: import nothing, leave those, or replace them")
        .choices(["stop", "skip", "overwrite"])
        .default("stop"),
    )
    .option("--accept-changes", "of an export, also files that were changed since")
    .option(...HISTORY_FLAG);
  return addSaveFlags(command).action((from: string, store: string, options: ImportOptions) =>
    perform(async (context) => {
      const { signal, progress } = context;
      const plan = await planImport(from, {
        prefix: options.prefix ?? "",
        as: options.as,
        options: saveOptionsOf(options),
        acceptChanges: options.acceptChanges ?? false,
        now: Date.now(),
      }).catch((error: unknown) => {
        throw isSystemError(error) && error.code === "ENOENT" ? nothingThere(from) : error;
      });
      const report = emptyReport();
      await using storage = await openOrCreate(store, historySettings(options.history));
      try {
        await importItems(plan, report, { storage, conflict: options.conflict, progress, signal, now: Date.now });
      } catch (error) {
        if (!signal.aborted) throw error;
        const message = `interrupted: ${countOf(report.imported, "file")} of ${plan.items.length} imported`;
        throw new CommandError("ABORTED", message, "again with --conflict skip, which goes on from here");
      }
      progress.end();
      await print(context, report, summary(report));
      if (report.conflicts.length > 0) throw taken(report.conflicts);
      const { length } = report.leftOut;
      if (length > 0) {
        const hint = "mend or move them, then again with --conflict skip; --as binary takes any file as it is";
        throw new IncompleteError(`${countOf(length, "file")} left out`, hint);
      }
    }),
  );
}

function summary(report: ImportReport): string[] {
  const { imported, bytes, skipped, expired, leftOut, milliseconds } = report;
  return [
    ...leftOut.map(({ path, code, message }) => `left out ${JSON.stringify(path)} (${code}): ${message}`),
    `imported ${countOf(imported, "item")}, ${formatBytes(bytes)} in ${formatDuration(milliseconds)}`,
    ...(skipped > 0 ? [`skipped ${countOf(skipped, "item")} whose keys were taken`] : []),
    ...(expired > 0 ? [`passed over ${countOf(expired, "item")} that had expired`] : []),
  ];
}

function taken(conflicts: readonly string[]): CommandError {
  const [first = ""] = conflicts;
  const others = conflicts.length > 1 ? ` and ${countOf(conflicts.length - 1, "other key")}` : "";
  return new CommandError(
    "CONFLICT",
    `already there: ${JSON.stringify(first)}${others}`,
    "--conflict skip, or --conflict overwrite",
    first,
  );
}

function nothingThere(from: string): CommandError {
  return new CommandError("NOT_FOUND", `there is no file or folder ${from}`, "another path");
}
