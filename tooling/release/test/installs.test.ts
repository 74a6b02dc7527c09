import { stat } from "node:fs/promises";
import { join } from "node:path";
import { launchBrowser, serveFiles } from "@holdfast/browser";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { importMapOf } from "../src/import-map.ts";
import { LIMITS } from "../src/limits.ts";
import { type Project, Release, registryAnswers } from "../src/published.ts";
import { IN_A_BROWSER, IN_NODE } from "../src/samples.ts";
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
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it("is every package that these tests wait for", () => {
    const names = release.packages.map(({ name }) => name);
    expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(names));
    expect(names).toEqual(expect.arrayContaining([...Object.keys(IN_NODE), "@holdfast/cli"]));
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
      const file = await project.write("app.js", `${imports}${IN_NODE[name] ?? `console.log("kept");`}`);
      expect(await project.run(node, file)).toBe("kept");
    });

    const sample = IN_A_BROWSER[name];
    if (sample === undefined) return;

    it("works in an app that Vite builds without any configuration", async () => {
      await project.write("main.js", offered(sample.bundled));
      await project.write("index.html", `<!doctype html><script type="module" src="/main.js"></script>`);
      await build({ root: project.folder, configFile: false, logLevel: "silent" });
      expect(await tryIn(await browser.newPage(), join(project.folder, "dist"), {})).toBe("kept");
    });

    it("works in a page without any tool, by an import map", async () => {
      const map = JSON.stringify(await importMapOf(project.folder, [name]));
      const script = `<script type="module">${offered(sample.plain)}</script>`;
      const texts = { "/index.html": `<!doctype html><script type="importmap">${map}</script>${script}` };
      expect(await tryIn(await browser.newPage(), join(project.folder, "node_modules"), texts)).toBe("kept");
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
});

function offered(sample: string): string {
  return `${sample}\nglobalThis.tryIt = tryIt;`;
}

async function tryIn(tab: Page, folder: string, texts: Record<string, string>): Promise<unknown> {
  await using server = await serveFiles({ "/": folder }, texts);
  const complaints: string[] = [];
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("console", (message) => complaints.push(message.text()));
  try {
    await tab.goto(`${server.origin}/index.html`);
    await tab
      .waitForFunction(() => "tryIt" in globalThis, undefined, { timeout: 60_000 })
      .catch((cause: unknown) => {
        throw new Error(`the page did not load: ${complaints.join("; ")}`, { cause });
      });
    return await tab.evaluate(() => (globalThis as unknown as { tryIt(): Promise<unknown> }).tryIt());
  } finally {
    await tab.close();
  }
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;
