import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pageWithoutBundler } from "@holdfast/browser";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { importMapOfInstalled } from "../src/installed-import-map.ts";
import { LIMITS } from "../src/limits.ts";
import { type Project, Release, registryAnswers } from "../src/published.ts";
import { BROWSER_SAMPLES, FOUND_IN_A_BROWSER, IN_A_BROWSER, SAMPLES } from "../src/samples.ts";
import { tryInBrowser } from "../src/try-in-browser.ts";
import { appOf, BY_DEFAULT, CHECKS, complaintsOf, folderOf } from "../src/type-check.ts";

const NODES = {
  "Node 22": join(folderOf("node-22"), "bin/node"),
  "Node 24": process.execPath,
};

/** Milliseconds for what packs every package, fetches from a registry and runs compilers: each ends by itself, and how soon proves nothing. */
const FOR_NPM = 300_000;

let release: Release;
beforeAll(async () => {
  release = await Release.pack();
}, FOR_NPM);
afterAll(() => release[Symbol.asyncDispose]());

it("weighs no more than was agreed", async () => {
  const weights = await Promise.all(
    release.packages.map(async ({ name, tarball }) => [name, (await stat(tarball)).size / 1_000] as const),
  );
  expect(weights.filter(([name, kilobytes]) => kilobytes > (LIMITS[name] ?? 0))).toEqual([]);
});

// npm fetches what others publish. On a machine without a network the tests step aside; CI always runs them.
const canInstall = process.env["CI"] !== undefined || (await registryAnswers());

const suite = "installed by npm, from what would be published (needs npm's registry)";
describe.skipIf(!canInstall)(suite, { timeout: FOR_NPM }, () => {
  it("is every package that these tests wait for", () => {
    const names = release.packages.map(({ name }) => name);
    expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(names));
    expect(names).toEqual(expect.arrayContaining([...Object.keys(SAMPLES), "@holdfast/cli"]));
  });

  const published = Object.keys(manifest.dependencies).filter((name) =>
    /^(@holdfast\/(?!browser)|holdfast)/.test(name),
  );
  describe.each(published)("%s alone", (name) => {
    let project: Project;
    beforeAll(async () => {
      project = await release.projectWith(name);
    }, FOR_NPM);

    it.each(Object.entries(NODES))("does in %s what it is for", async (_, node) => {
      const entries = release.packages.find((each) => each.name === name)?.entries ?? [];
      const imports = entries.map((entry) => `import ${JSON.stringify(entry)};\n`).join("");
      const file = await project.write("app.js", `${imports}${SAMPLES[name] ?? `console.log("kept");`}`);
      expect(await project.run(node, file)).toBe("kept");
    });

    const sample = BROWSER_SAMPLES[name];
    if (sample === undefined) return;

    it("works in an app that Vite builds without any configuration", async () => {
      expect(await tryBuilt(project, sample.bundled)).toBe("kept");
    });

    it("works in a page without any tool, by an import map", async () => {
      const modules = join(project.folder, "node_modules");
      const map = JSON.stringify(await importMapOfInstalled(name, modules));
      const html = `<!doctype html><script type="importmap">${map}</script>${runs("/app.js")}`;
      const texts = { "/index.html": html, "/app.js": sample.plain };
      expect(await tryInBrowser({ "/node_modules/": modules }, texts)).toBe("kept");
    });
  });

  it("has types that hold in a project without any settings, each package alone", async () => {
    const apps: string[] = [];
    for (const { name, entries } of release.packages) apps.push(await appOf(await release.projectWith(name), entries));
    expect(await complaintsOf(apps, BY_DEFAULT)).toBe("");
  });

  it.each(Object.entries(CHECKS))("has types that hold %s", async (_, check) => {
    // It brings all others along.
    const project = await release.projectWith("@holdfast/cli");
    const app = await appOf(
      project,
      release.packages.flatMap(({ entries }) => entries),
    );
    expect(await complaintsOf([app], check)).toBe("");
  });

  it.each(Object.entries(NODES))("the command works in %s", async (_, node) => {
    const project = await release.projectWith("@holdfast/cli");
    const bin = join(project.folder, "node_modules/@holdfast/cli/dist/main.js");
    const file = await project.write("note.json", `{"title":"Hello"}`);
    await project.run(node, bin, "put", "sqlite:./app.db", "notes/first", file);
    expect(await project.run(node, bin, "get", "sqlite:./app.db", "notes/first")).toBe(`{"title":"Hello"}`);
  });

  it("works in an app that Vite builds without any configuration", async () => {
    const project = await release.projectWith("holdfast");
    expect(await tryBuilt(project, IN_A_BROWSER)).toEqual(FOUND_IN_A_BROWSER);
  });

  it("works in the page that the documentation gives to apps without a bundler", async () => {
    const project = await release.projectWith("holdfast");
    const texts = { "/index.html": await pageWithoutBundler(), "/app.js": IN_A_BROWSER };
    const found = await tryInBrowser({ "/node_modules/": join(project.folder, "node_modules") }, texts);
    expect(found).toEqual(FOUND_IN_A_BROWSER);
  });
});

async function tryBuilt(project: Project, script: string): Promise<unknown> {
  await project.write("main.js", script);
  await project.write("index.html", `<!doctype html>${runs("/main.js")}`);
  await build({ root: project.folder, configFile: false, logLevel: "silent" });
  return tryInBrowser({ "/": join(project.folder, "dist") }, {});
}

function runs(script: string): string {
  return `<script type="module" src="${script}"></script>`;
}
