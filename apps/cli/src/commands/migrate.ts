import {
  type ConflictPolicy,
  createMigrator,
  type MigrateOptions,
  type MigrationReport,
  type StorageEngine,
  type Transform,
} from "@holdfast/core";
import { type Command, Option } from "commander";
import { type CommandContext, openExisting, openOrCreate, report as print } from "../command-context.js";
import { UsageError } from "../failure.js";
import { judgeMigration } from "../judge.js";
import { historySettings } from "../kept-versions.js";
import { imagine, KEYS_FLAG, type KeysOfTwoFlags, keysOfTwo, makeFirst, REALM_FLAG } from "../keys-from.js";
import { JournalFile } from "../migration/journal-file.js";
import { loadTransform } from "../migration/load-transform.js";
import { complain, failureLines, summaryOf } from "../migration/migration-summary.js";
import { openPlanned } from "../migration/planned-store.js";
import { isPartOf, isSamePlace } from "../migration/same-place.js";
import { byteCount, countFromOne } from "../option-values.js";
import { PREFIX_FLAG, type PrefixFlags, requireKeys } from "../prefix.js";
import { isThere } from "../store-at.js";
import { describeCommand, type Perform } from "./command.js";

interface MigrateFlags extends KeysOfTwoFlags, PrefixFlags {
  conflict: ConflictPolicy;
  validate: boolean;
  dryRun?: true;
  concurrency?: number;
  bandwidth?: number;
  history?: true;
  backup?: string;
  journal?: string;
  transform?: string;
  events?: true;
  reencrypt?: true;
}

export function migrateCommand(perform: Perform): Command {
  return describeCommand("migrate <from> <to>", "copy everything from one store to another and prove that it arrived", [
    { command: "holdfast migrate sqlite:./old.db sqlite:./new.db", does: "copy, then read all back and compare" },
    { command: "holdfast migrate sqlite:./old.db sqlite:./new.db --dry-run", does: "what would happen" },
    { command: "holdfast migrate sqlite:./a.db sqlite:./b.db --conflict newer", does: "the later change wins" },
    { command: "holdfast migrate file:./data sqlite:./b.db --journal ./move.journal", does: "goes on after a crash" },
    {
      command: "holdfast migrate sqlite:./a.db sqlite:./b.db --conflict overwrite --backup sqlite:./before.db",
      does: "keep what is replaced",
    },
    { command: "holdfast migrate sqlite:./before.db sqlite:./b.db --conflict overwrite", does: "put it back" },
    {
      command: "holdfast migrate file:./a file:./b --reencrypt --keys os-keychain:app --to-keys passphrase:./keys",
      does: "under other keys",
    },
  ])
    .option(...PREFIX_FLAG)
    .addOption(
      new Option("--conflict <policy>", "when the destination holds another item under a key")
        .choices(["stop", "skip", "overwrite", "newer", "keep-both"])
        .default("stop"),
    )
    .option("--backup <store>", "copy what is replaced into this store first; it must be empty or not there yet")
    .option("--journal <file>", "note there how far it got: run again after a crash, it goes on")
    .option("--transform <module>", "a module whose function transform(item, load) renames, changes or leaves out")
    .option("--no-validate", "do not read everything back from the destination")
    .option("--concurrency <count>", "items in flight at once", countFromOne)
    .option("--bandwidth <bytes>", "so many bytes a second at most, such as 500kB or 2.5MB", byteCount)
    .option("--history", "previous versions go along, and what is replaced is kept as one")
    .option("--dry-run", "plan and report, write nothing")
    .option(KEYS_FLAG[0], `of both stores, ${KEYS_FLAG[1]}; most of what is encrypted travels without`)
    .option(...REALM_FLAG)
    .option("--to-keys <source>", "where the master keys of the destination are, if elsewhere")
    .option("--to-realm <name>", "the realm of the destination, if another")
    .option("--reencrypt", "encrypt what is encrypted anew, under the keys of the destination")
    .option("--events", "print a line of JSON for each thing that happens; the report is the last")
    .action((from: string, to: string, flags: MigrateFlags) => perform((context) => migrate(context, from, to, flags)));
}

