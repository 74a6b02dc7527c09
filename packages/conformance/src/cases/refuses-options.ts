import { rejects } from "../assert.js";
import type { Refused } from "../samples/wrong-options.js";

/** Expects INVALID_OPTION for each of the wrong options. */
export async function refusesOptions(
  operation: string,
  wrong: readonly Refused[],
  call: (options: never) => Promise<unknown>,
): Promise<void> {
  for (const [what, value] of wrong) {
    await rejects("INVALID_OPTION", `${operation} with ${what}`, () => call(value as never));
  }
}
