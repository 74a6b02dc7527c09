import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

// Most tests run the whole demo in a process of its own.
export default mergeConfig(nodeTests, { test: { testTimeout: 60_000 } });
