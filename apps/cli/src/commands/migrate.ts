import { realpath } from "node:fs/promises";
import { type ConflictPolicy, createMigrator, type MigrationReport } from "@holdfast/core";
import { type Command, Option } from "commander";
import { parseStoreUrl, storeExists } from "holdfast";
import { openExisting, openOrCreate, report as print } from "../command-context.js";
import { CommandError, IncompleteError, UsageError } from "../failure.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { wholeNumber } from "../option-values.js";
import { countOf, formatBytes, formatCount, formatDuration } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

interface MigrateFlags {
  prefix?: string;
  conflict: ConflictPolicy;
  validate: boolean;
  dryRun?: boolean;
  concurrency?: number;
  history?: true;
}

export function migrateCommand(perform: Perform): Command {
  return describeCommand("migrate <from> <to>", "copy everything from one store to another and prove that it arrived", [
    { command: "holdfast migrate sqlite:./old.db sqlite:./new.db", does: "copy, then read all back and compare" },
    { command: "holdfast migrate sqlite:./old.db sqlite:./new.db --dry-run", does: "what would happen" },
    { command: "holdfast migrate sqlite:./a.db sqlite:./b.db --conflict newer", does: "the later change wins" },
  ])
    .option("--prefix <prefix>", "only keys that start so")
    .addOption(
      new Option("--conflict <policy>", "when the destination holds another item under a key")
        .choices(["stop", "skip", "overwrite", "newer"])
        .default("stop"),
    )
    .option("--no-validate", "do not read everything back from the destination")
    .option("--concurrency <count>", "items in flight at once", wholeNumber)
    .option(...HISTORY_FLAG)
    .option("--dry-run", "plan and report, write nothing")
    .action(
      (from: string, to: string, { prefix, conflict, validate, dryRun = false, concurrency, history }: MigrateFlags) =>
        perform(async (context) => {
          const { signal, progress } = context;
          if (await isSamePlace(from, to)) throw new UsageError(`${from} and ${to} are the same store`);
          await using source = await openExisting(from);
          // A plan for a store that is not there yet is a plan for an empty one, and does not make it.
          const planned = dryRun && !(await storeExists(to)) ? "memory:" : to;
          await using destination = await openOrCreate(planned, historySettings(history));
          const report = await createMigrator(source, destination).migrate({
            ...(prefix === undefined ? {} : { prefix }),
            ...(concurrency === undefined ? {} : { concurrency }),
            conflict,
            validate,
            dryRun,
            signal,
            progress: (state) => progress.update(state),
          });
          progress.end();
          await print(context, report, summary(report, validate));
          complain(report);
        }),
    );
}

function complain({ conflicts, failures }: MigrationReport): void {
  const [first] = conflicts;
  if (first !== undefined) {
    throw new CommandError(
      "CONFLICT",
      `the destination holds another item under ${countOf(conflicts.length, "key")}, such as ${JSON.stringify(first)}`,
      "--conflict skip, overwrite or newer",
      first,
    );
  }
  if (failures.length > 0) {
    throw new IncompleteError(
      `${countOf(failures.length, "item")} did not arrive`,
      "again, which copies only what is missing",
    );
  }
}

function summary(report: MigrationReport, validate: boolean): string[] {
  const { dryRun, planned, copied, unchanged, skipped, verified, bytes, conflicts, failures, milliseconds } = report;
  const parts = [
    ...(unchanged > 0 ? [`${formatCount(unchanged)} were there already`] : []),
    ...(skipped > 0 ? [`${formatCount(skipped)} skipped`] : []),
    ...(conflicts.length > 0 ? [`${countOf(conflicts.length, "conflict")}`] : []),
    ...(failures.length > 0 ? [`${formatCount(failures.length)} failed`] : []),
    ...(dryRun ? [] : [validate ? `${formatCount(verified)} read back and equal` : "not read back"]),
  ];
  const verb = dryRun ? "would copy" : "copied";
  const size = dryRun ? planned.bytes : bytes;
  const rest = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return [
    ...failures.map(({ key, code, message }) => `failed ${JSON.stringify(key)} (${code}): ${message}`),
    `${verb} ${formatCount(copied)} of ${countOf(planned.items, "item")}, ${formatBytes(size)} in ${formatDuration(milliseconds)}${rest}`,
  ];
}

/** Whether two URLs name one file, also by way of links. Stores in memory are never the same. */
async function isSamePlace(from: string, to: string): Promise<boolean> {
  const a = parseStoreUrl(from);
  const b = parseStoreUrl(to);
  if (a.scheme !== b.scheme || a.scheme === "memory") return false;
  return (await resolved(a.path)) === (await resolved(b.path));
}

async function resolved(path: string): Promise<string> {
  // What is not there yet cannot be the other.
  return realpath(path).catch(() => path);
}
