import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { askServiceWorker, launchBrowser, serveFiles } from "@holdfast/browser";
import * as esbuild from "esbuild";
import * as vite from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ENTRY = fileURLToPath(import.meta.resolve("./browser-app.js"));

const BUNDLERS: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  Vite: (folder) =>
    vite.build({
      configFile: false,
      logLevel: "silent",
      root: import.meta.dirname,
      build: {
        outDir: folder,
        emptyOutDir: true,
        minify: false,
        lib: { entry: ENTRY, formats: ["es"], fileName: "app" },
      },
    }),
  esbuild: (folder) =>
    esbuild.build({
      entryPoints: { app: ENTRY },
      outdir: folder,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "browser",
      logLevel: "silent",
    }),
};

/** What a browser says when a database is opened or looked for, and what the app is told. */
const REFUSALS = [
  // Chromium, where its user has switched site data off.
  ["UnknownError", "The user denied permission to access the database.", /^UNAUTHORIZED .*allow site data/],
  ["SecurityError", "no", /^UNAUTHORIZED .*allow site data/],
  // Older browsers in private windows.
  ["InvalidStateError", "no", /^UNAUTHORIZED .*leave private browsing/],
  ["UnknownError", "Internal error.", /^UNAVAILABLE .*damaged/],
  ["DataError", "no", /^CORRUPT /],
  ["NotFoundError", "gone", /^UNAVAILABLE .*: gone$/],
] as const;

interface App {
  tryStore(url: string): Promise<string>;
  tryExists(url: string): Promise<boolean | string>;
  tryPlatform(choice: object): Promise<{ chosen: string; because: string } | string>;
}

