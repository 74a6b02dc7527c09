import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const execute = promisify(execFile);

/** An app that has installed `holdfast` with what it depends on, and no optional package. */
let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "holdfast-app-"));
  for (const name of ["holdfast", "@holdfast/core", "@holdfast/memory"]) await install(name);
});
afterAll(() => rm(app, { recursive: true, force: true }));

describe("without the optional packages", () => {
  it("opens what is there", async () => {
    expect(await run(`await (await openStore("memory:")).save("a", 1); console.log("saved")`)).toBe("saved");
  });

  it("names the command that installs what is not", async () => {
    const code = `await openStore("sqlite:a.db").catch(({ code, message }) => console.log(code, message))`;
    expect(await run(code)).toBe(
      "UNSUPPORTED sqlite: needs the package @holdfast/sqlite, which is not installed: run `pnpm add @holdfast/sqlite`",
    );
  });

  it("names the command that installs the readable files", async () => {
    const code = `await openStore("file:a").catch(({ code, message }) => console.log(code, message))`;
    expect(await run(code)).toBe(
      "UNSUPPORTED file: needs the package @holdfast/filesystem, which is not installed: run `pnpm add @holdfast/filesystem`",
    );
  });

  it("lists them as missing", async () => {
    const code = `console.log((await listAdapters()).map(({ scheme, available }) => scheme + " " + available).join())`;
    expect(await run(code)).toBe("memory true,sqlite false,file false");
  });
});

async function install(name: string): Promise<void> {
  const source = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  const target = join(app, "node_modules", name);
  await mkdir(target, { recursive: true });
  await cp(join(source, "dist"), join(target, "dist"), { recursive: true });
  await cp(join(source, "package.json"), join(target, "package.json"));
}

async function run(code: string): Promise<string> {
  const file = join(app, "app.mjs");
  await writeFile(file, `import { listAdapters, openStore } from "holdfast";\n${code}\n`);
  const env = { ...process.env, npm_config_user_agent: "pnpm/12.18.0 npm/? node/v24.21.0 linux x64" };
  const { stdout } = await execute(process.execPath, [file], { cwd: app, env });
  return stdout.trim();
}
