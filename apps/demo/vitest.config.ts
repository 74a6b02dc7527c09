import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

// Most tests run the whole demo in a process of its own, with a browser that competes with other tests: this ends what hangs.
export default mergeConfig(nodeTests, { test: { testTimeout: 240_000 } });
