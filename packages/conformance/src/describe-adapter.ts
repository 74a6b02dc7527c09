import type { Harness } from "./harness.js";
import { planConformance, type RunOptions, runCase, timeoutOf } from "./run-conformance.js";

/** The two functions that vitest, jest, mocha and node:test have in common. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  /** `timeout` is in milliseconds. A runner that ignores it and has a limit of its own, as mocha, must be told to have none. */
  readonly it: (name: string, body: () => Promise<void>, timeout?: number) => unknown;
}

/**
 * Hands the whole suite to a test runner, one test for each case and mode.
 *
 * @example
 * import { describeAdapter } from "@holdfast/conformance";
 * import { describe, it } from "vitest";
 *
 * describeAdapter({
 *   name: "my adapter",
 *   open: async () => {
 *     const directory = await mkdtemp(join(tmpdir(), "mine-"));
 *     return {
 *       adapter: () => mine({ directory }),
 *       persistent: true,
 *       destroy: () => rm(directory, { recursive: true }),
 *     };
 *   },
 * }, { describe, it });
 */
export function describeAdapter(harness: Harness, { describe, it }: TestRunner, options: RunOptions = {}): void {
  // A runner's own limit comes after ours, which says what was not done.
  const timeout = 3 * timeoutOf(harness) + 1_000;
  const planned = planConformance(options);
  for (const mode of new Set(planned.map((each) => each.mode))) {
    describe(`${harness.name}, ${mode.name}`, () => {
      const ofMode = planned.filter((each) => each.mode === mode);
      for (const theme of new Set(ofMode.map((each) => each.theme))) {
        describe(theme.name, () => {
          for (const each of ofMode.filter((one) => one.theme === theme)) {
            it(each.case.name, async () => void (await runCase(harness, each, options)), timeout);
          }
        });
      }
    });
  }
}
