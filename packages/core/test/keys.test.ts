import { afterPrefix, checkKey, checkPrefix, compareKeys } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("checkKey", () => {
  it.each([
    "a",
    "a/b",
    "CON",
    "a.",
    ".a",
    "...",
    "a:b\\c?%",
    "😀/é/é",
    "x.holdfast",
    ".holdfast2",
    "k".repeat(1024),
    "é".repeat(512),
    "\u00a0",
    "\ue000\uffff",
  ])("takes %j", (key) => {
    expect(checkKey(key)).toBe(key);
  });

  it.each([
    ["", "is empty"],
    ["/", "empty segment"],
    ["/a", "empty segment"],
    ["a/", "empty segment"],
    ["a//b", "empty segment"],
    [".", '"."'],
    ["a/..", '".."'],
    ["../a", '".."'],
    ["a/./b", '"."'],
    [".holdfast", ".holdfast"],
    ["a/.holdfast/b", ".holdfast"],
    ["a\0", "control character"],
    ["a\u0085", "control character"],
    ["a\ud83d", "surrogate"],
    ["k".repeat(1025), "1024 bytes"],
    ["é".repeat(513), "1024 bytes"],
    [undefined, "undefined"],
    [null, "null"],
    [7, "is a string, not 7"],
    [["a"], "array"],
  ])("refuses %j and says why", (key, reason) => {
    const named = typeof key === "string" ? key : undefined;
    expect(() => checkKey(key)).toThrow(
      expect.objectContaining({ code: "INVALID_KEY", message: expect.stringContaining(reason), key: named }),
    );
  });

  it("agrees with the rule spelled out, on any string", () => {
    const anyKey = fc.string({
      unit: fc.constantFrom("/", ".", "a", "\ud800", "\u0001", "é", "holdfast"),
      maxLength: 8,
    });
    fc.assert(
      fc.property(anyKey, (key) => {
        const legal =
          key !== "" &&
          key.isWellFormed() &&
          !key.includes("\u0001") &&
          key.split("/").every((segment) => !["", ".", "..", ".holdfast"].includes(segment));
        const accepted = () => checkKey(key) === key;
        if (legal) expect(accepted()).toBe(true);
        else expect(accepted).toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("checkPrefix", () => {
  it("takes any string without control characters", () => {
    for (const prefix of ["", "/", "a//", "..", "\ud83d", ".holdfast"]) expect(checkPrefix(prefix)).toBe(prefix);
  });

  it("refuses a control character and what is no string", () => {
    expect(() => checkPrefix("a\n")).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
    expect(() => checkPrefix(7)).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
  });
});

const unit = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  fc.constantFrom("\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"),
);
const text = fc.array(unit, { maxLength: 4 }).map((units) => units.join(""));

describe("compareKeys", () => {
  it("orders as the bytes of UTF-8 do", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("afterPrefix", () => {
  it("stands above all that starts with the prefix, and below all else that does", () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (prefix, other, isBelow) => {
        const key = isBelow ? prefix + other : other;
        const after = afterPrefix(prefix);
        const between = compareKeys(key, prefix) >= 0 && (after === null || compareKeys(key, after) < 0);
        expect(between).toBe(key.startsWith(prefix));
      }),
      { numRuns: 5_000 },
    );
  });

  it("steps over surrogates and the last code point", () => {
    expect(afterPrefix("a\ud7ff")).toBe("a\ue000");
    expect(afterPrefix("a\u{10ffff}")).toBe("b");
    expect(afterPrefix("\u{10ffff}")).toBeNull();
    expect(afterPrefix("")).toBeNull();
  });
});
