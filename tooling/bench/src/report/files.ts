import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Results } from "../harness/results.ts";
import { targets } from "../targets.ts";
import { reportFiles } from "./page.ts";

const docs = join(import.meta.dirname, "../../../../docs");
const resultsFile = join(docs, "benchmarks/results.json");

export function writeResults(results: Results): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, `${formatResults(results)}\n`);
}

export function readResults(): Results {
  return JSON.parse(readFileSync(resultsFile, "utf8"));
}

/** Makes the page and its plots from the results alone. */
export function writeReport(): void {
  for (const [name, text] of reportFiles(readResults(), targets)) writeFileSync(join(docs, name), text);
}

/** What is there now of the files that `writeReport` writes. */
export function readReport(names: Iterable<string>): Map<string, string> {
  return new Map(Array.from(names, (name) => [name, readFileSync(join(docs, name), "utf8")]));
}

// One contender's measurements stand in one line.
function formatResults(results: Results): string {
  return JSON.stringify(results, null, 2).replaceAll(/\[[\d.,\s]+\]/g, (numbers) => numbers.replaceAll(/\s+/g, " "));
}
