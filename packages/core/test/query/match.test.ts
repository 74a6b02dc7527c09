import { matchQuery, matchTerms, parseQuery, type Query, type RecordHeader, termsOf, tokenize } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { header, texts, unspacedPoint } from "./samples.js";

function finds(query: Query, record: RecordHeader): boolean {
  const parsed = parseQuery(query);
  return parsed !== undefined && matchQuery(record, parsed) !== undefined;
}

describe("a text", () => {
  const record = header({
    key: "blueprints/ann/flow.blueprint",
    tags: ["Entwurf"],
    metadata: {
      title: "Die Straße nach 東京都庁",
      price: "3.14",
      note: "can't",
      where: ["İstanbul", { city: "กรุงเทพมหานคร" }],
    },
  });

  it.each([
    "blueprint",
    "BLUE ann",
    "flow.blueprint",
    "flow.blue",
    "ent",
    "straße",
    "STRAß",
    "京都",
    "庁",
    "京",
    "3.14",
    "can't",
    "istan",
    "เทพ",
    "มหา",
    "die 京都庁 fl",
    "ﬂow",
  ])("%j is found by the starts of its words, wherever they stand", (text) => {
    expect(finds({ text }, record)).toBe(true);
  });

  it.each(["lueprint", "blueprints/bob", "strasse", "都東", "cant", "314", "title", "flow blueprint zzz", "ann flows"])(
    "%j is not found",
    (text) => {
      expect(finds({ text }, record)).toBe(false);
    },
  );

  it.each(["", " ", "😀", "…!", "\u0301", "\ud800"])("%j, without a word, matches nothing", (text) => {
    expect(finds({ text }, record)).toBe(false);
    expect(finds({ text }, header({ key: text === "" ? "x" : text }))).toBe(false);
  });

  it("is found by any stretch of a run that is written without spaces", () => {
    const runs = fc.array(unspacedPoint, { minLength: 1, maxLength: 12 });
    const places = fc.constantFrom<(text: string) => RecordHeader>(
      (text) => header({ key: `a/${text}z` }),
      (text) => header({ tags: ["a", `x ${text}`] }),
      (text) => header({ metadata: { a: [{ b: `(${text})` }] } }),
    );
    fc.assert(
      fc.property(runs, fc.nat(11), fc.nat(12), places, (points, start, length, place) => {
        const text = points.slice(start, start + length).join("");
        fc.pre(tokenize(text).length > 0);
        expect(finds({ text }, place(points.join("")))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is found by any start of any of its tokens", () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, length) => {
        const found = header({ metadata: { text } });
        for (const token of termsOf(found)) {
          const points = [...token];
          const start = points.slice(0, 1 + (length % points.length)).join("");
          expect(finds({ text: start }, found), start).toBe(true);
        }
      }),
    );
  });

  it("stays found while it is being typed, word by word and letter by letter", () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, length) => {
        const points = [...text];
        const typed = points.slice(0, length % (points.length + 1)).join("");
        fc.pre(tokenize(typed).length > 0);
        expect(finds({ text: typed }, header({ tags: [text] }))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("stays found when the record says more, or the query less", () => {
    fc.assert(
      fc.property(texts, texts, texts, (a, b, more) => {
        const all = finds({ text: `${a} ${b}` }, header({ key: "k", tags: [b, a] }));
        expect(all).toBe(tokenize(`${a} ${b}`).length > 0);
        expect(finds({ text: `${a} ${b}` }, header({ key: "k", tags: [b, more, a] }))).toBe(all);
        expect(finds({ text: a }, header({ key: "k", tags: [b, more, a] }))).toBe(tokenize(a).length > 0);
      }),
    );
  });
});

describe("matchTerms", () => {
  it("counts the terms that are met exactly, and is undefined when one starts no term", () => {
    const terms = ["a", "ab", "abc", "b", "京都", "𐐨"];
    expect(matchTerms(terms, ["a"])).toBe(1);
    expect(matchTerms(terms, ["ab", "b"])).toBe(2);
    expect(matchTerms(terms, ["京"])).toBe(0);
    expect(matchTerms(terms, ["京", "abc"])).toBe(1);
    expect(matchTerms(terms, ["𐐨"])).toBe(1);
    expect(matchTerms(terms, ["b", "abd"])).toBeUndefined();
    expect(matchTerms(terms, ["abcd"])).toBeUndefined();
    expect(matchTerms(terms, ["𐐩"])).toBeUndefined();
    expect(matchTerms([], ["a"])).toBeUndefined();
  });

  it("finds terms on either side of where surrogates and the last BMP letters would change places", () => {
    const terms = termsOf(header({ key: "\ufa0e \ufa0f \u{10428} z" }));
    for (const term of terms) expect(matchTerms(terms, [term]), term).toBe(1);
  });
});

describe("prefix and tags", () => {
  it("takes the prefix as a literal start of the key", () => {
    const record = header({ key: "docs/ann.txt" });
    for (const prefix of ["", "d", "docs", "docs/an", "docs/ann.txt"]) expect(finds({ prefix }, record)).toBe(true);
    for (const prefix of ["ocs", "Docs", "docs/ann.txt2", "docs//"]) expect(finds({ prefix }, record)).toBe(false);
  });

  it("asks for all of the tags, exactly", () => {
    const record = header({ tags: ["Draft", "東京"] });
    for (const tags of [[], ["Draft"], ["東京", "Draft"], ["Draft", "Draft"]])
      expect(finds({ tags }, record)).toBe(true);
    for (const tags of [["draft"], ["Dra"], ["Draft", "other"]]) expect(finds({ tags }, record)).toBe(false);
  });

  it("matches nothing by half a character, which no key and no tag has", () => {
    const record = header({ key: "😀", tags: ["😀"] });
    expect(parseQuery({ prefix: "\ud83d" })).toBeUndefined();
    expect(finds({ prefix: "\ud83d" }, record)).toBe(false);
    expect(finds({ tags: ["\ud83d"] }, record)).toBe(false);
    expect(finds({ prefix: "😀", tags: ["😀"] }, record)).toBe(true);
  });

  it("asks for all parts of a query at once", () => {
    const record = header({ key: "a/b", tags: ["x"], metadata: { n: 1, t: "word" } });
    const query: Query = { prefix: "a/", text: "wo", tags: ["x"], where: { n: 1 } };
    expect(finds(query, record)).toBe(true);
    for (const other of [{ prefix: "b" }, { text: "ow" }, { tags: ["y"] }, { where: { n: 2 } }]) {
      expect(finds({ ...query, ...other }, record)).toBe(false);
    }
  });
});
