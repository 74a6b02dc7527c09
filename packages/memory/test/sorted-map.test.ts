import { compareKeys } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { SortedMap } from "../src/sorted-map.ts";

describe("SortedMap", () => {
  it("gives back what was set last under each key", () => {
    const map = new SortedMap<number>();
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([3, 2, undefined]);
    expect([...map.from("")]).toEqual([3, 2]);
  });

  it("tells whether there was something to delete", () => {
    const map = new SortedMap<number>();
    map.set("a", 1);
    expect([map.delete("a"), map.delete("a"), map.delete("b")]).toEqual([true, false, false]);
    expect([...map.from("")]).toEqual([]);
  });

  it("begins at the first key that is not below the given one", () => {
    const map = new SortedMap<string>();
    for (const key of ["b", "d", "f"]) map.set(key, key);
    expect([...map.from("a")]).toEqual(["b", "d", "f"]);
    expect([...map.from("d")]).toEqual(["d", "f"]);
    expect([...map.from("e")]).toEqual(["f"]);
    expect([...map.from("g")]).toEqual([]);
  });

  it("orders by code points, not by UTF-16 units", () => {
    const map = new SortedMap<string>();
    for (const key of ["\u{1f600}", "\uffff", "a", "\ud7ff", "\ue000"]) map.set(key, key);
    expect([...map.from("")]).toEqual(["a", "\ud7ff", "\ue000", "\uffff", "\u{1f600}"]);
    expect([...map.from("\uffff")]).toEqual(["\uffff", "\u{1f600}"]);
  });

  it.each([
    ["ascending", (index: number) => index],
    ["descending", (index: number) => 20_000 - index],
    ["scattered", (index: number) => (index * 7_919) % 20_000],
    ["few", (index: number) => (index * 7_919) % 700],
  ])("is like a plain map that is sorted each time, for %s keys", (_, numberOf) => {
    const map = new SortedMap<number>();
    const plain = new Map<string, number>();
    const sorted = () => [...plain].sort(([a], [b]) => compareKeys(a, b));
    for (let step = 0; step < 20_000; step++) {
      const key = `k${String(numberOf(step)).padStart(5, "0")}`;
      // Two of five steps delete something, so that leaves empty and vanish too.
      if (step % 5 < 2) expect(map.delete(`${key.slice(0, -1)}0`)).toBe(plain.delete(`${key.slice(0, -1)}0`));
      else {
        map.set(key, step);
        plain.set(key, step);
      }
      if (step % 1_999 !== 0) continue;
      expect([...map.from("")]).toEqual(sorted().map(([, value]) => value));
      const behind = sorted().filter(([each]) => compareKeys(each, key) >= 0);
      expect([...map.from(key)]).toEqual(behind.map(([, value]) => value));
    }
    for (const key of [...plain.keys()]) expect(map.delete(key)).toBe(true);
    expect([...map.from("")]).toEqual([]);
  });
});
