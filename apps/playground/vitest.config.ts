import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

export default mergeConfig(nodeTests, {
  test: {
    // A page waits much of its time for other processes of the browser: two files beside each other take less than one after the other.
    maxWorkers: 2,
    // A walk through every state of the app, checked by axe in each, is long on a machine that is busy.
    testTimeout: 240_000,
    // As test/support/app.ts has it for what Playwright waits for.
    expect: { poll: { timeout: 120_000 } },
  },
});
