import { matchesWhere, matchQuery, parseQuery, scanQuery } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { header } from "./samples.js";

describe("numbers less than one apart", () => {
  it.each([
    [{ n: { lte: 2.5 } }, 3, false],
    [{ n: { lt: 2.5 } }, 3, false],
    [{ n: { gte: 3 } }, 2.5, false],
    [{ n: { gt: 2.5 } }, 3, true],
    [{ n: { lt: 3 } }, 2.5, true],
  ])("%j for %d is %s", (where, n, met) => {
    expect(matchesWhere(header({ metadata: { n } }), parseQuery({ where })?.where ?? [])).toBe(met);
  });

  it.each([
    ["metadata.n", ["one", "other"]],
    ["-metadata.n", ["one", "other"]],
  ])("sort an array by its smallest element, or its largest, by %s", async (sort, keys) => {
    const headers = [
      header({ key: "other", metadata: { n: 1.2 } }),
      header({ key: "one", metadata: { n: [1.5, 1, 1.5, 1.25] } }),
    ];
    const query = parseQuery({ sort });
    expect(query && (await scanQuery(headers, query)).map(({ key }) => key)).toEqual(keys);
  });
});

describe("a query without a text", () => {
  it("meets no term exactly", () => {
    const query = parseQuery({ tags: ["x"] });
    expect(query && matchQuery(header({ tags: ["x"] }), query)?.exact).toBe(0);
  });
});
