import { existsSync, readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { type ApiReport, apiReports } from "../src/api-report.ts";
import { publicEntries } from "../src/entries.ts";

const entries = publicEntries();
const reports = new Map<string, ApiReport>();

beforeAll(() => {
  for (const report of apiReports(entries)) reports.set(report.entry.specifier, report);
});

it("reads every published package, after it was built", () => {
  const packages = entries.map(({ specifier }) =>
    specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/"),
  );
  // A dependency is built before this test, and a change of it runs the test again.
  expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining([...new Set(packages)]));
  expect(packages).toContain("holdfast");
});

it.each(entries)("$specifier offers what its report says; `pnpm api` writes down what has changed", (entry) => {
  const { text, problems } = reports.get(entry.specifier) ?? {};
  expect(problems).toEqual([]);
  expect(text).toBe(existsSync(entry.report) ? readFileSync(entry.report, "utf8").replaceAll("\r\n", "\n") : undefined);
});
