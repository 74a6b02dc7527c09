import type { Version } from "@holdfast/core";
import { expect, it } from "vitest";
import { SettledItems } from "../../dist/migrate/settled.js";

const item = (index: number) => ({ key: `some/key/${index}`, version: `v${index % 7}` as Version, created: index % 3 });
const HOWS = ["written", "found", "found-since"] as const;
const how = (index: number) => HOWS[index % HOWS.length] ?? "written";

it.each([false, true])(
  "knows what was added and nothing else, and what it wrote down it can take up; several may become one: %s",
  (shared) => {
    const settled = new SettledItems(shared);
    const lines: string[] = [];
    for (let index = 0; index < 50_000; index++) {
      settled.add(`k${index}`, item(index), how(index));
      settled.add(`k${index}`, item(index), how(index));
      if (index % 1_000 === 999) lines.push(settled.takeFresh());
    }
    expect(lines.join("").length).toBe(50_000 * 16 * (shared ? 2 : 1));
    const again = new SettledItems(shared);
    for (const line of lines) expect(again.restore(line)).toBe(true);
    for (const each of [settled, again]) {
      // Asked for all together: half a million expectations would take longer than all else.
      const wrong: string[] = [];
      const ask = (question: string, answer: boolean, expected: boolean) => {
        if (answer !== expected) wrong.push(question);
      };
      for (let index = 0; index < 50_000; index++) {
        const [key, next, one] = [`k${index}`, `k${index + 1}`, item(index)];
        ask(`has ${key}`, each.has(key, one), true);
        ask(`wrote ${key}`, each.wrote(key, one), how(index) === "written");
        ask(`found ${key}`, each.found(key, one), how(index) === "found");
        ask(`has ${key} of another`, each.hasOfAnother(key, one), false);
        ask(`has ${index} as ${next}`, each.has(next, one), false);
        ask(`has ${index} as ${next} of another`, each.hasOfAnother(next, one), shared);
      }
      for (let index = 50_000; index < 100_000; index++)
        ask(`has k${index}`, each.has(`k${index}`, item(index)), false);
      expect(wrong).toEqual([]);
      expect(each.has("k1", { ...item(1), created: 77 })).toBe(false);
      expect(each.has("k1", { ...item(1), version: "v" as Version })).toBe(false);
    }
    expect(again.restore("12")).toBe(false);
    expect(again.restore("g".repeat(16))).toBe(false);
  },
);

it("keeps for its own what it wrote and found again", () => {
  const settled = new SettledItems(false);
  settled.add("k", item(1), "found");
  expect(settled.wrote("k", item(1))).toBe(false);
  settled.add("k", item(1), "written");
  settled.add("k", item(1), "found");
  expect(settled.wrote("k", item(1))).toBe(true);
});
