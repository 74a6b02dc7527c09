import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Results } from "../results.ts";
import { type Explanation, idleExplanations, pageWith } from "./page.ts";

const RESULTS = "docs/mutation/results.json";
const EXPLANATIONS = "docs/mutation/explanations.json";
const PAGE = "docs/mutation.md";

export function hasResults(root: string): boolean {
  return existsSync(join(root, RESULTS));
}

export function readResults(root: string): Results {
  if (!hasResults(root)) throw new Error(`there is no ${RESULTS} yet: run pnpm mutation first`);
  return JSON.parse(readFileSync(join(root, RESULTS), "utf8"));
}

/**
 * Writes the results down, and their figures into the page; the prose of the page is left as it is. Returns the names that
 * are explained and do not stand any more.
 */
export function writeReport(root: string, results: Results): string[] {
  mkdirSync(dirname(join(root, RESULTS)), { recursive: true });
  writeFileSync(join(root, RESULTS), `${JSON.stringify(results, null, 2)}\n`);
  const explanations: Explanation[] = JSON.parse(readFileSync(join(root, EXPLANATIONS), "utf8"));
  const page = join(root, PAGE);
  writeFileSync(page, pageWith(readFileSync(page, "utf8"), results, explanations));
  return idleExplanations(results, explanations);
}
