import { inspect } from "node:util";
import type { Harness, Mode, Result, Theme, ThemeOutcome } from "@holdfast/conformance";
import type { Command } from "commander";
import { answer, type CommandContext } from "../command-context.js";
import { IncompleteError, UsageError } from "../failure.js";
import { forShell } from "../for-shell.js";
import { collect, timeLimit, wholeNumber } from "../option-values.js";
import { countOf, styleFor } from "../terminal/index.js";
import { describeCommand, type Perform } from "./command.js";

const LEFT_OPEN = {
  message: "the adapter left open what keeps its process, such as a timer or a socket",
  hint: "its `close`, which must leave nothing behind",
};

interface CertifyFlags {
  theme?: string[];
  mode?: string[];
  seed?: number;
  timeout?: number;
}

export function certifyCommand(perform: Perform): Command {
  return describeCommand("certify <module>", "run the conformance suite on an adapter of your own", [
    { command: "holdfast certify ./my-adapter.js", does: "every promise that an adapter makes, in every mode" },
    { command: "holdfast certify ./my-adapter.js --theme keys --mode plain", does: "one subject, opened in one way" },
  ])
    .addHelpText(
      "before",
      "The module exports a function as its default, which makes an adapter on a store in `directory`, and `forgetFeed` where\n" +
        "the store's feed forgets; or a harness, as `harness`, for stores that are not in a directory.\n",
    )
    .option("--theme <name>", "only this subject; may be given several times", collect)
    .option("--mode <name>", "only this way of opening the storage; may be given several times", collect)
    .option("--seed <number>", "generate the same data as the run that printed it", wholeNumber)
    .option(
      "--timeout <time>",
      "that each step of a case may take, such as 5m: opening its store, the case, removing the store",
      timeLimit,
    )
    .action((module: string, flags: CertifyFlags) => perform((context) => certify(context, module, flags)));
}

async function certify(context: CommandContext, module: string, flags: CertifyFlags): Promise<void> {
  // Loaded here, since no other command needs the suite.
  const { freshSeed, modes, planConformance, runConformance, summarise, themes } = await import(
    "@holdfast/conformance"
  );
  const { loadHarness } = await import("../certification/load-harness.js");
  const { listenForStrayErrors } = await import("../certification/stray-errors.js");
  const seed = flags.seed ?? freshSeed();
  const options = {
    seed,
    themes: choose<Theme>("theme", themes, flags.theme),
    modes: choose<Mode>("mode", modes, flags.mode),
  };
  const runs = (theme: Theme, those: readonly Mode[]) => planConformance({ themes: [theme], modes: those }).length > 0;
  // A run of nothing would look like one in which everything held.
  const idle = options.themes.find((theme) => flags.theme !== undefined && !runs(theme, options.modes));
  if (idle !== undefined) {
    const chosen = options.modes.map(({ name }) => `"${name}"`).join(" or ");
    const others = modes.filter((mode) => runs(idle, [mode])).map(({ name }) => name);
    throw new UsageError(`nothing about "${idle.name}" runs in the mode ${chosen}`, `one of: ${others.join("; ")}`);
  }
  // What is told with --json is documents alone.
  context.endThoughKept(context.json ? undefined : LEFT_OPEN);
  const harness = withTimeout(await loadHarness(module), flags.timeout);
  const results: Result[] = [];
  const { progress, signal } = context;
  const told = { phase: "certify", unit: "case", totalItems: planConformance(options).length };
  progress.update({ ...told, items: 0 });
  const strays = listenForStrayErrors();
  try {
    for await (const result of runConformance(harness, options)) {
      results.push(withStrays(result, await strays.take()));
      progress.update({ ...told, items: results.length });
      // Between two cases: each has removed its store by then.
      signal.throwIfAborted();
    }
  } finally {
    strays.stop();
  }
  progress.end();
  const outcomes = summarise(results);
  const failed = results.filter(({ passed }) => !passed).length;
  const { name } = harness;
  const found = { ok: failed === 0, adapter: name, seed, passed: results.length - failed, failed, themes: outcomes };
  const broken = outcomes.filter((outcome) => outcome.failed.length > 0);
  const summary = `${name}: ${countOf(found.passed, "case")} passed, ${failed} failed (seed ${seed})`;
  await answer(context, found, context.quiet ? linesOf(broken) : [...linesOf(outcomes), summary]);
  if (failed === 0) return;
  const names = broken.map(({ theme }) => theme);
  throw new IncompleteError(
    `${countOf(failed, "case")} failed, about ${names.join(", ")}`,
    `holdfast certify ${forShell(module)} --theme "${names[0]}" --seed ${seed}${flags.timeout === undefined ? "" : ` --timeout ${flags.timeout / 1000}s`}`,
  );
}

function withTimeout(harness: Harness, timeout = harness.timeout): Harness {
  return { name: harness.name, open: () => harness.open(), timeout };
}

/** The case at hand fails for what was thrown outside of any call. */
function withStrays(result: Result, strays: readonly string[]): Result {
  if (strays.length === 0) return result;
  const outside = `outside of any call, the adapter threw: ${strays.join("; ")}`;
  if (result.passed) return { ...result, passed: false, refused: undefined, error: new Error(outside) };
  const own = result.error instanceof Error ? result.error.message : inspect(result.error);
  return { ...result, error: new Error(`${own}; ${outside}`, { cause: result.error }) };
}

/** Those that were named, in the order of the suite; all without a name. */
function choose<T extends { readonly name: string }>(what: string, all: readonly T[], names?: readonly string[]): T[] {
  for (const name of names ?? []) {
    if (all.some((each) => each.name === name)) continue;
    throw new UsageError(`there is no ${what} "${name}"`, `one of: ${all.map((each) => each.name).join("; ")}`);
  }
  return all.filter(({ name }) => names?.includes(name) ?? true);
}

function linesOf(outcomes: readonly ThemeOutcome[]): string[] {
  const style = styleFor(process.stdout);
  const width = Math.max(...outcomes.map(({ theme }) => theme.length));
  return outcomes.flatMap(({ theme, passed, refused, failed }) => {
    const refusals = Object.entries(refused).map(([need, count]) => `${count} without ${need}`);
    const mark = failed.length === 0 ? style.green("ok  ") : style.red("FAIL");
    const counts = [`${passed} passed`, ...(failed.length === 0 ? [] : [`${failed.length} failed`]), ...refusals];
    return [
      `${mark}  ${theme.padEnd(width)}  ${counts.join(", ")}`,
      ...failed.map(
        (each) => `      ${each.mode}: ${each.case}\n        → ${each.reason.replaceAll("\n", "\n          ")}`,
      ),
    ];
  });
}
