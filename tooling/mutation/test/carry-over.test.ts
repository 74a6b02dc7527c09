import { describe, expect, it } from "vitest";
import { withFiles, withStanding } from "../src/carry-over.ts";
import type { FileResult, Results, Standing } from "../src/results.ts";

function row(file: string, source: string, counts: Partial<FileResult> = {}): FileResult {
  return { file, source, mutants: 10, killed: 7, timedOut: 1, survived: 1, notCovered: 1, ...counts };
}

function standing(file: string, name: string, status: Standing["status"] = "survived"): Standing {
  return { status, line: 1, operator: "literal", name: `${file}: ${name}` };
}

function results(files: readonly FileResult[], left: readonly Standing[]): Results {
  const settings = { seed: 1, mutants: 20, sampled: false, budget: 5, tests: 3, leftOut: 0, filesLeftOut: 0 };
  return { ...settings, files, standing: left, outdated: [] };
}

const BEFORE = results(
  [row("a.ts", "1"), row("b.ts", "1"), row("gone.ts", "1")],
  [
    standing("a.ts", "x"),
    standing("a.ts", "y", "not covered"),
    standing("b.ts", "x"),
    standing("b.ts", "z", "not covered"),
    standing("gone.ts", "x"),
  ],
);

describe("files that are run again", () => {
  it("take the place of what was known of them, and leave the others", () => {
    const now = results([row("b.ts", "2", { killed: 8, notCovered: 0 })], [standing("b.ts", "new")]);
    const sources = new Map([
      ["a.ts", "2"],
      ["b.ts", "2"],
      ["c.ts", "1"],
    ]);
    const { files, standing: left, outdated } = withFiles(BEFORE, now, sources);
    expect(files).toEqual([row("a.ts", "1"), row("b.ts", "2", { killed: 8, notCovered: 0 })]);
    expect(left.map(({ name }) => name)).toEqual(["a.ts: x", "a.ts: y", "b.ts: new"]);
    expect(outdated).toEqual(["a.ts", "c.ts"]);
  });
});

describe("survivors that are run again", () => {
  it("count as noticed when they are, in files that are as they were", () => {
    const now = results(
      [
        row("a.ts", "1", { mutants: 2, killed: 1, timedOut: 0, survived: 1, notCovered: 0 }),
        row("b.ts", "2", { mutants: 2, killed: 2, timedOut: 0, survived: 0, notCovered: 0 }),
      ],
      [standing("a.ts", "y")],
    );
    const sources = new Map([
      ["a.ts", "1"],
      ["b.ts", "2"],
      ["gone.ts", "1"],
    ]);
    const { files, standing: left, outdated } = withStanding(BEFORE, now, sources);
    expect(files[0]).toEqual(row("a.ts", "1", { killed: 8, survived: 1, notCovered: 0 }));
    expect(files.slice(1)).toEqual(BEFORE.files.slice(1));
    expect(left.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "a.ts: y survived",
      "b.ts: x survived",
      "b.ts: z not covered",
      "gone.ts: x survived",
    ]);
    expect(outdated).toEqual(["b.ts"]);
  });

  it("count as hanging when they do", () => {
    const again = row("a.ts", "1", { mutants: 2, killed: 0, timedOut: 1, survived: 1, notCovered: 0 });
    const { files } = withStanding(BEFORE, results([again], [standing("a.ts", "y")]), new Map([["a.ts", "1"]]));
    expect(files[0]).toEqual(row("a.ts", "1", { killed: 7, timedOut: 2, survived: 1, notCovered: 0 }));
  });
});
