import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { launchBrowser, pageWithoutBundler, servedPackages, serveFiles } from "@holdfast/browser";
import { build, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const APP = `
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
globalThis.tryStorage = async () => {
  const storage = await openStorage(indexeddb({ name: "app" }));
  await storage.save("notes/first", { title: "Hello" }, { tags: ["draft"] });
  await storage.save("large", new Uint8Array(3_000_000));
  const found = await storage.search({ text: "fir", tags: ["draft"] });
  const value = await storage.load("notes/first");
  const size = (await storage.load("large")).length;
  await storage.close();
  return { found: found.map(({ key }) => key), value, size };
};
`;
const WORKER = `
onmessage = async () => postMessage(await tryStorage().catch(String));
`;
const IN_A_WORKER = `
globalThis.tryStorage = () => {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage("try");
  });
};
`;
const WITHOUT_PARTS = `
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
globalThis.tryStorage = async () => {
  const storage = await openStorage(indexeddb({ name: "without-parts", evictable: () => true }));
  await storage.save("small", 1);
  const small = await storage.load("small");
  const large = await storage.save("large", new Uint8Array(3_000_000)).catch(({ code }) => code);
  // Until it is told that they are not there, nothing can come of it.
  await Promise.allSettled([import("/node_modules/@holdfast/indexeddb/dist/eviction.js")]);
  await storage.close();
  return { small, large };
};
`;
const WITHOUT_ROOM = `
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (...given) {
  if (this.name === "chunks") throw new DOMException("", "QuotaExceededError");
  return put.apply(this, given);
};
globalThis.tryStorage = async () => {
  const storage = await openStorage(indexeddb({ name: "without-room" }));
  const codes = [];
  for (const size of [3_000_000, 100_000]) {
    codes.push(await storage.save("body", new Uint8Array(size)).catch(({ code }) => code));
  }
  await storage.close();
  return codes;
};
`;
const WITHOUT_WRITING = `
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
globalThis.tryStorage = async () => {
  const told = await openStorage(indexeddb({ name: "without-writing" })).catch(({ code, message }) => ({ code, message }));
  // It waits for as long as a connection is open.
  await new Promise((resolve) => {
    indexedDB.deleteDatabase("without-writing").onsuccess = resolve;
  });
  return told;
};
`;
const WHOLE = `
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
globalThis.tryStorage = async () => {
  const storage = await openStorage(indexeddb({ name: "whole" }));
  await storage.save("settings", { theme: "dark" }, { format: "yaml" });
  // As a browser fails whose disk is busy.
  const { transaction } = IDBDatabase.prototype;
  let failures = 0;
  IDBDatabase.prototype.transaction = function () {
    IDBDatabase.prototype.transaction = transaction;
    failures++;
    throw new DOMException("Internal error", "UnknownError");
  };
  const settings = await storage.load("settings");
  await storage.close();
  return { settings, failures };
};
`;
const CORE_ONLY = `import { openStorage } from "@holdfast/core";\nglobalThis.open = openStorage;\n`;
const EXPECTED = { found: ["notes/first"], value: { title: "Hello" }, size: 3_000_000 };

let folder: string;
let page: string;
let packages: Readonly<Record<string, string>>;
let app: Rollup.RollupOutput;
let core: Rollup.RollupOutput;
beforeAll(async () => {
  // Inside of the package, so that the packages that it depends on are found as an app finds them.
  folder = await mkdtemp(join(import.meta.dirname, "app-"));
  app = await bundle("app", APP);
  core = await bundle("core", CORE_ONLY);
  page = await pageWithoutBundler();
  packages = await servedPackages(import.meta.dirname, ["@holdfast/core", "@holdfast/indexeddb"]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("bundled by Vite without any configuration", () => {
  // Playwright's windows are private ones: what they store is in memory, and gone with them.
  it("works in a browser", async () => {
    await using server = await serveFiles({}, textsOf(app));
    expect(await tryStorage(`${server.origin}/index.html`)).toEqual(EXPECTED);
  });

  it("works in a dedicated worker", async () => {
    const built = await bundle("worker", IN_A_WORKER, { "worker.js": `${APP}${WORKER}` });
    await using server = await serveFiles({}, textsOf(built));
    expect(await tryStorage(`${server.origin}/index.html`)).toEqual(EXPECTED);
  });

  it("holds no Node code", () => {
    for (const file of app.output) {
      if (file.type !== "chunk") continue;
      expect(file.code).not.toMatch(/["'](?:node:|better-sqlite3)|__vite-browser-external/);
      expect(file.imports.concat(file.dynamicImports).filter((name) => !name.startsWith("assets/"))).toEqual([]);
    }
  });

  it("adds no more to an app than the page about it says", () => {
    // What the page rounds to 6.5 kB, as Vite cuts it: some bytes come and go with words that core alone has.
    expect(firstLoad(app) - firstLoad(core)).toBeLessThan(6_600);
    // As docs/design.md says: a file of which a part writes would come whole.
    expect(firstLoad(app)).toBeLessThan(18_800);
  });
});

describe("straight from dist", () => {
  it("works in a browser with the import map of the documentation", async () => {
    await using server = await serveFiles(packages, { "/page.html": page, "/app.js": APP });
    expect(await tryStorage(`${server.origin}/page.html`)).toEqual(EXPECTED);
  });

  it("has there what it asks other packages for: yaml, and a second try", async () => {
    await using server = await serveFiles(packages, { "/page.html": page, "/app.js": WHOLE });
    expect(await tryStorage(`${server.origin}/page.html`)).toEqual({ settings: { theme: "dark" }, failures: 1 });
  });

  it("goes on without the parts that could not be loaded", async () => {
    await using server = await serveFiles(packages, { "/page.html": page, "/app.js": WITHOUT_PARTS });
    const missing = /\/indexeddb\/dist\/(?:bodies|eviction)\.js$/;
    expect(await tryStorage(`${server.origin}/page.html`, missing)).toEqual({ small: 1, large: "INTERNAL" });
  });

  it("says that a body finds no room also where what makes room could not be loaded", async () => {
    await using server = await serveFiles(packages, { "/page.html": page, "/app.js": WITHOUT_ROOM });
    expect(await tryStorage(`${server.origin}/page.html`, /\/indexeddb\/dist\/full-store\.js$/)).toEqual([
      "QUOTA_EXCEEDED",
      "QUOTA_EXCEEDED",
    ]);
  });

  it.each([/\/engine\/writing\.js$/, /\/indexeddb\/dist\/writer\.js$/])("opens nothing without %s", async (missing) => {
    await using server = await serveFiles(packages, { "/page.html": page, "/app.js": WITHOUT_WRITING });
    expect(await tryStorage(`${server.origin}/page.html`, missing)).toEqual({
      code: "INTERNAL",
      message: expect.stringMatching(/^a part of @holdfast\/\w+ could not be loaded \(.*dynamically imported module/),
    });
  });

  it("says what to do on a page that may not store anything", async () => {
    const tell = `tryStorage().catch(({ code, message }) => parent.postMessage({ code, message }, "*"));`;
    await using server = await serveFiles(packages, { "/empty.html": "<!doctype html>", "/app.js": APP + tell });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/empty.html`);
      // A sandboxed frame has an origin of its own, for which nothing is kept: as where site data is switched off.
      const told = await tab.evaluate((srcdoc) => {
        const frame = document.createElement("iframe");
        frame.setAttribute("sandbox", "allow-scripts");
        frame.srcdoc = srcdoc;
        document.body.append(frame);
        return new Promise<unknown>((resolve) => {
          window.addEventListener("message", ({ data }) => resolve(data));
        });
      }, page);
      expect(told).toEqual({ code: "UNAUTHORIZED", message: expect.stringContaining("allow site data") });
    } finally {
      await browser.close();
    }
  });
});

async function bundle(
  name: string,
  code: string,
  others: Readonly<Record<string, string>> = {},
): Promise<Rollup.RollupOutput> {
  const root = join(folder, name);
  await mkdir(root);
  for (const [file, text] of Object.entries({ "main.js": code, ...others })) await writeFile(join(root, file), text);
  await writeFile(join(root, "index.html"), `<!doctype html><script type="module" src="/main.js"></script>`);
  return (await build({ root, configFile: false, logLevel: "silent", build: { write: false } })) as Rollup.RollupOutput;
}

/** What a server has of it, by path. */
function textsOf({ output }: Rollup.RollupOutput): Record<string, string> {
  return Object.fromEntries(
    output.map((file) => [`/${file.fileName}`, file.type === "chunk" ? file.code : String(file.source)]),
  );
}

/** Gzipped bytes that the page needs before it can run: the entry with all that it imports, what is loaded later aside. */
function firstLoad({ output }: Rollup.RollupOutput): number {
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));
  const needed = new Set<string>();
  const visit = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const imported of chunks.get(name)?.imports ?? []) visit(imported);
  };
  for (const [name, { isEntry }] of chunks) if (isEntry) visit(name);
  return gzipSync(Array.from(needed, (name) => chunks.get(name)?.code).join("\n"), { level: 9 }).length;
}

async function tryStorage(address: string, missing?: RegExp): Promise<unknown> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const errors: unknown[] = [];
    page.on("pageerror", (error) => errors.push(error));
    if (missing !== undefined) await page.route(missing, (route) => route.abort());
    await page.goto(address);
    await page.waitForFunction(() => "tryStorage" in globalThis);
    const result = await page.evaluate(() =>
      (globalThis as unknown as { tryStorage(): Promise<unknown> }).tryStorage(),
    );
    expect(errors).toEqual([]);
    return result;
  } finally {
    await browser.close();
  }
}
