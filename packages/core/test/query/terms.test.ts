import { compareKeys, termsOf, tokenize } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { header, headerLists, metadata } from "./samples.js";
import { stringsIn } from "./search-model.js";

describe("termsOf", () => {
  it("takes key, tags and every string among the metadata's values", () => {
    const record = header({
      key: "notes/ann",
      tags: ["Draft", "team:blue"],
      metadata: {
        title: "Flow",
        author: { name: "Max" },
        list: ["one", ["two", { deep: "three" }]],
        stars: 4,
        ok: true,
        no: null,
      },
    });
    expect(termsOf(record)).toEqual("ann blue draft flow max notes one team three two".split(" "));
  });

  it("takes no names of properties, but the values of hostile ones", () => {
    const record = header({ metadata: metadata('{"__proto__": {"constructor": "one"}, "": "two", "a.b": "three"}') });
    expect(termsOf(record)).toEqual(["key", "one", "three", "two"]);
  });

  it("gives each term once, in code-point order", () => {
    // U+FA0E is above the surrogates of U+10428 as UTF-16, but below it as a code point.
    const record = header({ key: "b", tags: ["B b", "\u{10428} \ufa0e ﬀ a"], metadata: { x: "a" } });
    expect(termsOf(record)).toEqual(["a", "b", "ff", "\ufa0e", "\u{10428}"]);
  });

  it("joins no word across two texts", () => {
    expect(termsOf(header({ key: "a", tags: ["b", "東", "京"], metadata: { x: "c" } }))).toEqual([
      "a",
      "b",
      "c",
      "京",
      "東",
    ]);
  });

  it("does not mind how deep metadata goes or how long its arrays are", () => {
    const depth = 100_000;
    const deep = metadata(`{"a":${"[".repeat(depth)}"bottom"${"]".repeat(depth)}}`);
    expect(termsOf(header({ metadata: deep }))).toEqual(["bottom", "key"]);
    expect(termsOf(header({ metadata: { a: Array.from({ length: 300_000 }, () => "x") } }))).toEqual(["key", "x"]);
  });

  it("is the sorted union of its texts' tokens", () => {
    fc.assert(
      fc.property(headerLists, (headers) => {
        for (const { key, tags, metadata } of headers) {
          const tokens = [key, ...tags, ...stringsIn(metadata)].flatMap(tokenize);
          expect(termsOf({ key, tags, metadata })).toEqual([...new Set(tokens)].sort(compareKeys));
        }
      }),
    );
  });
});
