import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { themes } from "@holdfast/conformance";
import { adapters } from "./adapters.ts";
import { currentCapabilities, pagePath, readSaboteurs, readVerdicts, verdictsPath } from "./files.ts";
import { certificationPage } from "./page.ts";
import { certify, type Verdict } from "./verdict.ts";

// Adapters and themes that are named run anew, and the others stay as they were found; without a name, all run.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { theme: { type: "string", multiple: true, default: [] } },
});
const chosenAdapters = chosen(adapters, positionals, "adapter");
const chosenThemes = chosen(themes, values.theme, "theme");

const anew: Record<string, Verdict> = {};
for (const adapter of chosenAdapters) anew[adapter.name] = await verdictOf(adapter);
// As they are by now: another run may have certified something else meanwhile.
const before = readVerdicts();
const verdicts = Object.fromEntries(
  adapters.map(({ name: adapter }) => {
    const inOrder = themes.flatMap(({ name }) => {
      const verdict = anew[adapter]?.[name] ?? before[adapter]?.[name];
      return verdict === undefined ? [] : [[name, verdict] as const];
    });
    return [adapter, Object.fromEntries(inOrder)];
  }),
);
mkdirSync(dirname(verdictsPath), { recursive: true });
writeFileSync(verdictsPath, `${JSON.stringify(verdicts, undefined, 2)}\n`);
writeFileSync(
  pagePath,
  certificationPage({ capabilities: currentCapabilities(), verdicts, saboteurs: readSaboteurs() }),
);
console.log(`wrote ${pagePath}`);

async function verdictOf({ name, run }: (typeof adapters)[number]): Promise<Verdict> {
  const start = performance.now();
  const verdict = await certify(chosenThemes, run(chosenThemes), ({ mode, theme, case: which, error }) => {
    console.error(`${name} > ${mode} > ${theme} > ${which}: ${String(error)}`);
    process.exitCode = 1;
  });
  const passed = Object.values(verdict).reduce((sum, theme) => sum + theme.passed, 0);
  console.log(`${name}: ${passed} cases passed in ${Math.round((performance.now() - start) / 1_000)} s`);
  return verdict;
}

/** Those that are named; all of them when none is. */
function chosen<T extends { readonly name: string }>(all: readonly T[], names: readonly string[], what: string): T[] {
  for (const name of names) {
    if (!all.some((each) => each.name === name)) throw new Error(`there is no ${what} ${JSON.stringify(name)} here`);
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}
