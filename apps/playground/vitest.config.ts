import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

export default mergeConfig(nodeTests, {
  test: {
    // A page waits much of its time for other processes of the browser: two files beside each other take less than one after the other.
    maxWorkers: 2,
    // A walk through every state of the app, checked by axe in each, is long on a machine that is busy.
    testTimeout: 240_000,
    // Nothing that a page comes to show is late: only what never comes fails.
    expect: { poll: { timeout: 30_000 } },
  },
});