async function migrate(context: CommandContext, from: string, to: string, flags: MigrateFlags): Promise<void> {
  const { prefix = "", conflict, validate, concurrency, dryRun = false, history, backup } = flags;
  if (await isSamePlace(from, to)) throw new UsageError(`${from} and ${to} are the same store`);
  for (const other of backup === undefined ? [] : [from, to]) {
    if (await isSamePlace(other, backup ?? "")) throw new UsageError(`the backup is the store ${other} itself`);
  }
  for (const store of flags.journal === undefined ? [] : [from, to, ...(backup === undefined ? [] : [backup])]) {
    if (!(await isPartOf(flags.journal ?? "", store))) continue;
    throw new UsageError(
      `the journal ${flags.journal} would be part of the store ${store}: keep it in a file of its own`,
    );
  }
  const [fromKeys, toKeys] = keysOfTwo(context, flags, dryRun ? imagine : makeFirst(context));
  if (flags.reencrypt && toKeys.encryption === undefined) throw new UsageError("--reencrypt needs --keys or --to-keys");
  // What is wrong with options and input is found before a destination is made for it.
  await judgeMigration({ prefix, conflict, concurrency });
  await using source = await openExisting(from, fromKeys);
  await using journal = flags.journal === undefined ? undefined : new JournalFile(flags.journal);
  const transform = flags.transform === undefined ? undefined : await loadTransform(flags.transform);
  await journal?.check();
  // A run that goes on may be all but done, and its source emptied meanwhile.
  if (journal === undefined) await requireKeys(source, from, prefix, context.signal);
  // A plan for a store that is not there yet is a plan for an empty one, and does not make it.
  const open = dryRun && !(await isThere(to)) ? openPlanned : openOrCreate;
  await using destination = await open(to, { ...historySettings(history), ...toKeys });
  await using kept = backup === undefined || dryRun ? undefined : await openOrCreate(backup, toKeys);
  const report = await createMigrator(source, destination).migrate({
    ...optionsOf(context, flags, transform, kept),
    ...(journal === undefined ? {} : { journal }),
  });
  context.progress.end();
  await tell(context, flags, report, summaryOf(report, validate, backup, to));
  complain(report);
  // A transform may have left everything out.
  if (journal !== undefined && didNothing(report)) await requireKeys(source, from, prefix, context.signal);
}

/** No item of the source was met: not by this run, nor by one that it goes on with, nor as a change meanwhile. */
function didNothing({ planned, resumed, changed }: MigrationReport): boolean {
  return planned.items === 0 && !resumed && changed.saved + changed.deleted === 0;
}

function optionsOf(
  { signal, progress, out }: CommandContext,
  flags: MigrateFlags,
  transform: Transform | undefined,
  backup: StorageEngine | undefined,
): MigrateOptions {
  const {
    prefix,
    conflict,
    validate,
    concurrency,
    bandwidth,
    dryRun = false,
    history = false,
    events,
    reencrypt = false,
  } = flags;
  // At once: who reads these lines wants to know what is going on.
  const line = async (value: object) => {
    await out.line(JSON.stringify(value));
    await out.flush();
  };
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(transform === undefined ? {} : { transform }),
    ...(backup === undefined ? {} : { backup }),
    ...(events === undefined ? {} : { onEvent: line }),
    conflict,
    validate,
    dryRun,
    history,
    reencrypt,
    signal,
    progress(state) {
      progress.update(state);
      return events === undefined ? undefined : line({ type: "progress", ...state });
    },
  };
}

async function tell(
  context: CommandContext,
  { events }: MigrateFlags,
  report: MigrationReport,
  summary: readonly string[],
): Promise<void> {
  if (events === undefined) await print(context, report, summary, failureLines(report));
  else await context.out.line(JSON.stringify({ type: "report", ...report }));
}
