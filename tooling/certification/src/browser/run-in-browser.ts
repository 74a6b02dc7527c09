import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchProfile } from "@holdfast/browser/launch";
import { bundleScript, openBlankPage } from "@holdfast/browser/page";
import type { Result, Theme } from "@holdfast/conformance";

/** Runs themes of the suite on the indexeddb adapter in a window of a real browser, whose profile lies on the disk; its peers are other tabs. */
export async function* runInBrowser(themes: readonly Theme[]): AsyncGenerator<Result, void, undefined> {
  const script = await bundleScript(join(import.meta.dirname, "in-page.ts"));
  const folder = await mkdtemp(join(tmpdir(), "holdfast-certify-"));
  const context = await launchProfile(folder);
  try {
    const suite = await openBlankPage(context);
    const tabs: Awaited<ReturnType<typeof openBlankPage>>[] = [];
    const results: Result[] = [];
    let wake = (): void => undefined;
    await suite.exposeFunction("tellResult", (result: Result) => {
      results.push(result);
      wake();
    });
    await suite.exposeFunction("openTab", async (database: string) => {
      const tab = await openBlankPage(context);
      const number = tabs.push(tab) - 1;
      await tab.exposeFunction("tellSuite", (message: unknown) =>
        suite.evaluate(([from, what]) => globalThis.hear?.(from, what), [number, message] as const),
      );
      await tab.addScriptTag({ content: script });
      await tab.evaluate((name) => globalThis.beTab?.(name), database);
      return number;
    });
    await suite.exposeFunction("tellTab", (tab: number, message: unknown) =>
      // One that has crashed hears nothing.
      tabs[tab]?.evaluate((what) => globalThis.hear?.(0, what), message).catch(() => undefined),
    );
    await suite.exposeFunction("crashTab", async (number: number) => {
      const tab = tabs[number];
      if (tab === undefined || tab.isClosed()) return;
      const session = await context.newCDPSession(tab);
      const crashed = tab.waitForEvent("crash");
      // What crashes does not answer.
      session.send("Page.crash").catch(() => undefined);
      await crashed;
      await tab.close();
    });
    await suite.addScriptTag({ content: script });
    let ended = false;
    const running = suite
      .evaluate(
        (names) => globalThis.runSuite?.(names),
        themes.map(({ name }) => name),
      )
      .finally(() => {
        ended = true;
        wake();
      });
    // Its failure is met below.
    running.catch(() => undefined);
    while (!ended || results.length > 0) {
      yield* results.splice(0);
      if (!ended && results.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    await running;
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}
