import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as esbuild from "esbuild";
import * as vite from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PackedApp } from "./support/packed.ts";

const BY_PNPM = { npm_config_user_agent: "pnpm/12.18.0 npm/? node/v24.21.0 linux x64" };

/** Each with how it says that a package was not there: esbuild leaves its import to Node, Vite puts an error in its place. */
const BUNDLERS: Readonly<Record<string, [missing: string, bundle: (entry: string, file: string) => Promise<unknown>]>> =
  {
    esbuild: [
      "is not installed: run `pnpm add @holdfast/sqlite`",
      (entry, file) =>
        esbuild.build({
          entryPoints: [entry],
          outfile: file,
          bundle: true,
          format: "esm",
          platform: "node",
          logLevel: "silent",
        }),
    ],
    Vite: [
      "was not installed when the app was bundled: run `pnpm add @holdfast/sqlite` and bundle it anew",
      (entry, file) =>
        vite.build({
          configFile: false,
          logLevel: "silent",
          root: dirname(entry),
          ssr: { noExternal: true },
          build: {
            ssr: entry,
            outDir: dirname(file),
            minify: false,
            rolldownOptions: { output: { entryFileNames: basename(file) } },
          },
        }),
    ],
  };

describe("holdfast alone, as it is published", () => {
  let app: PackedApp;
  beforeAll(async () => {
    app = await PackedApp.install(["holdfast", "core", "memory", "indexeddb"]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const run = async (code: string, env: Readonly<Record<string, string>> = BY_PNPM) => {
    const file = join(app.folder, "app.mjs");
    await writeFile(file, `import { createStorage, listAdapters, openStore } from "holdfast";\n${code}\n`);
    return app.run(file, env);
  };
  const failureOf = (call: string) => `await ${call}.catch(({ code, message }) => console.log(code, message))`;

  it("opens what is there", async () => {
    expect(await run(`await (await openStore("memory:")).save("a", 1); console.log("saved")`)).toBe("saved");
    const fallbacks = `await createStorage({ primary: "memory:", fallbacks: ["memory:"] })`;
    expect(await run(`console.log((await (${fallbacks}).save("a", 1)).key)`)).toBe("a");
  });

  it.each([
    ["sqlite:", "@holdfast/sqlite", `openStore("sqlite:a.db")`],
    ["file:", "@holdfast/filesystem", `openStore("file:a")`],
    ["file:", "@holdfast/filesystem", `createStorage({ platform: "desktop", name: "my-app" })`],
  ])("names the command that installs what %s needs", async (scheme, name, call) => {
    expect(await run(failureOf(call))).toBe(
      `UNSUPPORTED ${scheme} needs the package ${name}, which is not installed: run \`pnpm add ${name}\``,
    );
  });

  it.each([
    ["yarn.lock", "yarn add @holdfast/sqlite"],
    ["bun.lock", "bun add @holdfast/sqlite"],
    ["package-lock.json", "npm install @holdfast/sqlite"],
  ])("names the command of the package manager whose %s is nearest", async (lockFile, command) => {
    const folder = join(app.folder, lockFile.replace(".", "-"), "deeper");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "..", lockFile), "");
    const code = `process.chdir(${JSON.stringify(folder)});\n${failureOf(`openStore("sqlite:a.db")`)}`;
    expect(await run(code, { npm_config_user_agent: "" })).toContain(`run \`${command}\``);
  });

  it.each(Object.entries(BUNDLERS))(
    "goes into a bundle for Node by %s, which needs neither",
    async (name, [missing, bundle]) => {
      const entry = join(app.folder, `for-${name}.mjs`);
      await writeFile(
        entry,
        `import { openStore } from "holdfast";
       await (await openStore("memory:")).save("a", 1);
       ${failureOf(`openStore("sqlite:a.db")`)}`,
      );
      const file = join(app.folder, `by-${name}`, "app.mjs");
      await bundle(entry, file);
      expect(await app.run(file, BY_PNPM)).toBe(
        `UNSUPPORTED sqlite: needs the package @holdfast/sqlite, which ${missing}`,
      );
    },
  );

  it("lists them as missing", async () => {
    const code = `console.log((await listAdapters()).map(({ scheme, available }) => scheme + " " + available).join())`;
    expect(await run(code)).toBe("memory true,sqlite false,file false");
  });

  it("brings nothing that Node alone can run", () => {
    for (const name of ["@holdfast/sqlite", "@holdfast/filesystem", "better-sqlite3"]) {
      expect(existsSync(join(app.folder, "node_modules", name))).toBe(false);
    }
  });
});

describe("core and one adapter, as they are published", () => {
  it("save and load", async () => {
    await using app = await PackedApp.install(["core", "sqlite"]);
    const file = join(app.folder, "app.mjs");
    await writeFile(
      file,
      `import { openStorage } from "@holdfast/core";
       import { sqlite } from "@holdfast/sqlite";
       const storage = await openStorage(sqlite({ path: "./app.db" }));
       await storage.save("notes/first", { title: "Hello" });
       console.log(JSON.stringify(await storage.load("notes/first")), (await storage.search({ text: "fir" })).length);
       await storage.close();`,
    );
    expect(await app.run(file)).toBe('{"title":"Hello"} 1');
    expect(existsSync(join(app.folder, "node_modules", "holdfast"))).toBe(false);
  });
});
