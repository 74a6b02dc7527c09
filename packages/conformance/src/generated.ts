import fc from "fast-check";
import type { Context } from "./context.js";

/**
 * Checks a promise on `runs` generated inputs, times the thoroughness that was asked for. A failure is shrunk, and its message names the seed with which the same
 * inputs come again.
 */
export async function generated<T>(
  context: Pick<Context, "seed" | "thoroughness">,
  runs: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => Promise<void>,
): Promise<void> {
  const seed = context.seed === undefined ? {} : { seed: context.seed };
  const numRuns = Math.max(1, Math.round(runs * context.thoroughness));
  await fc.assert(fc.asyncProperty(inputs, check), { numRuns, includeErrorInReport: true, ...seed });
}
