import type {} from "@vitest/browser-playwright/context";
import type { Page } from "playwright";
import type { BrowserCommand } from "vitest/node";

declare module "vitest/browser" {
  interface BrowserCommands {
    /**
     * Opens another tab of the tests' own origin and browser profile that runs `script`, a path below the package. The script
     * finds `about` in `location.hash`. Resolves to the tab's name.
     */
    openTab(script: string, about: string): Promise<string>;
    /** Closes a tab at once: nothing that it has begun is waited for. */
    closeTab(tab: string): Promise<void>;
    /** Makes the process of a tab crash. */
    crashTab(tab: string): Promise<void>;
    /**
     * Lets the tests' origin store so many bytes; undefined: as many as the browser gives it. Chromium only, and it goes on for
     * half a minute with what it last heard of how much room there is.
     */
    limitQuota(bytes: number | undefined): Promise<void>;
    /** Deletes all that the tests' origin has stored, as clearing site data does. Chromium only. */
    clearSiteData(): Promise<void>;
    /** Collects all that the tests' window holds no more. Chromium only. */
    collectGarbage(): Promise<void>;
  }
}

const tabs = new Map<string, Page>();

const openTab: BrowserCommand<[script: string, about: string]> = async ({ context, page }, script, about) => {
  const tab = await context.newPage();
  tab.on("pageerror", (error) => console.error(`${script}:`, error));
  const address = new URL("/holdfast-tab.html", page.url()).href;
  // The test runner leads dynamic imports through an object of its own, which only the tests' window has.
  const shim = "globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() }";
  const body = `<!doctype html><script>${shim}</script><script type="module" src=${JSON.stringify(script)}></script>`;
  await tab.route(address, (route) => route.fulfill({ contentType: "text/html", body }));
  await tab.goto(`${address}#${encodeURIComponent(about)}`);
  const name = `tab ${tabs.size}`;
  tabs.set(name, tab);
  return name;
};

const closeTab: BrowserCommand<[tab: string]> = async (_context, name) => {
  await tabOf(name).close({ runBeforeUnload: false });
};

const crashTab: BrowserCommand<[tab: string]> = async ({ context }, name) => {
  const tab = tabOf(name);
  const session = await context.newCDPSession(tab);
  const crashed = tab.waitForEvent("crash");
  // What crashes does not answer.
  session.send("Page.crash").catch(() => undefined);
  await crashed;
  await tab.close();
};

const limitQuota: BrowserCommand<[bytes: number | undefined]> = async ({ context, page }, bytes) => {
  const { origin } = new URL(page.url());
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", bytes === undefined ? { origin } : { origin, quotaSize: bytes });
};

const clearSiteData: BrowserCommand<[]> = async ({ context, page }) => {
  const { origin } = new URL(page.url());
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
};

const collectGarbage: BrowserCommand<[]> = async ({ context, page }) => {
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
};

function tabOf(name: string): Page {
  const tab = tabs.get(name);
  if (tab === undefined) throw new Error(`there is no ${name}`);
  return tab;
}

export const commands = { openTab, closeTab, crashTab, limitQuota, clearSiteData, collectGarbage };
