import { fileURLToPath } from "node:url";
import { launchBrowser, serveFiles } from "@holdfast/browser";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// As an app bundles such a worker: in one script, since service workers cannot load parts later.
const script = (name: string) => bundled(fileURLToPath(new URL(`../support/${name}`, import.meta.url)));

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let worker: string;
let page: string;
beforeAll(async () => {
  browser = await launchBrowser();
  worker = await script("shared-work.ts");
  page = await script("shared-page.ts");
});
afterAll(() => browser.close());

describe.each(["shared", "service"])("a %s worker", (kind) => {
  it("saves, loads, finds and watches in one store with its page", async () => {
    await using server = await serveFiles(
      {},
      { "/page.html": "<!doctype html><script src='/page.js'></script>", "/page.js": page, "/worker.js": worker },
    );
    const tab = await browser.newPage();
    const errors: unknown[] = [];
    tab.on("pageerror", (error) => errors.push(error));
    await tab.goto(`${server.origin}/page.html`);
    const told = await tab.evaluate((each) => globalThis.tryWorker?.(each), kind);
    expect(told).toEqual({
      worked: {
        note: { title: "Hello" },
        large: 21_000_000,
        found: 0,
        draft: ["note"],
        items: 3,
        problems: [],
        persisted: false,
        // Browsers let windows alone ask for it.
        persist: "UNSUPPORTED",
      },
      note: { title: "Hello" },
      counter: 2,
      // Each of the other's writes once, in order.
      here: ["peer save note", "peer save large", "peer save counter", "self save counter", "self save mine"],
      there: ["self save note", "self save large", "self save counter", "peer save counter", "peer save mine"],
    });
    expect(errors).toEqual([]);
    await tab.close();
  });
});

async function bundled(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["iife"], name: "script" } },
  });
  const [first] = Array.isArray(built) ? built : [built];
  const [chunk, ...others] = first !== undefined && "output" in first ? first.output : [];
  if (chunk?.type !== "chunk" || others.length > 0) throw new Error("the script is not in one piece");
  return chunk.code;
}
