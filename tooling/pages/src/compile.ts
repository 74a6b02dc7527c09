import { spawnSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBlocks } from "./blocks.ts";
import { type Module, modulesOf } from "./modules.ts";
import type { Page } from "./pages.ts";

const tool = join(import.meta.dirname, "..");

/** Where modules are written: beside the setups, and below the dependencies that they import. */
export const folder: string = join(tool, "blocks");

/** As the compiler's own `strict`, without what only this repository asks of its code. */
const SETTINGS = {
  extends: "@holdfast/tsconfig/test.json",
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
    exactOptionalPropertyTypes: false,
    noUncheckedIndexedAccess: false,
  },
};

/** Writes the modules of all pages anew, and returns them. */
export function writeModules(pages: readonly Page[]): Module[] {
  const modules = pages.flatMap((page) => modulesOf(readBlocks(page)));
  rmSync(folder, { recursive: true, force: true });
  // What the code of a page imports from its own folder.
  cpSync(join(tool, "beside"), folder, { recursive: true });
  for (const { path, text } of modules) writeFileSync(join(folder, path), text);
  const typescript = { ...SETTINGS, include: ["*.ts", "../setups/*.d.ts"] };
  const javascript = {
    extends: "./tsconfig.json",
    compilerOptions: { allowJs: true, checkJs: true, noImplicitAny: false },
    include: ["*.js"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(typescript));
  writeFileSync(join(folder, "tsconfig.js.json"), JSON.stringify(javascript));
  return modules;
}

/** What the repository's compiler says of the written modules, each line with the place on its page. */
export function compile(modules: readonly Module[]): string[] {
  return ["tsconfig.json", "tsconfig.js.json"].flatMap((settings) => {
    const { stdout, stderr, status } = spawnSync("tsc", ["-p", join(folder, settings), "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (status === 0) return [];
    return `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => atItsPage(line, modules));
  });
}

/** A message of the compiler with the page and its line in front, where it is about a module. */
export function atItsPage(message: string, modules: readonly Pick<Module, "path" | "page" | "origins">[]): string {
  const [, path, line, rest] = /^([^(]+)\((\d+),\d+\): (.+)$/.exec(message) ?? [];
  const found = modules.find((each) => each.path === path);
  const origin = found?.origins.findLast(({ module }) => module <= Number(line));
  return found && origin ? `${found.page}:${origin.page + Number(line) - origin.module}: ${rest}` : message;
}
