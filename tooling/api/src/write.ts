import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { apiReports } from "./api-report.ts";
import { publicEntries } from "./entries.ts";

for (const { entry, text, problems } of apiReports(publicEntries())) {
  for (const problem of problems) {
    console.error(problem);
    process.exitCode = 1;
  }
  mkdirSync(dirname(entry.report), { recursive: true });
  writeFileSync(entry.report, text);
  console.log(`wrote what ${entry.specifier} offers`);
}
