import fc from "fast-check";
import type { Context } from "./context.js";

/**
 * Checks a promise on `runs` generated inputs. A failure is shrunk, and its message names the seed with which the same
 * inputs come again.
 */
export async function generated<T>(
  context: Pick<Context, "seed">,
  runs: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => Promise<void>,
): Promise<void> {
  const seed = context.seed === undefined ? {} : { seed: context.seed };
  await fc.assert(fc.asyncProperty(inputs, check), { numRuns: runs, includeErrorInReport: true, ...seed });
}
