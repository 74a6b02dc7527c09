import {
  ConformanceError,
  type Harness,
  plain,
  type Result,
  replacing,
  runConformance,
  themes,
} from "@holdfast/conformance";
import { expect, it } from "vitest";
import { saboteurs } from "./saboteurs/index.js";
import { simpleHarness } from "./simple-harness.js";

it.each(saboteurs)("fails an adapter that $fault", async ({ fault, caughtBy, plant }) => {
  const sound = await resultOf(simpleHarness(), caughtBy);
  expect(sound.error).toBeUndefined();
  const spoilt = await resultOf(
    simpleHarness(fault, (adapter) => replacing(adapter, plant(adapter))),
    caughtBy,
  );
  // Not by an accident of the fault's own, such as a TypeError.
  expect(spoilt.error).toBeInstanceOf(ConformanceError);
});

async function resultOf(harness: Harness, { theme, case: name }: { theme: string; case: string }): Promise<Result> {
  const only = themes
    .filter((each) => each.name === theme)
    .map((each) => ({ ...each, cases: each.cases.filter((one) => one.name === name) }));
  const results: Result[] = [];
  for await (const result of runConformance(harness, { modes: [plain], themes: only })) results.push(result);
  const [result, ...more] = results;
  if (result === undefined || more.length > 0) throw new Error(`there is one case "${name}" in "${theme}"`);
  return result;
}
