import { fileURLToPath } from "node:url";
import { askServiceWorker, launchBrowser, serveFiles } from "@holdfast/browser";
import { type BuildOptions, build, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const WORKER = fileURLToPath(new URL("../support/shared-work.ts", import.meta.url));
const PAGE = fileURLToPath(new URL("../support/shared-page.ts", import.meta.url));

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let worker: string;
let page: string;
beforeAll(async () => {
  browser = await launchBrowser();
  // As docs/indexeddb.md says that an app bundles a service worker.
  worker = await inOneScript(WORKER);
  page = await inOneScript(PAGE);
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

// Files as they are, and with the code that Vite adds for pages, which fails by itself where there is no document.
it.each([
  ["as a library", { lib: { entry: WORKER, formats: ["es"], fileName: "worker" } }],
  [
    "beside a page",
    { rolldownOptions: { input: { worker: WORKER, page: PAGE }, output: { entryFileNames: "[name].js" } } },
  ],
] satisfies [string, BuildOptions][])(
  "says to a service worker that is built in pieces, %s, that it has to be in one",
  async (_, options) => {
    const files = await built(options);
    expect(files.length).toBeGreaterThan(2);
    const texts = Object.fromEntries(files.map(({ fileName, code }) => [`/${fileName}`, code]));
    await using server = await serveFiles({}, { "/page.html": "<!doctype html>", ...texts });
    const tab = await browser.newPage();
    await tab.goto(`${server.origin}/page.html`);
    expect(await askServiceWorker(tab, "told")).toEqual({
      error: expect.stringMatching(/^UNSUPPORTED: .*bundle this service worker into one script/),
    });
    await tab.close();
  },
);

async function inOneScript(entry: string): Promise<string> {
  const [file, ...others] = await built({ lib: { entry, formats: ["iife"], name: "script" } });
  if (file === undefined || others.length > 0) throw new Error("the script is not in one piece");
  return file.code;
}

async function built(options: BuildOptions): Promise<Rollup.OutputChunk[]> {
  const outputs = await build({ configFile: false, logLevel: "silent", build: { ...options, write: false } });
  const [first] = Array.isArray(outputs) ? outputs : [outputs];
  const output = first !== undefined && "output" in first ? first.output : [];
  return output.flatMap((file) => (file.type === "chunk" ? [file] : []));
}
