import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

export default mergeConfig(nodeTests, {
  test: {
    // Nothing that a page comes to show is late: only what never comes fails.
    expect: { poll: { timeout: 30_000 } },
  },
});
