import { nodeProjects, sharedSettings } from "@holdfast/vitest-preset";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { commands } from "./commands.ts";
import { findBrowser } from "./find-browser.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `HOLDFAST_SEED` as the window sees it, which has no environment. */
    seed: number | undefined;
  }
}

const seed = process.env["HOLDFAST_SEED"];
const everyTest = ["test/**/*.test.ts"];

export interface BrowserTestsOptions {
  /** Which tests run in the window. Default: all but those of Node. */
  readonly window?: string[] | undefined;
  /** Which tests run in Node. Default: those below `test/node`. */
  readonly node?: string[] | undefined;
  /** A module that makes ready, in Node, what the tests in the window need, and clears it away. */
  readonly windowSetup?: string | undefined;
  /** The same for those in Node. */
  readonly nodeSetup?: string | undefined;
}

/** Settings for a package whose tests run in the window of a real browser, and others of them in Node. */
export async function browserTests({
  window = everyTest,
  node = ["test/node/**/*.test.ts"],
  windowSetup,
  nodeSetup,
}: BrowserTestsOptions = {}): Promise<ViteUserConfig> {
  const { name, launch } = await findBrowser();
  return defineConfig({
    test: {
      ...sharedSettings,
      // A page waits most of its time for other processes of the browser: two pages take little longer than one.
      maxWorkers: 2,
      projects: [
        {
          extends: true,
          test: {
            name: "window",
            include: window,
            exclude: window === everyTest ? node : [],
            ...(windowSetup === undefined ? {} : { globalSetup: windowSetup }),
            // As with the tests' own limit: it ends what hangs, and says nothing about how long something may take.
            expect: { poll: { timeout: 30_000 } },
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
        },
        ...nodeProjects(node, {
          exclude: window === everyTest ? [] : window,
          ...(nodeSetup === undefined ? {} : { globalSetup: nodeSetup }),
          environment: "node",
        }),
      ],
    },
  });
}
