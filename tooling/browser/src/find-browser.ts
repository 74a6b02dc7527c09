import { existsSync } from "node:fs";
import { chromium, firefox, type LaunchOptions, webkit } from "playwright";
import { packedChromium } from "./packed-chromium.ts";

export interface Browser {
  readonly name: "chromium" | "firefox" | "webkit";
  readonly launch: LaunchOptions;
}

// What is switched off would reach for the network, or slow down pages that nobody looks at.
const CHROMIUM_ARGUMENTS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--no-proxy-server",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
];
// As Playwright names installed browsers.
const INSTALLED = ["chrome", "msedge", "chromium"];

/**
 * The browser to test in. `HOLDFAST_BROWSER` names one: `firefox` or `webkit` as Playwright installs them, `chrome` or
 * `msedge` as installed on the machine, or the path of a Chromium. Otherwise the one from npm on Linux x64, elsewhere an
 * installed Chrome, Edge or Chromium, or Playwright's own.
 */
export async function findBrowser(choice: string | undefined = process.env["HOLDFAST_BROWSER"]): Promise<Browser> {
  if (choice === undefined || choice === "") return { name: "chromium", launch: withArguments(await anyChromium()) };
  if (choice === "firefox" || choice === "webkit") {
    const { executablePath } = choice === "firefox" ? firefox : webkit;
    if (!existsSync(executablePath())) throw notInstalled(choice);
    return { name: choice, launch: {} };
  }
  if (INSTALLED.includes(choice)) return { name: "chromium", launch: withArguments({ channel: choice }) };
  if (!existsSync(choice)) {
    throw new Error(
      `HOLDFAST_BROWSER is firefox, webkit, ${INSTALLED.join(", ")}, or the path of a Chromium; ${choice} is none of them`,
    );
  }
  return { name: "chromium", launch: withArguments({ executablePath: choice }) };
}

async function anyChromium(): Promise<LaunchOptions> {
  if (process.platform === "linux" && process.arch === "x64") return packedChromium();
  for (const channel of INSTALLED) {
    try {
      // Playwright knows where each system keeps them, but tells only by starting one.
      await (await chromium.launch({ channel })).close();
      return { channel };
    } catch {
      // The next one, then.
    }
  }
  throw notInstalled("chromium");
}

function withArguments(launch: LaunchOptions): LaunchOptions {
  return { ...launch, args: CHROMIUM_ARGUMENTS };
}

function notInstalled(name: string): Error {
  return new Error(
    `there is no ${name} to test in: run \`pnpm --filter @holdfast/browser exec playwright install --with-deps ${name}\``,
  );
}
