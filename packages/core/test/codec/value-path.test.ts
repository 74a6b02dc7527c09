import { expect, it } from "vitest";
import { showPath } from "../../dist/codec/value-path.js";

it.each<[(string | number)[], string]>([
  [[], "$"],
  [["a", 0, "_b$1"], "$.a[0]._b$1"],
  [["1st", "", "a b", 'say "so"'], '$["1st"][""]["a b"]["say \\"so\\""]'],
])("a path of %j is shown as code would reach it", (path, shown) => {
  expect(showPath(path)).toBe(shown);
});

it("a name of more than 80 units is cut", () => {
  expect(showPath(["n".repeat(80)])).toBe(`$.${"n".repeat(80)}`);
  expect(showPath([`${"-".repeat(80)}`])).toBe(`$["${"-".repeat(80)}"]`);
  expect(showPath([`a${"n".repeat(80)}`])).toBe(`$["a${"n".repeat(79)}…"]`);
});

it("a path of more than 32 steps is cut", () => {
  expect(showPath(new Array(32).fill(1))).toBe(`$${"[1]".repeat(32)}`);
  expect(showPath(new Array(33).fill(1))).toBe(`$${"[1]".repeat(32)}…`);
});
