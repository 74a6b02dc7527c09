import { countOf, formatBytes, formatDuration, formatTable, styleFor } from "@holdfast/cli/terminal";
import { describe, expect, it } from "vitest";
import { displayWidth, showControls } from "../../dist/terminal/width.js";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1049, "1.0 kB"],
    [9_949, "9.9 kB"],
    [9_950, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1_500_000_000, "1.5 GB"],
    [5e15, "5000 TB"],
  ])("%i is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [4_200_000, "1 h 10 min"],
  ])("%d ms is %s", (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));
});

describe("countOf", () => {
  it("counts one and many", () => {
    expect([countOf(0, "item"), countOf(1, "item"), countOf(1234, "item"), countOf(2, "key is", "keys are")]).toEqual([
      "0 items",
      "1 item",
      "1,234 items",
      "2 keys are",
    ]);
  });
});

describe("formatTable", () => {
  it("aligns columns by what a terminal shows, without blanks at the ends", () => {
    const columns = [{ title: "name" }, { title: "count", align: "right" as const }, { title: "note" }];
    const rows = [
      ["Österreich", "1", "x"],
      ["日本", "1,234", ""],
      ["a\u0308", "", "yy"],
    ];
    expect(formatTable(columns, rows)).toEqual([
      "name        count  note",
      "──────────  ─────  ────",
      "Österreich      1  x",
      "日本        1,234",
      "a\u0308                  yy",
    ]);
  });

  it("makes a table of no rows", () => {
    expect(formatTable([{ title: "a" }, { title: "b" }], [])).toEqual(["a  b", "─  ─"]);
  });
});

describe("displayWidth", () => {
  it("counts columns, not characters", () => {
    expect(["abc", "é", "e\u0301", "日本", "한국", "🎉", ""].map(displayWidth)).toEqual([3, 1, 1, 4, 4, 2, 0]);
  });
});

describe("showControls", () => {
  it("writes out what a terminal would obey", () => {
    expect(showControls('a\n\u001b[31m\u0085\u007f\u2028"é')).toBe('a\\n\\u001b[31m\\u0085\\u007f\\u2028"é');
  });
});

describe("styleFor", () => {
  it("paints only on a terminal that has colours", () => {
    expect(styleFor({ isTTY: true, hasColors: () => true }).red("x")).toBe("\u001b[31mx\u001b[39m");
    // As Node answers when NO_COLOR is set.
    expect(styleFor({ isTTY: true, hasColors: () => false }).red("x")).toBe("x");
    expect(styleFor({ hasColors: () => true }).bold("x")).toBe("x");
    expect(styleFor({}).dim("x")).toBe("x");
  });
});
