import { describe, expect, it } from "vitest";
import { difference } from "../src/difference.ts";

describe("difference", () => {
  it.each([
    [1, 1],
    [Number.NaN, Number.NaN],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Date(5), new Date(5)],
    [new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
    [JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ])("finds none between equal values %j", (actual, expected) => {
    expect(difference(actual, expected)).toBeUndefined();
  });

  it.each([
    [0, -0],
    [1, "1"],
    [null, undefined],
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
    [[1], { 0: 1, length: 1 }],
    [[1, 2], [1]],
    [Object.assign([1], { 2: 3 }), [1, undefined, 3]],
    [new Date(5), new Date(6)],
    [new Uint8Array([1]), [1]],
    [new Uint8Array([1]), new Uint8ClampedArray([1])],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [JSON.parse('{"__proto__": 1}'), {}],
    [new (class Point {})(), {}],
  ])("finds one between %j and %j", (actual, expected) => {
    expect(difference(actual, expected)).toBeTypeOf("string");
  });

  it("tells where the first one is", () => {
    expect(difference({ a: [1, { b: "x" }] }, { a: [1, { b: "y" }] })).toBe('.a[1].b is "x", expected "y"');
    expect(difference({ a: 1, extra: true }, { a: 1 })).toBe(' has "extra" = true, which is not expected');
  });
});
