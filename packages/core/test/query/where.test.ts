import { conditionTexts, matchesWhere, parseQuery, type Where } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { header, metadata } from "./samples.js";

function meets(json: string, where: Where): boolean {
  return matchesWhere(header({ metadata: metadata(json) }), parseQuery({ where })?.where ?? []);
}

const RECORD = `{
  "title": "Flow", "stars": 3, "ok": true, "off": false, "none": null, "zero": 0, "empty": "",
  "author": { "name": "Ann", "tags": ["x", "y"] },
  "parts": [{ "n": 1, "ok": true }, { "n": 5 }, "loose", { "list": [7, [8, [9]]] }],
  "nothing": [], "nested": [[1, 2], [[3]]], "object": {}
}`;

describe("where", () => {
  it.each<Where>([
    {},
    { title: "Flow" },
    { stars: 3 },
    { ok: true },
    { off: false },
    { none: null },
    { zero: -0 },
    { empty: "" },
    { "author.name": "Ann", stars: 3 },
    { stars: { gt: 2 } },
    { stars: { gte: 3, lte: 3 } },
    { stars: { lt: 3.5, gt: 2.5 } },
    { title: { gt: "Flo", lt: "Flow2" } },
    { title: { gte: "Flow", lte: "Flow" } },
    { stars: { in: [1, "3", 3] } },
    { none: { in: [null] } },
    { none: { exists: true } },
    { missing: { exists: false } },
    { "author.name.first": { exists: false } },
    { "author.missing": { exists: false } },
    { stars: { exists: true, gt: 2 } },
  ])("%j is met", (where) => {
    expect(meets(RECORD, where)).toBe(true);
  });

  it.each<Where>([
    { title: "flow" },
    { title: "Flow", stars: 4 },
    { stars: "3" },
    { zero: false },
    { zero: "" },
    { zero: null },
    { off: 0 },
    { none: false },
    { empty: null },
    { ok: 1 },
    { author: "Ann" },
    { stars: { gt: 3 } },
    { stars: { lt: 3 } },
    { stars: { gt: "2" } },
    { title: { gt: 0 } },
    { ok: { gte: 0 } },
    { none: { gte: 0 } },
    { none: { lte: "" } },
    { author: { gt: "" } },
    { stars: { in: [] } },
    { stars: { in: ["3", true] } },
    { missing: null },
    { missing: { in: [null] } },
    { missing: { lt: 9 } },
    { missing: { exists: true } },
    { stars: { exists: false } },
    { none: { exists: false } },
    // Nothing is missing and above 3 at once.
    { stars: { exists: false, gt: 2 } },
    { missing: { exists: false, gt: 2 } },
    { stars: { gt: 2, lt: "x" } },
  ])("%j is not met", (where) => {
    expect(meets(RECORD, where)).toBe(false);
  });

  it("is met by nothing that is encrypted: that it is not in the header does not tell that it is not there", () => {
    const encryption = { v: 1, realm: "", id: "", key: "", wrap: "", mac: "" };
    const [plain, encrypted, sealed] = [
      header(),
      header({ encryption, metadata: { by: "Ann" } }),
      header({ encryption: { ...encryption, sealed: "" } }),
    ];
    const met = (where: Where) => {
      const conditions = parseQuery({ where }, [{ text: "due", names: ["due"] }])?.where ?? [];
      return [plain, encrypted, sealed].map((each) => matchesWhere(each, conditions));
    };
    expect(met({ due: { exists: false } })).toEqual([true, false, false]);
    expect(met({ "metadata.owner": { exists: false } })).toEqual([true, true, false]);
    expect(met({ "metadata.by": "Ann" })).toEqual([false, true, false]);
    expect(met({})).toEqual([true, true, true]);
  });

  it("orders strings by code points", () => {
    expect(meets('{"a": "😀"}', { a: { gt: "\uffff" } })).toBe(true);
    expect(meets('{"a": "\ue000"}', { a: { lt: "😀" } })).toBe(true);
    expect(meets('{"a": "b"}', { a: { gt: "B", lt: "ba" } })).toBe(true);
  });

  it.each<[Where, boolean]>([
    [{ "author.tags": "y" }, true],
    [{ "author.tags": "z" }, false],
    [{ "author.tags": { in: ["z", "x"] } }, true],
    [{ "parts.n": 5 }, true],
    [{ "parts.n": { gt: 1, lt: 5 } }, false],
    [{ "parts.n": { gt: 1, lt: 6 } }, true],
    [{ parts: "loose" }, true],
    [{ "parts.list": 9 }, true],
    [{ "parts.list": { gt: 7, lt: 9 } }, true],
    [{ nested: 3 }, true],
    [{ nested: { gte: 4 } }, false],
    // Two conditions may be met by two elements; one condition by one.
    [{ "parts.n": 5, "parts.ok": true }, true],
  ])("%j is met by any element, however deep: %s", (where, met) => {
    expect(meets(RECORD, where)).toBe(met);
  });

  it.each<[Where, boolean]>([
    [{ nothing: { exists: true } }, true],
    [{ nothing: { exists: false } }, false],
    [{ nothing: { in: [null, 0] } }, false],
    [{ object: { exists: true } }, true],
    [{ "nothing.x": { exists: false } }, true],
    [{ "parts.ok": { exists: true } }, true],
    [{ "parts.ok": { exists: false } }, false],
    [{ "parts.zzz": { exists: false } }, true],
    [{ parts: { exists: true, in: ["loose"] } }, true],
  ])("%j asks whether the path is there, whatever its value: %s", (where, met) => {
    expect(meets(RECORD, where)).toBe(met);
  });

  it.each([
    "__proto__",
    "constructor",
    "length",
    "toString",
    "title.length",
    "author.constructor",
    "nested.length",
    "nested.0",
    "parts.0",
  ])("%j is no path into a record that has no such property of its own", (path) => {
    expect(meets(RECORD, { [path]: { exists: false } })).toBe(true);
    expect(meets(RECORD, { [path]: { exists: true } })).toBe(false);
  });

  it("finds properties with hostile names that are the record's own", () => {
    const json = String.raw`{"__proto__": {"__proto__": 1}, "constructor": 2, "a.b": {"": 3}, "": 4, "c\\d": 5, "c": {".": 6}}`;
    expect(meets(json, { "__proto__.__proto__": 1, constructor: 2 })).toBe(true);
    expect(meets(json, { "a\\.b.": 3 })).toBe(true);
    expect(meets(json, { "": 4 })).toBe(true);
    expect(meets(json, { "c\\\\d": 5 })).toBe(true);
    expect(meets(json, { "c.\\.": 6 })).toBe(true);
    expect(meets(json, { "a.b": { exists: true } })).toBe(false);
    expect(meets(json, JSON.parse('{"__proto__": 1}'))).toBe(false);
    expect(meets(json, JSON.parse('{"__proto__": {"exists": true}}'))).toBe(true);
  });

  it("does not mind how deep metadata goes", () => {
    const depth = 100_000;
    const json = `{"a":${"[".repeat(depth)}1${"]".repeat(depth)}}`;
    expect(meets(json, { a: 1 })).toBe(true);
    expect(meets(json, { "a.b": { exists: false } })).toBe(true);
  });
});

describe("the texts of a condition", () => {
  const textsOf = (where: Where) => parseQuery({ where })?.where.flatMap(conditionTexts);

  it("are the names on its path and the value that it must equal, as JSON writes them", () => {
    expect(textsOf({ 'author.na"me': 'A"nn' })).toEqual(['"author":', '"na\\"me":', '"A\\"nn"']);
    expect(textsOf({ zero: -0 })).toEqual(['"zero":', "0"]);
    expect(textsOf({ stars: { gt: 2, lt: 4 } })).toEqual(['"stars":']);
    expect(textsOf({ stars: { in: [1, 2] }, title: { exists: true } })).toEqual(['"stars":', '"title":']);
  });

  it("are none where nothing needs to be there", () => {
    expect(textsOf({ "author.name": { exists: false } })).toEqual([]);
  });
});
