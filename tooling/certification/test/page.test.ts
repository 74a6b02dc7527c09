import { readFileSync } from "node:fs";
import { modes, type Result, themes } from "@holdfast/conformance";
import { describe, expect, it } from "vitest";
import { adapters } from "../src/adapters.ts";
import { currentCapabilities, pagePath, readSaboteurs, readVerdicts } from "../src/files.ts";
import { certificationPage } from "../src/page.ts";
import { verdictOf } from "../src/verdict.ts";

const capabilities = {
  durability: "process",
  compareAndSet: "none",
  batch: "bulk",
  query: "scan",
  watch: "cross-process",
  changes: "native",
  history: "none",
  streams: "bounded",
  limits: { body: 2 ** 31, bufferedBody: 2 ** 26 },
} as const;

const result: Result = {
  mode: "plain",
  theme: "keys",
  case: "a promise",
  passed: true,
  refused: undefined,
  error: undefined,
  milliseconds: 1,
};

describe("the committed page", () => {
  const run = "`pnpm certify` writes it anew";

  it("shows the capabilities, the verdicts and the saboteurs as they are", () => {
    const expected = certificationPage({
      capabilities: currentCapabilities(),
      verdicts: readVerdicts(),
      saboteurs: readSaboteurs(),
    });
    expect(readFileSync(pagePath, "utf8"), run).toBe(expected);
  });

  it("tells of every adapter and every case of the suite, none of them failed", () => {
    const verdicts = readVerdicts();
    expect(Object.keys(verdicts), run).toEqual(adapters.map(({ name }) => name));
    const counts = Object.fromEntries(
      themes.map(({ name, cases }) => {
        const inModes = modes.filter((mode) => mode.themes?.includes(name) ?? true).length;
        return [name, cases.reduce((sum, { once }) => sum + (once ? 1 : inModes), 0)];
      }),
    );
    for (const verdict of Object.values(verdicts)) {
      const passed = Object.fromEntries(Object.entries(verdict).map(([theme, each]) => [theme, each.passed]));
      expect(passed, run).toEqual(counts);
      expect(Object.values(verdict).map(({ failed }) => failed)).toEqual(themes.map(() => ({})));
    }
  });
});

it("has seen every feed of ours forget, since each has a horizon", () => {
  const isAboutForgetting = (need: string) => need.endsWith("a change feed that forgets");
  const needs = themes.flatMap(({ cases }) =>
    cases.flatMap(({ needs = [] }) => [needs].flat().map(({ name }) => name)),
  );
  expect(needs.filter(isAboutForgetting), "what the suite calls it").not.toEqual([]);
  const passedOver = Object.entries(readVerdicts()).filter(([, verdict]) =>
    Object.values(verdict).some(({ refused }) => Object.keys(refused).some(isAboutForgetting)),
  );
  expect(
    passedOver.map(([adapter]) => adapter),
    "the harness needs forgetFeed()",
  ).toEqual([]);
});

describe("certificationPage", () => {
  const page = (results: Result[]) =>
    certificationPage({
      capabilities: { mine: capabilities },
      verdicts: { mine: verdictOf(themes, results) },
      saboteurs: [
        { name: "lost | found", story: "It bites __here__.", caughtBy: { theme: "keys", case: "a promise" } },
      ],
    });

  it("shows each capability's level and the limits", () => {
    const text = page([]);
    expect(text).toContain("| batch | `bulk` |");
    expect(text).toContain("| watch | `cross-process` |");
    expect(text).toContain("| largest body | 2 GiB |");
    expect(text).toContain("| largest body held in memory whole | 64 MiB |");
  });

  it("counts what passed apart from what was refused as declared, in all modes", () => {
    const text = page([result, { ...result, mode: "compressed" }, { ...result, case: "more", refused: "watch" }]);
    expect(text).toContain("| keys | 2 passed, 1 refused as declared |");
    expect(text).toContain("| **all** | 2 passed, 1 refused as declared |");
    expect(text).toContain("| mine | watch | 1 |");
    expect(text).not.toContain("Broken promises");
  });

  it("shows a broken promise with what was found", () => {
    const text = page([result, { ...result, case: "other", passed: false, error: new Error("the count\nis 2") }]);
    expect(text).toContain("| keys | **1 failed**, 1 passed |");
    expect(text).toContain("| mine | keys | plain: other | the count is 2 |");
  });

  it("escapes what a table would read as its own", () => {
    expect(page([])).toContain(String.raw`| lost \| found | It bites \_\_here\_\_. | keys: a promise |`);
  });
});
