import { type Result, summarise } from "@holdfast/conformance";
import { expect, it } from "vitest";

const passed: Result = {
  mode: "plain",
  theme: "keys",
  case: "a promise",
  passed: true,
  refused: undefined,
  error: undefined,
  milliseconds: 1,
};

it("counts by theme what passed, what was refused and what failed, in the order of the run", () => {
  const failed = { ...passed, case: "another", passed: false, error: new Error("2 is not 3") };
  const refused = { ...passed, theme: "watch", refused: "watch" };
  expect(summarise([passed, refused, failed, { ...refused, mode: "compressed" }])).toEqual([
    { theme: "keys", passed: 1, refused: {}, failed: [{ mode: "plain", case: "another", reason: "2 is not 3" }] },
    { theme: "watch", passed: 2, refused: { watch: 2 }, failed: [] },
  ]);
});
