import { type Browser, type BrowserContext, chromium, firefox, webkit } from "playwright";
import { findBrowser } from "./find-browser.ts";

const TYPES = { chromium, firefox, webkit };

/** Starts the browser that `findBrowser` finds, without a window. Each of its contexts is a profile of its own, in memory. */
export async function launchBrowser(): Promise<Browser> {
  const { name, launch } = await findBrowser();
  return TYPES[name].launch(launch);
}

/** Starts it with a profile on the disk, so that what pages store is kept in `folder`. Closing the context ends the browser. */
export async function launchProfile(folder: string, extraArguments: readonly string[] = []): Promise<BrowserContext> {
  const { name, launch } = await findBrowser();
  return TYPES[name].launchPersistentContext(folder, {
    ...launch,
    args: [...(launch.args ?? []), ...extraArguments],
  });
}
