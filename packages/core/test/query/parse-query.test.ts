import { runInNewContext } from "node:vm";
import { parseQuery, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";

function failure(query: unknown): StorageError {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error("the query was taken");
}

describe("parseQuery", () => {
  it("completes an empty query", () => {
    expect(parseQuery({})).toEqual({
      prefix: "",
      terms: undefined,
      tags: [],
      where: [],
      order: { by: "key", descending: false },
      limit: Number.MAX_SAFE_INTEGER,
      offset: 0,
    });
  });

  it("takes every part", () => {
    const query = {
      prefix: "a/",
      text: "Flow flow 東京",
      tags: ["x", "y", "x"],
      where: { "author.name": "Ann", stars: { gte: 3, lt: 9 }, kind: { in: ["a", null], exists: true } },
      sort: "-metadata.stars",
      limit: 10,
      offset: 5,
      signal: AbortSignal.abort(),
    };
    expect(parseQuery(query)).toEqual({
      prefix: "a/",
      terms: ["flow", "東京", "京"],
      tags: ["x", "y"],
      where: [
        { source: "metadata", path: ["author", "name"], tests: [{ test: "equals", operand: "Ann" }] },
        {
          source: "metadata",
          path: ["stars"],
          tests: [
            { test: "gte", operand: 3 },
            { test: "lt", operand: 9 },
          ],
        },
        {
          source: "metadata",
          path: ["kind"],
          tests: [
            { test: "in", operands: ["a", null] },
            { test: "exists", operand: true },
          ],
        },
      ],
      order: { by: "metadata", path: ["stars"], descending: true },
      limit: 10,
      offset: 5,
    });
  });

  it("takes what is undefined as not named", () => {
    const none = undefined;
    const query = {
      prefix: none,
      text: none,
      tags: none,
      where: none,
      sort: none,
      limit: none,
      offset: none,
      signal: none,
    };
    expect(parseQuery(query)).toEqual(parseQuery({}));
    expect(parseQuery({ where: { a: { gt: none, gte: 1, in: none, exists: none } } })?.where).toEqual([
      { source: "metadata", path: ["a"], tests: [{ test: "gte", operand: 1 }] },
    ]);
  });

  it("takes plain objects of any realm", () => {
    expect(parseQuery(Object.create(null))).toEqual(parseQuery({}));
    expect(parseQuery(runInNewContext("({ where: { a: { gt: 1 } }, tags: ['x'] })"))).toEqual(
      parseQuery({ where: { a: { gt: 1 } }, tags: ["x"] }),
    );
  });

  it("keeps nothing that the caller may change later", () => {
    const among = ["a"];
    const tags = ["x"];
    const parsed = parseQuery({ tags, where: { a: { in: among } } });
    among.push("b");
    tags.push("y");
    expect(parsed?.tags).toEqual(["x"]);
    expect(parsed?.where).toEqual([{ source: "metadata", path: ["a"], tests: [{ test: "in", operands: ["a"] }] }]);
  });

  it.each<[sort: string, order: object]>([
    ["key", { by: "key", descending: false }],
    ["-key", { by: "key", descending: true }],
    ["created", { by: "created", descending: false }],
    ["-modified", { by: "modified", descending: true }],
    ["size", { by: "size", descending: false }],
    ["-expiration", { by: "expiration", descending: true }],
    ["metadata.a.b", { by: "metadata", path: ["a", "b"], descending: false }],
    ["-metadata.a\\.b", { by: "metadata", path: ["a.b"], descending: true }],
    ["metadata.", { by: "metadata", path: [""], descending: false }],
    ["metadata.-a", { by: "metadata", path: ["-a"], descending: false }],
  ])("reads the sort %j", (sort, order) => {
    expect(parseQuery({ sort })?.order).toEqual(order);
    expect(parseQuery({ sort, text: "x" })?.order).toEqual(order);
  });

  it("ranks a text unless a sort is named", () => {
    expect(parseQuery({ text: "x" })?.order).toEqual({ by: "rank" });
  });

  it.each<[path: string, names: string[]]>([
    ["", [""]],
    [".", ["", ""]],
    ["a..b", ["a", "", "b"]],
    ["a\\.b", ["a.b"]],
    ["a\\\\.b", ["a\\", "b"]],
    ["a\\\\\\.b", ["a\\.b"]],
    ["__proto__.constructor", ["__proto__", "constructor"]],
    ["😀.é", ["😀", "é"]],
  ])("reads the path %j", (path, names) => {
    expect(parseQuery({ where: { [path]: 1 } })?.where[0]?.path).toEqual(names);
  });

  it.each<[query: object]>([
    [{ text: "" }],
    [{ text: "… 😀" }],
    [{ limit: 0 }],
    [{ prefix: "a\ud800" }],
    [{ prefix: "\udc00" }],
    [{ tags: ["x", "\ud800"] }],
  ])("knows that %j matches nothing", (query) => {
    expect(parseQuery(query)).toBeUndefined();
  });

  it("checks the rest of a query that matches nothing", () => {
    expect(failure({ text: "", limit: -1 }).code).toBe("INVALID_OPTION");
    expect(failure({ limit: 0, where: { a: undefined } }).code).toBe("INVALID_OPTION");
  });

  it.each<[query: unknown, ...named: string[]]>([
    [undefined, "query", "undefined"],
    [null, "query", "null"],
    ["flow", "query", '"flow"'],
    [["flow"], "query", "an array"],
    [new Map([["text", "flow"]]), "query", "an object of a class"],
    [{ txt: "flow" }, '"txt"', "prefix, text, tags, where, sort, limit, offset, signal"],
    [{ txt: undefined }, '"txt"'],
    [JSON.parse('{"__proto__": 1}'), '"__proto__"'],
    [{ text: 5 }, "text is a string", "5"],
    [{ text: null }, "text is a string", "null"],
    [{ text: () => "secret" }, "text is a string", "a function"],
    [{ tags: "x" }, "tags is an array", '"x"'],
    [{ tags: new Set(["x"]) }, "tags is an array", "an object of a class"],
    [{ tags: ["x", 1] }, "a tag is a string", "1"],
    [{ tags: new Array(1) }, "a tag is a string", "undefined"],
    [{ limit: -1 }, "limit", "-1"],
    [{ limit: 1.5 }, "limit", "1.5"],
    [{ limit: "10" }, "limit", '"10"'],
    [{ limit: Number.POSITIVE_INFINITY }, "limit", "left out", "Infinity"],
    [{ limit: Number.NaN }, "limit", "NaN"],
    [{ limit: 10n }, "limit", "10"],
    [{ offset: -1 }, "offset", "-1"],
    [{ offset: null }, "offset", "null"],
    [{ sort: "" }, "sort", "key, created, modified, size, expiration", "metadata.<path>", '""'],
    [{ sort: "stars" }, "sort", "metadata.<path>", '"stars"'],
    [{ sort: "metadata" }, "sort", '"metadata"'],
    [{ sort: "--key" }, "sort", '"--key"'],
    [{ sort: "rank" }, "sort", '"rank"'],
    [{ sort: ["key"] }, "sort", "an array"],
    [{ sort: "toString" }, "sort", '"toString"'],
    [{ sort: "metadata.a\\b" }, '"a\\\\b"', "backslash"],
    [{ where: "a" }, "where", '"a"'],
    [{ where: [] }, "where", "an array"],
    [{ where: new Map() }, "where", "an object of a class"],
    [{ where: { __proto__: { gt: 3 } } }, "where", "an object of a class"],
    [{ where: { "a\\": 1 } }, '"a\\\\"', "backslash"],
    [{ where: { "author.name": undefined } }, 'where "author.name"', "undefined"],
    [{ where: { a: ["x"] } }, 'where "a"', "{ in: [", "an array"],
    [{ where: { a: Number.NaN } }, 'where "a"', "finite", "NaN"],
    [{ where: { a: Number.NEGATIVE_INFINITY } }, 'where "a"', "-Infinity"],
    [{ where: { a: 1n } }, 'where "a"', "1"],
    [{ where: { a: Symbol("s") } }, 'where "a"', "Symbol(s)"],
    [{ where: { a: new Date(0) } }, 'where "a"', "an object of a class"],
    [{ where: { a: {} } }, 'where "a"', "compares with nothing"],
    [{ where: { a: { gt: undefined } } }, 'where "a"', "compares with nothing"],
    [
      { where: { author: { name: "Ann" } } },
      'where "author"',
      '"name"',
      '"author.name"',
      "gt, gte, lt, lte, in, exists",
    ],
    [{ where: { a: { name: undefined } } }, 'where "a"', '"name"'],
    [{ where: { a: { equals: 1 } } }, 'where "a"', '"equals"'],
    [{ where: { a: { constructor: 1 } } }, 'where "a"', '"constructor"'],
    [{ where: { a: { gt: null } } }, 'where "a"', "gt takes a string or a finite number", "null"],
    [{ where: { a: { gte: true } } }, 'where "a"', "gte takes", "true"],
    [{ where: { a: { lt: Number.POSITIVE_INFINITY } } }, 'where "a"', "lt takes", "Infinity"],
    [{ where: { a: { lte: [1] } } }, 'where "a"', "lte takes", "an array"],
    [{ where: { a: { in: "x" } } }, 'where "a"', "in takes an array", '"x"'],
    [{ where: { a: { in: [{}] } } }, 'where "a"', "in takes an array"],
    [{ where: { a: { in: [Number.NaN] } } }, 'where "a"', "in takes an array"],
    [{ where: { a: { in: new Array(1) } } }, 'where "a"', "in takes an array"],
    [{ where: { a: { exists: 1 } } }, 'where "a"', "exists takes true or false", "1"],
  ])("refuses %o and says why", (query, ...named) => {
    const { code, message } = failure(query);
    expect(code).toBe("INVALID_OPTION");
    for (const part of named) expect(message).toContain(part);
  });

  it.each<[prefix: unknown]>([["a\n"], ["\u0000"], ["\u0085"], [1], [null]])("refuses %j as a prefix", (prefix) => {
    expect(failure({ prefix }).code).toBe("INVALID_KEY");
  });
});
