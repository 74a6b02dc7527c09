import { nodeTests } from "@holdfast/vitest-preset";
import { mergeConfig } from "vitest/config";

export default mergeConfig(nodeTests, { test: { globalSetup: ["test/write-modules.ts"] } });
