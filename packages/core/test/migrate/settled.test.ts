import type { Version } from "@holdfast/core";
import { expect, it } from "vitest";
import { SettledItems } from "../../dist/migrate/settled.js";

const item = (index: number) => ({ key: `some/key/${index}`, version: `v${index % 7}` as Version, created: index % 3 });

it("knows what was added and nothing else, and what it wrote down it can take up", () => {
  const settled = new SettledItems();
  const lines: string[] = [];
  for (let index = 0; index < 50_000; index++) {
    settled.add(item(index));
    settled.add(item(index));
    if (index % 1_000 === 999) lines.push(settled.takeFresh());
  }
  expect(lines.join("").length).toBe(50_000 * 16);
  const again = new SettledItems();
  for (const line of lines) expect(again.restore(line)).toBe(true);
  for (const each of [settled, again]) {
    for (let index = 0; index < 50_000; index++) expect(each.has(item(index))).toBe(true);
    for (let index = 50_000; index < 100_000; index++) expect(each.has(item(index))).toBe(false);
    expect(each.has({ ...item(1), created: 77 })).toBe(false);
    expect(each.has({ ...item(1), version: "v" as Version })).toBe(false);
  }
  expect(again.restore("12")).toBe(false);
  expect(again.restore("g".repeat(16))).toBe(false);
});
