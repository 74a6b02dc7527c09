import { type Difference, diffValues } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("diffValues", () => {
  it.each([
    ["equal scalars", 1, 1, []],
    ["0 and −0", 0, -0, []],
    ["unequal scalars", 1, "1", [{ path: [], type: "changed", before: 1, after: "1" }]],
    ["null and an object", null, {}, [{ path: [], type: "changed", before: null, after: {} }]],
    ["an array and an object", [], {}, [{ path: [], type: "changed", before: [], after: {} }]],
    ["equal values of another property order", { a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] }, []],
    [
      "properties",
      { gone: 1, same: 2, other: 3 },
      { other: 4, same: 2, fresh: 5 },
      [
        { path: ["fresh"], type: "added", after: 5 },
        { path: ["gone"], type: "removed", before: 1 },
        { path: ["other"], type: "changed", before: 3, after: 4 },
      ],
    ],
    [
      "arrays, by position",
      [1, 2, [3]],
      [1, 4, [3, 5], null],
      [
        { path: [1], type: "changed", before: 2, after: 4 },
        { path: [2, 1], type: "added", after: 5 },
        { path: [3], type: "added", after: null },
      ],
    ],
    [
      "a shorter array",
      ["a", "b", "c"],
      ["a"],
      [
        { path: [1], type: "removed", before: "b" },
        { path: [2], type: "removed", before: "c" },
      ],
    ],
    ["null, which is a value", { a: null }, {}, [{ path: ["a"], type: "removed", before: null }]],
    ["an undefined property, which is none", { a: undefined, b: 1 }, { b: 1, c: undefined }, []],
    [
      "names that every object inherits",
      JSON.parse('{"toString":1,"__proto__":{"x":1}}'),
      {},
      [
        { path: ["__proto__"], type: "removed", before: { x: 1 } },
        { path: ["toString"], type: "removed", before: 1 },
      ],
    ],
    [
      "names, by code points",
      {},
      { "\u{10000}": 1, "\uE000": 2 },
      [
        { path: ["\uE000"], type: "added", after: 2 },
        { path: ["\u{10000}"], type: "added", after: 1 },
      ],
    ],
  ])("compares %s", (_name, before, after, differences) => {
    expect(diffValues(before, after)).toEqual(differences);
  });

  it.each([[undefined], [Number.NaN], [new Date(0)], [new Map()], [1n], [[undefined]]])("refuses %s", (value) => {
    const refusal = expect.objectContaining({ code: "INVALID_VALUE" });
    expect(() => diffValues(value, 1)).toThrow(refusal);
    expect(() => diffValues(1, value)).toThrow(refusal);
  });

  it("tells all that leads from one value to the other, and nothing that is the same", () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const differences = diffValues(before, after);
        expect(applied(before, differences)).toEqual(after);
        const back = differences.map(reversed);
        expect(applied(after, back)).toEqual(before);
        expect(diffValues(after, before)).toEqual(back);
        for (const { type, before: was, after: is } of differences) if (type === "changed") expect(was).not.toEqual(is);
      }),
    );
  });

  it("finds none in a value and a copy of it", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(diffValues(value, structuredClone(value))).toEqual([]);
      }),
    );
  });
});

/** Values of few names and scalars, so that two of them have much in common. */
const { values } = fc.letrec<{ values: unknown }>((tie) => ({
  values: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1, "", "a"),
    fc.array(tie("values"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "0", "é"), tie("values"), { maxKeys: 4 }),
  ),
}));

function reversed({ path, type, before, after }: Difference): Difference {
  if (type === "added") return { path, type: "removed", before: after as never };
  if (type === "removed") return { path, type: "added", after: before as never };
  return { path, type, before: after as never, after: before as never };
}

/** The value with the differences made to it; what is removed goes last and from behind, so that positions in arrays hold. */
function applied(value: unknown, differences: readonly Difference[]): unknown {
  const root = { value: structuredClone(value) };
  const removed = differences.filter(({ type }) => type === "removed");
  for (const { path, type, after } of [
    ...differences.filter((each) => !removed.includes(each)),
    ...removed.reverse(),
  ]) {
    const steps: (string | number)[] = ["value", ...path];
    const last = steps.pop() as string | number;
    let parent = root as Record<string | number, unknown>;
    for (const step of steps) parent = parent[step] as Record<string | number, unknown>;
    if (type !== "removed") parent[last] = after;
    else if (Array.isArray(parent)) parent.splice(last as number, 1);
    else delete parent[last];
  }
  return root.value;
}
