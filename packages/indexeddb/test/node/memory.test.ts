import { fileURLToPath } from "node:url";
import { launchBrowser, serveFiles } from "@holdfast/browser";
import { build } from "vite";
import { expect, it } from "vitest";

const MiB = 2 ** 20;
const BODY = 96;
/** MiB that the page may hold beyond what it holds when nothing is under way: the pieces in flight, here and in the browser's hands. */
const MOST = 24;

it("moves bodies of tens of mebibytes in flat memory", async () => {
  const entry = fileURLToPath(new URL("../support/memory-page.ts", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["iife"], name: "page" } },
  });
  const [first] = Array.isArray(built) ? built : [built];
  const chunk = first !== undefined && "output" in first ? first.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error("the page's script was not built");
  await using server = await serveFiles(
    {},
    { "/page.html": "<!doctype html><script src='/page.js'></script>", "/page.js": chunk.code },
  );
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    /** MiB that the page's script holds, with the bytes behind its arrays. */
    const held = async () => {
      await session.send("HeapProfiler.collectGarbage");
      const usage = await session.send("Runtime.getHeapUsage");
      return (usage.usedSize + usage.backingStorageSize) / MiB;
    };
    await page.exposeFunction("held", held);
    await page.goto(`${server.origin}/page.html`);
    const { streamed, whole } = await page.evaluate(
      (size) => globalThis.moveBodies?.(size) ?? { streamed: [], whole: [] },
      BODY,
    );
    // One figure for each 8 MiB, in and out.
    expect(streamed.length).toBeGreaterThanOrEqual(2 * (BODY / 8));
    const [before = 0] = streamed;
    expect(Math.max(...streamed) - before).toBeLessThan(MOST);
    // That the measure can tell: a body in one piece is held whole.
    expect(Math.max(...whole) - before).toBeGreaterThanOrEqual(BODY);
  } finally {
    await browser.close();
  }
});
