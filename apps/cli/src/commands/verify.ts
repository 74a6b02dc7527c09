import type { Problem, RepairReport, StorageEngine, VerifyReport } from "@holdfast/core";
import type { Command } from "commander";
import { listAdapters } from "holdfast";
import { type CommandContext, openExisting, report as print } from "../command-context.js";
import { printComparison } from "../compare.js";
import { CommandError, UsageError } from "../failure.js";
import { KEYS_FLAG, type KeysOfTwoFlags, keysOfTwo, keysSettings, REALM_FLAG } from "../keys-from.js";
import { noKeyBegins, PREFIX_FLAG, type PrefixFlags, prefixOf } from "../prefix.js";
import { countOf, formatBytes } from "../terminal/index.js";
import { codeOfUnopened, isUnopened, RIGHT_KEYS } from "../unopened.js";
import { describeCommand, type Perform } from "./command.js";
import { problemLine } from "./problem-line.js";

/** Of files: no key begins so. */
const PATH = /^(?:~|\.{1,2}|[a-z]:)?[/\\]/i;

interface VerifyFlags extends KeysOfTwoFlags, PrefixFlags {
  repair?: boolean;
  headers?: true;
  differences?: true;
}

export function verifyCommand(perform: Perform): Command {
  return describeCommand("verify <store> [other]", "read everything back and check it, or compare two stores", [
    { command: "holdfast verify sqlite:./app.db", does: "every item against its checksum, and the file itself" },
    {
      command: "holdfast verify sqlite:./app.db --repair",
      does: "and mend what can be mended without losing anything",
    },
    {
      command: "holdfast verify sqlite:./app.db file:./data",
      does: "= equal, + - only in one, * different, ! unreadable",
    },
  ])
    .addHelpText("before", "The second argument is another store, or a prefix of the keys to check.\n")
    .option(...PREFIX_FLAG)
    .option("--headers", "of two stores, compare headers and checksums alone, without reading values")
    .option("--differences", "of two stores, no lines for what is equal")
    .option("--repair", "mend what can be mended without losing anything")
    .option(KEYS_FLAG[0], `decrypt what is encrypted too; ${KEYS_FLAG[1]}`)
    .option(...REALM_FLAG)
    .option("--to-keys <source>", "of two stores, where the master keys of the second are, if elsewhere")
    .option("--to-realm <name>", "of two stores, the realm of the second, if another")
    .action((store: string, other: string | undefined, flags: VerifyFlags) =>
      perform(async (context) => {
        if (other !== undefined && (await isStore(other))) return compare(context, store, other, flags);
        const { repair = false, headers, differences, toKeys, toRealm } = flags;
        if ((toKeys ?? toRealm) !== undefined) {
          throw new UsageError("--to-keys and --to-realm are for comparing two stores");
        }
        if (headers ?? differences) throw new UsageError("--headers and --differences are for comparing two stores");
        const prefix = prefixOf(other, flags) ?? "";
        await using storage = await openExisting(store, keysSettings(context, flags));
        const verified = await verify(context, storage, prefix);
        context.progress.end();
        const repaired = repair && !verified.ok ? await storage.repair({ signal: context.signal }) : undefined;
        const { items, bytes, problems } = verified;
        // Nothing was looked at, so that nothing is known to be well.
        const missed = prefix !== "" && verified.ok && items === 0;
        const told = { ...verified, ok: verified.ok && !missed };
        const summary = [
          ...(repaired === undefined ? [] : repairLines(repaired)),
          `verified ${countOf(items, "item")}, ${formatBytes(bytes)}: ${missed ? "no key begins so" : verdict(verified)}`,
        ];
        const document = repaired === undefined ? told : { ...told, repair: repaired };
        await print(context, document, summary, problems.map(problemLine));
        if (missed) throw noKeyBegins(prefix, store);
        const remaining = repaired?.remaining ?? problems;
        if (remaining.length > 0) throw failureOf(remaining, store);
      }),
    );
}

async function compare(context: CommandContext, store: string, other: string, flags: VerifyFlags): Promise<void> {
  const { repair, prefix = "", headers, differences = false } = flags;
  if (repair) throw new UsageError("--repair is for one store");
  const [own, others] = keysOfTwo(context, flags);
  await using first = await openExisting(store, own);
  await using second = await openExisting(other, others);
  const compared = await printComparison(context, first, second, {
    prefix,
    content: headers === undefined,
    differences,
  });
  if (compared === 0 && prefix !== "") throw noKeyBegins(prefix, store, other);
}

/** Whether it names a store, by a scheme that is known here; else it is a prefix. Refuses what looks like a store, and is none. */
async function isStore(text: string): Promise<boolean> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  const known = (await listAdapters()).map((adapter) => adapter.scheme);
  if (scheme !== undefined && known.includes(scheme)) return true;
  if (scheme === undefined && !PATH.test(text)) return false;
  const reason = scheme === undefined ? "a path needs a scheme before it" : `${scheme}: is none of ${known.join(", ")}`;
  const hint = `a store URL, as in sqlite:./app.db, or --prefix ${JSON.stringify(text)} if keys begin so`;
  throw new UsageError(`${JSON.stringify(text)} names no store: ${reason}`, hint);
}

function verify({ signal, progress }: CommandContext, storage: StorageEngine, prefix: string): Promise<VerifyReport> {
  return storage.verify(prefix, { signal, progress: progress.listener });
}

function verdict({ ok, problems }: VerifyReport): string {
  return ok ? "all is well" : countOf(problems.length, "problem");
}

function repairLines({ repaired, remaining }: RepairReport): string[] {
  return [`mended ${countOf(repaired.length, "problem")}, ${remaining.length} remain`];
}

function failureOf(problems: readonly Problem[], store: string): CommandError {
  const [first] = problems;
  const [damaged, ...more] = problems.filter((problem) => !isUnopened(problem));
  if (damaged === undefined) {
    const message = `${countOf(problems.length, "item")} in ${store} cannot be opened with these keys`;
    return new CommandError(codeOfUnopened(first), message, RIGHT_KEYS, first?.key);
  }
  const mend = [damaged, ...more].some(({ repairable }) => repairable)
    ? "--repair, which mends some of them and loses nothing"
    : "restore what is damaged from a copy, or delete it with `holdfast rm`, unless its line says otherwise";
  const isAll = more.length === problems.length - 1;
  const hint = isAll ? mend : `--keys and --realm as the app has them, for what is not opened; then ${mend}`;
  return new CommandError("CORRUPT", `${countOf(problems.length, "problem")} in ${store}`, hint, damaged.key);
}
