import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Settings for a package whose tests run in Node: `test/**\/*.test.ts`, with a report that CI sums up. */
export const nodeTests: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A package that has code but no test is refused by tooling/checks, which can tell the two apart.
    passWithNoTests: true,
    // Ends what hangs. A test has no business with how long it takes: machines differ, and are busy with other things.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    reporters: ["default", "json"],
    outputFile: { json: "reports/vitest.json" },
  },
});
