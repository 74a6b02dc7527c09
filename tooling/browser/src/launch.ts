import { chromium, firefox, type Browser as Running, webkit } from "playwright";
import { findBrowser } from "./find-browser.ts";

const TYPES = { chromium, firefox, webkit };

/** Starts the browser that the tests run in, for tests that load pages of their own. */
export async function launchBrowser(): Promise<Running> {
  const { name, launch } = await findBrowser();
  return TYPES[name].launch(launch);
}
