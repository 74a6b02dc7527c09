import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { adapters } from "./adapters.ts";
import { currentCapabilities, pagePath, readSaboteurs, readVerdicts, verdictsPath } from "./files.ts";
import { certificationPage } from "./page.ts";
import { certify, type Verdict } from "./verdict.ts";

// Adapters that are named run anew, and the others stay as they were found; without a name, all run.
const named = new Set(process.argv.slice(2));
for (const name of named) {
  if (!adapters.some((each) => each.name === name)) throw new Error(`there is no adapter ${name} here`);
}
const verdicts: Record<string, Verdict> = {};
for (const { name: adapter, run } of adapters) {
  const found = named.size === 0 || named.has(adapter) ? undefined : readVerdicts()[adapter];
  if (found !== undefined) {
    verdicts[adapter] = found;
    continue;
  }
  verdicts[adapter] = await certify(run(), ({ mode, theme, case: name, error }) => {
    console.error(`${adapter} > ${mode} > ${theme} > ${name}: ${String(error)}`);
    process.exitCode = 1;
  });
  const passed = Object.values(verdicts[adapter] ?? {}).reduce((sum, theme) => sum + theme.passed, 0);
  console.log(`${adapter}: ${passed} cases passed`);
}
mkdirSync(dirname(verdictsPath), { recursive: true });
writeFileSync(verdictsPath, `${JSON.stringify(verdicts, undefined, 2)}\n`);
writeFileSync(
  pagePath,
  certificationPage({ capabilities: currentCapabilities(), verdicts, saboteurs: readSaboteurs() }),
);
console.log(`wrote ${pagePath}`);
