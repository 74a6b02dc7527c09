import type { MigrateAllReport } from "@holdfast/core";
import type { Command } from "commander";
import { answer, type CommandContext, openExisting, report as print } from "../command-context.js";
import { IncompleteError, UsageError } from "../failure.js";
import { HISTORY_FLAG, historySettings } from "../kept-versions.js";
import { KEYS_FLAG, type KeysFlags, keysSettings, REALM_FLAG } from "../keys-from.js";
import { collect, countFromOne } from "../option-values.js";
import { PREFIX_FLAG, type PrefixFlags, prefixOf } from "../prefix.js";
import { countSchemas, type SchemaCounts } from "../schema/count-schemas.js";
import { type AppCollections, loadCollections, openCollection } from "../schema/load-collections.js";
import { countOf, formatCount, formatDuration, formatTable } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

interface MigrateFlags extends KeysFlags {
  module: string;
  collection?: string[];
  dryRun?: true;
  down?: true;
  concurrency?: number;
  history?: true;
}

/** One collection's part of the work. */
interface Migrated extends MigrateAllReport {
  name: string;
  /** Versions that the app calls deprecated, and what it says of them. */
  deprecated: { version: string; message: string }[];
}

export function schemaCommand(perform: Perform): Command {
  return describeCommand("schema", "see and change which versions of their schemas collections are written in", [
    { command: "holdfast schema status sqlite:./app.db", does: "how many items there are of each version" },
    {
      command: "holdfast schema migrate sqlite:./app.db --module ./schemas.js",
      does: "bring all to the code's version",
    },
  ])
    .addCommand(statusCommand(perform))
    .addCommand(migrateCommand(perform));
}

function statusCommand(perform: Perform): Command {
  return describeCommand("status <store> [prefix]", "count items by collection and version", [
    { command: "holdfast schema status sqlite:./app.db", does: "every collection" },
    { command: "holdfast schema status sqlite:./app.db notes/ --json", does: "what is below notes/" },
  ])
    .option(...PREFIX_FLAG)
    .action((store: string, placed: string | undefined, flags: PrefixFlags) =>
      perform(async (context) => {
        const prefix = prefixOf(placed, flags);
        await using storage = await openExisting(store);
        const counts = await countSchemas(storage, prefix ?? "", { signal: context.signal });
        await answer(context, counts, statusLines(counts));
      }),
    );
}

function migrateCommand(perform: Perform): Command {
  return describeCommand("migrate <store>", "bring every item of the app's collections to the code's version", [
    { command: "holdfast schema migrate sqlite:./app.db --module ./schemas.js --dry-run", does: "what would happen" },
    { command: "holdfast schema migrate sqlite:./app.db --module ./schemas.js", does: "all collections of the module" },
    {
      command: "holdfast schema migrate sqlite:./app.db --module ./schemas.js --collection notes",
      does: "one of them",
    },
  ])
    .requiredOption("--module <file>", "the app's module that exports `collections`; it is run")
    .option("--collection <name>", "only this one; may be given several times", collect)
    .option("--down", "bring newer data down, where the app's steps allow it")
    .option("--concurrency <count>", "items in flight at once", countFromOne)
    .option(...HISTORY_FLAG)
    .option(...KEYS_FLAG)
    .option(...REALM_FLAG)
    .option("--dry-run", "upgrade and validate everything, write nothing")
    .action((store: string, flags: MigrateFlags) =>
      perform(async (context) => {
        const app = await loadCollections(flags.module);
        const names = chosenOf(app, flags.collection);
        await using storage = await openExisting(store, {
          ...historySettings(flags.history),
          ...keysSettings(context, flags),
        });
        const deprecated: Migrated["deprecated"] = [];
        const opened = await Promise.all(
          names.map((name) =>
            openCollection(storage, app, name, ({ version, message }) => deprecated.push({ version, message })),
          ),
        );
        const collections: Migrated[] = [];
        const { listener } = context.progress;
        for (const collection of opened) {
          const { name } = collection;
          const report = await collection.migrateAll({
            ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
            dryRun: flags.dryRun ?? false,
            down: flags.down ?? false,
            signal: context.signal,
            progress: listener && ((state) => listener({ ...state, phase: name })),
          });
          collections.push({ name, ...report, deprecated: deprecated.splice(0) });
        }
        await tell(context, flags.dryRun ?? false, collections);
      }),
    );
}

function chosenOf({ file, options }: AppCollections, wanted: string[] | undefined): string[] {
  const names = [...options.keys()];
  const unknown = wanted?.find((name) => !options.has(name));
  if (unknown === undefined) return wanted === undefined ? names : [...new Set(wanted)];
  throw new UsageError(`${file} has no collection ${JSON.stringify(unknown)}; there are ${names.join(", ")}`);
}

async function tell(context: CommandContext, dryRun: boolean, collections: Migrated[]): Promise<void> {
  context.progress.end();
  const ok = collections.every((each) => each.ok);
  const failures = collections.flatMap(failureLines);
  await print(context, { ok, dryRun, collections }, collections.flatMap(migrateLines), failures);
  const remaining = collections.reduce((sum, each) => sum + each.remaining, 0);
  if (ok) return;
  throw new IncompleteError(
    `${countOf(remaining, "item")} ${dryRun ? "cannot be brought" : "could not be brought"} up to date`,
    "mend the data or the migrations that are named, then again: what is done is not done twice",
  );
}

function failureLines({ name, failures }: Migrated): string[] {
  return failures.map(({ key, code, message }) => `failed ${JSON.stringify(`${name}/${key}`)} (${code}): ${message}`);
}

function migrateLines({ name, dryRun, version, items, migrated, gone, milliseconds, deprecated }: Migrated): string[] {
  const rest = gone > 0 ? `, ${formatCount(gone)} gone meanwhile` : "";
  return [
    ...deprecated.map((notice) => `deprecated ${name}@${notice.version}: ${notice.message}`),
    `${name}: ${dryRun ? "would bring" : "brought"} ${formatCount(migrated)} of ${countOf(items, "item")} to ${version} in ${formatDuration(milliseconds)}${rest}`,
  ];
}

function statusLines({ collections, without }: SchemaCounts): string[] {
  const rows = collections.flatMap(({ name, versions }) =>
    Object.entries(versions).map(([version, items]) => [name, version, formatCount(items)]),
  );
  if (without > 0) rows.push(["(in no collection)", "", formatCount(without)]);
  return formatTable([{ title: "collection" }, { title: "version" }, { title: "items", align: "right" }], rows);
}
