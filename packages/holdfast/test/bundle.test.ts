import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launchBrowser, serveFiles } from "@holdfast/browser";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A browser app made by a bundler. */
let folder: string;
let code: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-bundle-"));
  const entry = fileURLToPath(import.meta.resolve("./browser-app.js"));
  await build({
    configFile: false,
    logLevel: "silent",
    root: import.meta.dirname,
    build: { outDir: folder, emptyOutDir: true, minify: false, lib: { entry, formats: ["es"], fileName: "app" } },
  });
  code = await readFile(join(folder, "app.js"), "utf8");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("bundled for browsers", () => {
  it("holds no Node code, so that no package for Node need be installed", () => {
    expect(code).not.toMatch(/["'](?:node:|better-sqlite3)/);
    expect(code).not.toMatch(/(?:import|from)\s*\(?["']@holdfast\//);
  });

  it("opens IndexedDB in a browser by URL and by type, and refuses what it cannot mean", async () => {
    const page = `<!doctype html><script type="module">import { tryStore } from "/app.js"; globalThis.tryStore = tryStore;</script>`;
    await using server = await serveFiles({ "/": folder }, { "/page.html": page });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/page.html`);
      await tab.waitForFunction(() => "tryStore" in globalThis);
      const tryStore = (url: string) =>
        tab.evaluate(
          (given) => (globalThis as unknown as { tryStore(url: string): Promise<string> }).tryStore(given),
          url,
        );
      expect(await tryStore("indexeddb:my-app?durability=strict&lockTimeout=5000")).toBe("opened");
      expect(await tab.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual(["my-app"]);
      expect(await tryStore("indexeddb:")).toContain("INVALID_OPTION an indexeddb: URL names a database");
      expect(await tryStore("indexeddb:a?durability=media")).toContain("is relaxed or strict");
      expect(await tryStore("indexeddb:a?version=1")).toContain("known are durability, lockTimeout");
    } finally {
      await browser.close();
    }
  });

  it("opens what works there and says what does not", async () => {
    const app = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "app.js")).href)) as {
      tryStore(url: string): Promise<string>;
    };
    expect(await app.tryStore("memory:")).toBe("opened");
    expect(await app.tryStore("sqlite:a.db")).toBe(
      "UNSUPPORTED sqlite: cannot be opened here: @holdfast/sqlite works on files and needs Node",
    );
    expect(await app.tryStore("redis:a")).toBe(
      "INVALID_OPTION there is no adapter for redis:; known are memory: (@holdfast/memory), indexeddb: (@holdfast/indexeddb)",
    );
  });
});
