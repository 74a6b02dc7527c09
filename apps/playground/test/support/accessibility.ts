import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Page } from "./app.ts";

/** What axe finds wrong with the page as it stands, one line each. */
export async function faultsOf(page: Page): Promise<string[]> {
  const script = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  const { violations } = (await page.evaluate(
    `${script}; axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] })`,
  )) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}
