import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchBrowser, serveFiles } from "@holdfast/browser";
import { build } from "vite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildElectronApp } from "../src/electron/build.ts";

const execute = promisify(execFile);
const SOURCES = join(import.meta.dirname, "../src");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-examples-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the example for Node", () => {
  it("keeps notes as readable files in the user's data directory", async () => {
    const env = {
      ...process.env,
      HOME: folder,
      XDG_DATA_HOME: join(folder, "data"),
      XDG_STATE_HOME: join(folder, "state"),
    };
    const run = async (...words: string[]) =>
      (await execute(process.execPath, [join(SOURCES, "node", "notes.ts"), ...words], { env })).stdout;
    expect(await run("add", "Buy", "milk")).toBe("added\n");
    expect(await run("add", "Water the plants")).toBe("added\n");
    expect(await run("mil")).toMatch(/^\d{4}-\d\d-\d\d Buy milk\n$/);
    expect((await run()).split("\n")).toHaveLength(3);
    const files = await readdir(join(folder, "data", "holdfast-example-notes", "notes"));
    expect(files.filter((name) => name.endsWith(".json") && !name.endsWith(".meta.json"))).toHaveLength(2);
  });
});

describe.each(["vite", "worker"])("the example of a page: %s", (example) => {
  it("keeps notes in the browser, over a reload, and shows them in other tabs", async () => {
    await build({ root: join(SOURCES, example), logLevel: "silent", build: { outDir: folder, emptyOutDir: true } });
    await using server = await serveFiles({ "/": folder }, {});
    const browser = await launchBrowser();
    try {
      const context = await browser.newContext();
      const [tab, other] = [await context.newPage(), await context.newPage()];
      const complaints: string[] = [];
      tab.on("pageerror", (error) => complaints.push(String(error)));
      for (const page of [tab, other]) await page.goto(`${server.origin}/index.html`);
      await tab.getByLabel("Note").fill("Buy milk");
      await tab.getByRole("button", { name: "Add" }).click();
      for (const page of [tab, other]) await page.getByRole("listitem").filter({ hasText: "Buy milk" }).waitFor();
      await tab.reload();
      await tab.getByRole("listitem").filter({ hasText: "Buy milk" }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe("the example for Electron", () => {
  it("is built into what Electron loads: a module, a preload script that is none, and a page for a file: address", async () => {
    await buildElectronApp(folder);
    const [main, preload, page] = await Promise.all(
      ["main.js", "preload.js", "index.html"].map((name) => readFile(join(folder, name), "utf8")),
    );
    const imported = [...(main ?? "").matchAll(/from\s*["']([^"']+)["']/g)].map(([, name]) => name);
    expect(imported.sort()).toEqual(["electron", "holdfast", "node:path"]);
    expect(preload).toContain(`require("electron")`);
    expect(preload).not.toMatch(/^(?:import|export)\b/m);
    const [, script = ""] = /<script[^>]*src="(\.\/[^"]+)"/.exec(page ?? "") ?? [];
    expect(await readFile(join(folder, script), "utf8")).toContain("replaceChildren");
    for (const file of ["main.js", script]) await execute(process.execPath, ["--check", join(folder, file)]);
  });
});
