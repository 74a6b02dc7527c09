import { join } from "node:path";
import { launchProfile } from "@holdfast/browser/launch";
import { openStorage, type StorageEngine } from "holdfast";
import { startModuleServer } from "./module-server.js";
import { pageAdapter } from "./page-adapter.js";

/** A store in the IndexedDB of a real browser, which keeps its profile in `folder`. Closing it ends the browser. */
export async function openInBrowser(folder: string): Promise<StorageEngine> {
  const context = await launchProfile(join(folder, "browser"));
  const server = await startModuleServer();
  const letGo = async () => {
    await context.close();
    await server.stop();
  };
  try {
    const page = await context.newPage();
    await page.goto(server.address);
    await page.waitForFunction(() => globalThis.callAdapter !== undefined);
    const adapter = pageAdapter(
      (method, args) =>
        page.evaluate(
          ([name, values]) => {
            if (globalThis.callAdapter === undefined) throw new Error("the page has no adapter");
            return globalThis.callAdapter(name, values);
          },
          [method, args] as const,
        ),
      letGo,
    );
    return await openStorage(adapter);
  } catch (error) {
    await letGo();
    throw error;
  }
}
