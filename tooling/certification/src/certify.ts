import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { adapters } from "./adapters.ts";
import { currentCapabilities, pagePath, readSaboteurs, verdictsPath } from "./files.ts";
import { certificationPage } from "./page.ts";
import { certify, type Verdict } from "./verdict.ts";

const verdicts: Record<string, Verdict> = {};
for (const { harness } of adapters) {
  verdicts[harness.name] = await certify(harness, ({ mode, theme, case: name, error }) => {
    console.error(`${harness.name} > ${mode} > ${theme} > ${name}: ${String(error)}`);
    process.exitCode = 1;
  });
  const passed = Object.values(verdicts[harness.name] ?? {}).reduce((sum, theme) => sum + theme.passed, 0);
  console.log(`${harness.name}: ${passed} cases passed`);
}
mkdirSync(dirname(verdictsPath), { recursive: true });
writeFileSync(verdictsPath, `${JSON.stringify(verdicts, undefined, 2)}\n`);
writeFileSync(
  pagePath,
  certificationPage({ capabilities: currentCapabilities(), verdicts, saboteurs: readSaboteurs() }),
);
console.log(`wrote ${pagePath}`);
