import type { BrowserContext, Page } from "playwright";
import { build } from "vite";

// Loopback counts as secure, which IndexedDB's neighbours ask for. Nobody listens there: the browser is answered from here.
const ADDRESS = "http://127.0.0.1/";

/** Opens an empty page. All that are opened so have one origin, and so share what they store. */
export async function openBlankPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.route(ADDRESS, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(ADDRESS);
  return page;
}

/** The module at a path with all that it imports, as one script for `addScriptTag`. It reaches the page by `globalThis` alone. */
export async function bundleScript(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "esnext",
      lib: { entry, formats: ["iife"], name: "script" },
    },
  });
  const [first] = Array.isArray(built) ? built : [built];
  const chunk = first !== undefined && "output" in first ? first.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error(`${entry} was not built`);
  return chunk.code;
}
