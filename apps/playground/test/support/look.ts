import { join } from "node:path";
import { expect } from "vitest";
import { faultsOf } from "./accessibility.ts";
import type { Page } from "./app.ts";

const SCREENSHOTS = join(import.meta.dirname, "../../reports/screenshots");
const COLOURS = ["light", "dark"] as const;

export const SCREENS = [
  { screen: "phone", viewport: { width: 390, height: 844 } },
  { screen: "desktop", viewport: { width: 1280, height: 800 } },
] as const;

/** Leaves screenshots of the page as it stands; axe finds nothing wrong with it, and it fits the screen. */
export async function lookAt(page: Page, screen: string, state: string): Promise<void> {
  for (const colorScheme of COLOURS) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(SCREENSHOTS, `${screen}-${colorScheme}-${state}.png`) });
    expect(await faultsOf(page), `${state}, ${colorScheme}`).toEqual([]);
    expect(await overflow(page), `${state}, ${colorScheme}`).toBe(0);
  }
}

/** How far the page reaches beyond the side of the screen. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
