import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

// Most tests start the command several times, each in a process of its own.
export default mergeConfig(nodeTests, { test: { testTimeout: 60_000 } });