describe.each(Object.keys(BUNDLERS))("bundled for browsers by %s", (bundler) => {
  let folder: string;
  /** By name. */
  let files: Map<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-bundle-"));
    await BUNDLERS[bundler]?.(folder);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
    files = new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("holds no Node code, so that no package for Node need be installed", () => {
    expect(files.size).toBeGreaterThan(1);
    for (const code of files.values()) {
      expect(code).not.toMatch(/["'](?:node:|better-sqlite3)|__vite-browser-external|process\.env|homedir/);
      expect(code).not.toMatch(/(?:import|from)\s*\(?["']@holdfast\//);
    }
  });

  it("holds only the adapters of browsers, and loads none before it is chosen", () => {
    const withAdapter = (mark: RegExp) => [...files].filter(([, code]) => mark.test(code)).map(([name]) => name);
    expect(withAdapter(/PRAGMA|quarantine/i)).toEqual([]);
    for (const mark of [
      /the memory store holds/,
      /this browser cannot tell when a write is on the medium/,
      /did not answer within/,
    ]) {
      expect(withAdapter(mark)).toHaveLength(1);
      expect(withAdapter(mark)).not.toContain("app.js");
    }
  });

  it("opens what works everywhere and says what does not", async () => {
    const app = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "app.js")).href)) as App;
    expect(await app.tryStore("memory:")).toBe("opened");
    expect(await app.tryStore("sqlite:a.db")).toBe(
      "UNSUPPORTED sqlite: cannot be opened here: @holdfast/sqlite works on files and needs Node",
    );
    expect(await app.tryStore("redis:a")).toBe(
      "INVALID_OPTION there is no adapter for redis:; known are memory: (@holdfast/memory), indexeddb: (@holdfast/indexeddb)",
    );
  });

  it("keeps memory and warns where there is neither a disk nor IndexedDB, as at an edge", async () => {
    // A thread that has what edge runtimes have: the web's interfaces, and no way to files.
    const code = `
      const { parentPort, workerData } = await import("node:worker_threads");
      const warnings = [];
      console.warn = (message) => warnings.push(message);
      delete globalThis.process;
      const { tryExists, tryPlatform } = await import(workerData);
      const names = ["auto", "desktop", "browser", "cloud"];
      const tried = await Promise.all(names.map((platform) => tryPlatform({ platform, name: "my-app" })));
      parentPort.postMessage({ tried, warnings, there: await tryExists("indexeddb:my-app") });`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const worker = new Worker(url, { workerData: pathToFileURL(join(folder, "app.js")).href });
    const answered = new Promise<{ tried: unknown[]; warnings: string[]; there: unknown }>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    const { tried, warnings, there } = await answered;
    await worker.terminate();
    const because = "there are no files to write and no IndexedDB, and no cloud adapter is registered";
    expect(tried[0]).toEqual({ value: { b: 1 }, chosen: "memory", because, platform: "none" });
    expect(tried[1]).toContain("UNSUPPORTED file: cannot be opened here");
    expect(tried[2]).toContain("UNSUPPORTED");
    expect(tried[3]).toContain("call register()");
    expect(warnings).toHaveLength(1);
    expect(there).toMatch(/^UNSUPPORTED .*there is no IndexedDB here/);
  });

  it("names the setting where the browser lets a page store nothing, so not which store its app has either", async () => {
    const page = `<!doctype html><script type="module">import * as app from "/app.js"; globalThis.app = app;</script>`;
    await using server = await serveFiles({ "/": folder }, { "/page.html": page });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/page.html`);
      await tab.waitForFunction(() => "app" in globalThis);
      for (const [name, message, told] of REFUSALS) {
        const tried = await tab.evaluate(
          async ([error, reason]) => {
            IDBFactory.prototype.open = () => {
              const request = { error: new DOMException(reason, error), onerror: () => undefined };
              queueMicrotask(() => request.onerror());
              return request as unknown as IDBOpenDBRequest;
            };
            IDBFactory.prototype.databases = () => Promise.reject(new DOMException(reason, error));
            const { app } = globalThis as unknown as { app: App };
            return [
              await app.tryPlatform({ platform: "auto", name: "refused" }),
              await app.tryExists("indexeddb:refused"),
            ];
          },
          [name, message] as const,
        );
        expect(tried, name).toEqual([expect.stringMatching(told), expect.stringMatching(told)]);
      }
    } finally {
      await browser.close();
    }
  });

  it("says to a service worker, which may load no parts, that it has to be in one script", async () => {
    const worker = `import * as app from "/app.js"; onmessage = async ({ data, ports: [port] }) => port.postMessage(await app.tryPlatform(data));`;
    await using server = await serveFiles({ "/": folder }, { "/page.html": "<!doctype html>", "/worker.js": worker });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/page.html`);
      const told = await askServiceWorker(tab, { platform: "auto", name: "my-app" });
      expect(told).toMatch(/^UNSUPPORTED .*bundle this service worker into one script/);
    } finally {
      await browser.close();
    }
  });

  it("chooses IndexedDB in a window and in a worker of a browser, and remembers it", async () => {
    const page = `<!doctype html><script type="module">
      import * as app from "/app.js";
      const worker = new Worker("/worker.js", { type: "module" });
      const inWorker = (name, given) => new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage([name, given]);
      });
      globalThis.call = (where, name, given) => where === "window" ? app[name](given) : inWorker(name, given);
    </script>`;
    const worker = `import * as app from "/app.js"; onmessage = async ({ data: [name, given] }) => postMessage(await app[name](given));`;
    await using server = await serveFiles({ "/": folder }, { "/page.html": page, "/worker.js": worker });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/page.html`);
      await tab.waitForFunction(() => "call" in globalThis);
      const call = (where: string, name: keyof App, given: unknown) =>
        tab.evaluate(
          ([place, called, argument]) =>
            (globalThis as unknown as { call(...given: unknown[]): Promise<unknown> }).call(place, called, argument),
          [where, name, given] as const,
        );
      const because = "there are no files to write, and there is IndexedDB";
      for (const where of ["window", "worker"]) {
        expect(await call(where, "tryPlatform", { platform: "auto", name: where })).toEqual({
          value: { b: 1 },
          chosen: "indexeddb",
          because,
          platform: "browser",
        });
        expect(await call(where, "tryPlatform", { url: "indexeddb:other", name: where })).toContain(
          `the data of "${where}" is in indexeddb:${where}, and this start would open indexeddb:other`,
        );
      }
      // What the window has recorded holds in the worker.
      expect(await call("worker", "tryPlatform", { url: "indexeddb:other", name: "window" })).toContain(
        "would seem gone",
      );
      expect(await tab.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).sort())).toEqual([
        "holdfast-choices",
        "window",
        "worker",
      ]);
      expect(await call("window", "tryStore", "indexeddb:my-app?durability=strict&lockTimeout=5000")).toBe("opened");
      expect(await call("window", "tryExists", "indexeddb:my-app")).toBe(true);
      expect(await call("window", "tryExists", "indexeddb:nowhere")).toBe(false);
      expect(await call("window", "tryStore", "indexeddb:")).toContain(
        "INVALID_OPTION an indexeddb: URL names a database",
      );
      expect(await call("window", "tryStore", "indexeddb:a?durability=media")).toContain("is relaxed or strict");
      expect(await call("window", "tryStore", "indexeddb:a?version=1")).toContain("known are durability, lockTimeout");
    } finally {
      await browser.close();
    }
  });
});
