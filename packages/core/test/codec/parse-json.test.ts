import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { parseJson } from "../../dist/codec/parse-json.js";
import { processorTimeOf } from "./processor-time.js";
import { encoding, headerOf } from "./samples.js";

/** Short names of the letters that matter, so that many begin alike. */
const name = fc.string({
  unit: fc.constantFrom("\\", "\n", '"', "\u0000", "n", "u", "a", "0", "é", "日"),
  maxLength: 4,
});
const objects = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    name,
    fc.integer(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

describe("parseJson", () => {
  it.each([
    ["\\", "\n"],
    ["\\", '"'],
    ["\\", "\u0000"],
    ["a\\", "a\n"],
    ["a\\n", "a\nb"],
    ["\\u", "\u0000x"],
    ["\\\\", "\\n"],
    ["日\\", "日\n"],
  ])("tells the name %j from %j, which begins alike", async (before, name) => {
    for (const prefix of [{}, { first: 1 }]) {
      const earlier = JSON.stringify({ ...prefix, [before]: 1 });
      // Held, as an app holds what it has loaded.
      const held = [parseJson(earlier), parseJson(earlier)];
      const value = { ...prefix, [name]: 1 };
      expect(Object.keys(parseJson(JSON.stringify(value)) as object)).toEqual(Object.keys(value));
      for (const options of [{ json: "compact" }, { json: "pretty" }, { format: "yaml" }] as const) {
        const encoded = await encodeValue(value, encoding(options));
        expect(await decodeValue(headerOf(encoded), encoded.body)).toEqual(value);
      }
      for (const gap of ["", " ", "\n\r\t "]) {
        const spaced = JSON.stringify(value).replaceAll(/:(?=\d)/g, `${gap}:`);
        expect(Object.keys(parseJson(spaced) as object), JSON.stringify(spaced)).toEqual(Object.keys(value));
      }
      expect(held).toHaveLength(2);
    }
  });

  it("reads whatever JSON.stringify writes, in any order", () => {
    fc.assert(
      fc.property(fc.array(objects, { minLength: 1, maxLength: 6 }), fc.constantFrom(0, 2), (values, indent) => {
        const texts = values.map((value) => JSON.stringify(value, null, indent));
        const found = texts.map((text) => parseJson(text));
        // Texts are compared: JSON.parse is what is in doubt.
        expect(found.map((value) => JSON.stringify(value, null, indent))).toEqual(texts);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes names as JSON.parse does: the last of equal ones, whatever way they are written, and __proto__", () => {
    const read = parseJson(
      String.raw`{ "\u0061" : 1, "b": 2, "a" : 3, "\u005f_proto__": {"x\t": 1}, "\u0031": 0 }`,
    ) as object;
    expect(Object.entries(read)).toEqual([
      ["1", 0],
      ["a", 3],
      ["b", 2],
      ["__proto__", { "x\t": 1 }],
    ]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it("leaves names alone that look like its stand-ins", () => {
    const value = { "\ue0000": 1, "\ue000\ue0000": 2, "a\n": 3, "\ue000": ["\ue000"], NaN: 4 };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });

  it("does not take a colon in a value for the end of a name", () => {
    const value = { said: 'he said "\n": so', "list\t": ['":', "\\", '\\":'] };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });

  it.each([String.raw`{\a": 1}`, String.raw`{"\x": 1}`, String.raw`{"a\n" 1}`, String.raw`"\"`, "", "\\"])(
    "refuses %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  it("takes no longer for many escapes than for their length", async () => {
    const text = JSON.stringify({ "a\n": "line\n".repeat(400_000), b: Array.from({ length: 50_000 }, () => "\n") });
    // Quadratic work would take minutes.
    expect(await processorTimeOf(() => parseJson(text))).toBeLessThan(5_000);
  });
});
