import { stat } from "node:fs/promises";
import {
  type ImportReport as EntryReport,
  type ImportEntries,
  importEntries,
  type StorageSettings,
} from "@holdfast/core";
import { type Command, Option } from "commander";
import { type CommandContext, openOrCreate, report as print } from "../command-context.js";
import { brokenOff, CommandError, IncompleteError, isSystemError, UsageError } from "../failure.js";
import { readKeyv } from "../importers/keyv.js";
import { readUnstorage } from "../importers/unstorage.js";
import { judgeSave } from "../judge.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { encryptionSettings, KEYS_FLAG, type KeysFlags, REALM_FLAG } from "../keys-from.js";
import { countOf, formatBytes, formatDuration } from "../terminal/index.js";
import { emptyReport, type ImportConflict, type ImportReport, importItems } from "../tree/import-items.js";
import { type ImportPlan, planImport } from "../tree/import-plan.js";
import { describeCommand, type Perform } from "./command.js";
import { addSaveFlags, type SaveFlags, saveOptionsOf } from "./save-options.js";

interface ImportOptions extends SaveFlags, KeysFlags {
  prefix?: string;
  as?: "auto" | "binary";
  from?: Origin;
  conflict: ImportConflict;
  acceptChanges?: true;
  encrypt?: "all" | "none";
  history?: true;
}

type Origin = "unstorage" | "keyv";

/** What reads the stores of others. */
const READERS: Readonly<Record<Origin, (path: string) => ImportEntries>> = { unstorage: readUnstorage, keyv: readKeyv };

export function importCommand(perform: Perform): Command {
  const command = describeCommand("import <from> <store>", "bring files, or an export, into a store", [
    { command: "holdfast import ./data sqlite:./app.db", does: "each file under its path as key" },
    { command: "holdfast import ./data sqlite:./app.db --prefix data/ --tag imported", does: "below a prefix, tagged" },
    { command: "holdfast import ./data sqlite:./app.db --conflict overwrite", does: "replace what is there" },
    {
      command: "holdfast import ./cache sqlite:./app.db --from unstorage",
      does: "the directory of unstorage's fs driver",
    },
    { command: "holdfast import ./keyv.sqlite sqlite:./app.db --from keyv", does: "the SQLite file of Keyv" },
    { command: "holdfast import ./my-export sqlite:./new.db", does: "all that `holdfast export` wrote, tags included" },
  ])
    .option("--prefix <prefix>", "put in front of every key")
    .addOption(
      new Option("--from <kind>", "it is no folder of files, but the store of another library").choices([
        "unstorage",
        "keyv",
      ]),
    )
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
    .option(...HISTORY_FLAG)
    .option(KEYS_FLAG[0], `encrypt all of it (of an export, what was encrypted); ${KEYS_FLAG[1]}`)
    .addOption(
      new Option("--encrypt <what>", "of an export: encrypt all of it, or none, whatever was encrypted").choices([
        "all",
        "none",
      ]),
    )
    .option(...REALM_FLAG);
  return addSaveFlags(command).action((from: string, store: string, options: ImportOptions) =>
    perform(async (context) => {
      // A prefix with which this is no key makes none of any.
      await judgeSave(store, `${options.prefix ?? ""}k`, saveOptionsOf(options));
      if (options.from !== undefined) return importFrom(context, options.from, from, store, options);
      const { signal, progress } = context;
      if (options.encrypt === "all" && options.keys === undefined) throw new UsageError("--encrypt all needs --keys");
      await requireThere(from);
      const plan = await planImport(from, {
        prefix: options.prefix ?? "",
        as: options.as,
        options: saveOptionsOf(options),
        acceptChanges: options.acceptChanges ?? false,
        encrypt: options.encrypt,
        now: Date.now(),
      });
      if (options.keys === undefined) requireNoneEncrypted(plan);
      const report = emptyReport();
      await using storage = await openOrCreate(store, settingsOf(context, options));
      try {
        await importItems(plan, report, { storage, conflict: options.conflict, progress, signal, now: Date.now });
      } catch (error) {
        const interrupted = `interrupted: ${countOf(report.imported, "file")} of ${plan.items.length} imported`;
        throw brokenOff(error, signal, { interrupted, again: againAfter(options) });
      }
      progress.end();
      await print(context, report, summary(report), leftOutLines(report));
      if (report.conflicts.length > 0) throw taken(report.conflicts);
      const { length } = report.leftOut;
      if (length > 0) {
        const hint = "mend or move them, then again with --conflict skip; --as binary takes any file as it is";
        throw new IncompleteError(`${countOf(length, "file")} left out`, hint);
      }
    }),
  );
}

