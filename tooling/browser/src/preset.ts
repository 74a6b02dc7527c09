import { nodeTests } from "@holdfast/vitest-preset";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";
import { commands } from "./commands.ts";
import { findBrowser } from "./find-browser.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `HOLDFAST_SEED` as the window sees it, which has no environment. */
    seed: number | undefined;
  }
}

const seed = process.env["HOLDFAST_SEED"];

/** Settings for a package whose tests run in the window of a real browser; `own` goes on top. */
export async function browserTests(own: ViteUserConfig = {}): Promise<ViteUserConfig> {
  const { name, launch } = await findBrowser();
  const settings = defineConfig({
    // What a test changes in its own copy of a module's cache must not outlive it on disk.
    cacheDir: "node_modules/.cache/vite",
    test: {
      provide: { seed: seed === undefined ? undefined : Number(seed) },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        commands,
        provider: playwright({ launchOptions: launch }),
        instances: [{ browser: name }],
      },
    },
  });
  return mergeConfig(mergeConfig(nodeTests, settings), own);
}
