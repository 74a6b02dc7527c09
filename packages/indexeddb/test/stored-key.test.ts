import { compareKeys } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { fromStored, startingWith, toStored } from "../dist/stored-key.js";

const seed = inject("seed");
const parameters = { numRuns: 2_000, ...(seed !== undefined && { seed }) };
// Any units, halves of surrogate pairs and the units behind the surrogates often among them.
const units = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0x61, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xf7ff, 0xf800, 0xffff),
);
const texts = fc.array(units, { maxLength: 6 }).map((codes) => String.fromCharCode(...codes));

describe("stored keys", () => {
  it("are ordered by code points where the database orders by units", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(indexedDB.cmp(toStored(a), toStored(b)))).toBe(Math.sign(compareKeys(a, b)));
      }),
      parameters,
    );
    expect(indexedDB.cmp("\ue000", "😀")).toBe(1);
    expect(indexedDB.cmp(toStored("\ue000"), toStored("😀"))).toBe(-1);
  });

  it("lead back to the key", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(fromStored(toStored(text))).toBe(text);
      }),
      parameters,
    );
    expect(toStored("notes/größe-東京")).toBe("notes/größe-東京");
  });

  it("that start alike are one range, and nothing else is in it", () => {
    fc.assert(
      fc.property(texts, texts, fc.option(texts, { nil: undefined }), (prefix, text, after) => {
        const range = startingWith(prefix, after);
        const expected = text.startsWith(prefix) && (after === undefined || text > after);
        expect(range === null ? true : (range?.includes(text) ?? false)).toBe(expected);
      }),
      parameters,
    );
  });
});
