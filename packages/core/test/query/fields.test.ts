import { compareHits, type IndexedPath, matchesWhere, parseQuery, StorageError, termsOf } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { header } from "./samples.js";

const index: IndexedPath[] = ["author", "lines.article", "size", "a\\.b"].map((text) => ({
  text,
  names: text.split(/(?<!\\)\./).map((name) => name.replaceAll("\\", "")),
}));

const record = header({
  key: "k",
  metadata: { author: "uploader", size: 1 },
  fields: { author: { name: "Ann" }, lines: [{ article: "tea" }, { article: "cup" }], size: 7 },
});

function meets(where: object): boolean {
  return matchesWhere(record, parseQuery({ where }, index)?.where ?? []);
}

describe("a query on a collection", () => {
  it("means indexed data by a plain path, and metadata by its own", () => {
    expect(parseQuery({ where: { "author.name": 1, "metadata.author.name": 2, "a\\.b": 3 } }, index)?.where).toEqual([
      { source: "fields", path: ["author", "name"], tests: [{ test: "equals", operand: 1 }] },
      { source: "metadata", path: ["author", "name"], tests: [{ test: "equals", operand: 2 }] },
      { source: "fields", path: ["a.b"], tests: [{ test: "equals", operand: 3 }] },
    ]);
    expect(parseQuery({ sort: "-author.name" }, index)?.order).toEqual({
      by: "fields",
      path: ["author", "name"],
      descending: true,
    });
    expect(parseQuery({ sort: "size" }, index)?.order).toEqual({ by: "fields", path: ["size"], descending: false });
    expect(parseQuery({ sort: "created" }, index)?.order).toEqual({ by: "created", descending: false });
    expect(parseQuery({ sort: "metadata.size" }, index)?.order).toMatchObject({ by: "metadata", path: ["size"] });
  });

  it("knows no other path", () => {
    for (const query of [
      { where: { lines: 1 } },
      { where: { "a.b": 1 } },
      { where: { authors: 1 } },
      { sort: "lines" },
    ]) {
      expect(() => parseQuery(query, index)).toThrow(StorageError);
      expect(() => parseQuery(query, index)).toThrow("author, lines.article, size, a\\.b");
    }
  });
});

describe("fields", () => {
  it("meet conditions as metadata does", () => {
    expect(meets({ "author.name": "Ann", size: { gt: 6 } })).toBe(true);
    expect(meets({ "lines.article": "cup" })).toBe(true);
    expect(meets({ "lines.article": { in: ["pot"] } })).toBe(false);
    expect(meets({ author: "uploader" })).toBe(false);
    expect(meets({ "metadata.author": "uploader", "metadata.size": 1 })).toBe(true);
    expect(meets({ size: 1 })).toBe(false);
    expect(meets({ "a\\.b": { exists: false } })).toBe(true);
  });

  it("sort, and are missing where there are none", () => {
    const hits = [
      { header: header({ key: "none", metadata: { size: 1 } }), exact: 0 },
      { header: header({ key: "big", fields: { size: [9, 2] } }), exact: 0 },
      { header: record, exact: 0 },
    ];
    const sorted = (descending: boolean) =>
      hits.toSorted(compareHits({ by: "fields", path: ["size"], descending })).map((hit) => hit.header.key);
    expect(sorted(false)).toEqual(["big", "k", "none"]);
    expect(sorted(true)).toEqual(["big", "k", "none"]);
    expect(matchesWhere(header(), parseQuery({ where: { size: { exists: true } } }, index)?.where ?? [])).toBe(false);
  });

  it("give their strings to the terms", () => {
    expect(termsOf(record)).toEqual(["ann", "cup", "k", "tea", "uploader"]);
  });
});