async function importFrom(
  context: CommandContext,
  origin: Origin,
  from: string,
  store: string,
  options: ImportOptions,
): Promise<void> {
  if ((options.as ?? options.acceptChanges ?? options.encrypt) !== undefined) {
    throw new UsageError(`--as, --accept-changes and --encrypt are for folders of files, not for --from ${origin}`);
  }
  const { signal, progress } = context;
  const { tags = [], metadata, ...saved } = saveOptionsOf(options);
  async function* entries() {
    for await (const entry of READERS[origin](from)) {
      if ("error" in entry) yield entry;
      else yield { ...entry, ...saved, tags: [...tags], metadata: { ...entry.metadata, ...metadata } };
    }
  }
  await requireThere(from);
  await requireReadable(READERS[origin](from));
  await using storage = await openOrCreate(store, settingsOf(context, options));
  const { prefix = "", conflict } = options;
  const report = await importEntries(storage, entries, {
    prefix,
    conflict,
    signal,
    progress: progress.listener,
  }).catch((error: unknown) => {
    throw brokenOff(error, signal, { interrupted: "interrupted", again: againAfter(options) });
  });
  progress.end();
  const told = asLeftOut(report);
  await print(context, told, summary(told), leftOutLines(told));
  if (report.conflicts.length > 0) throw taken(report.conflicts);
  if (report.failures.length > 0) {
    const hint = "mend or move them, then again with --conflict skip";
    throw new IncompleteError(`${countOf(report.failures.length, "entry", "entries")} left out`, hint);
  }
}

/** What cannot be read at all is found before a store is made for it. */
async function requireReadable(entries: ImportEntries): Promise<void> {
  for await (const _ of entries) return;
}

function settingsOf(context: CommandContext, { history, ...flags }: ImportOptions): StorageSettings {
  return { ...historySettings(history), ...encryptionSettings(context, flags) };
}

/** As a folder's import tells it: what a path is there is a key here. */
function asLeftOut({ ok: _, failures, ...report }: EntryReport): ImportReport {
  return { ...report, leftOut: failures.map(({ key, code, message }) => ({ path: key, code, message })) };
}

/** How an import that was broken off goes on: what it has saved is taken now. */
function againAfter({ conflict }: ImportOptions): string {
  return conflict === "overwrite" ? "again" : "again with --conflict skip, which goes on from here";
}

function leftOutLines({ leftOut }: ImportReport): string[] {
  return leftOut.map(({ path, code, message }) => `left out ${JSON.stringify(path)} (${code}): ${message}`);
}

function summary(report: ImportReport): string[] {
  const { imported, bytes, skipped, expired, milliseconds } = report;
  return [
    `imported ${countOf(imported, "item")}, ${formatBytes(bytes)} in ${formatDuration(milliseconds)}`,
    ...(skipped > 0 ? [`skipped ${countOf(skipped, "item")} whose keys were taken`] : []),
    ...(expired > 0 ? [`passed over ${countOf(expired, "item")} that had expired`] : []),
  ];
}

/** What was encrypted does not become plain without a word. */
function requireNoneEncrypted({ items }: ImportPlan): void {
  const encrypted = items.filter(({ options }) => options.encrypt === true);
  const [first] = encrypted;
  if (first === undefined) return;
  throw new CommandError(
    "KEY_MISSING",
    `${countOf(encrypted.length, "item")} of the export ${encrypted.length === 1 ? "was" : "were"} encrypted, such as ${JSON.stringify(first.key)}`,
    "--keys, under which they are encrypted again, or --encrypt none, which keeps them in plain",
    first.key,
  );
}

function taken(conflicts: readonly string[]): CommandError {
  const [first = ""] = conflicts;
  const others = conflicts.length > 1 ? ` and ${countOf(conflicts.length - 1, "other key")}` : "";
  return new CommandError(
    "CONFLICT",
    `already there: ${JSON.stringify(first)}${others}`,
    "--conflict skip or overwrite",
    first,
  );
}

/** Looks for itself: what is missing later on is something within. */
async function requireThere(from: string): Promise<void> {
  await stat(from).catch((error: unknown) => {
    if (!isSystemError(error) || error.code !== "ENOENT") throw error;
    throw new CommandError("NOT_FOUND", `there is no file or folder ${from}`, "another path");
  });
}
