import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Project } from "./published.ts";

const execute = promisify(execFile);

/** A compiler, and what it is told beside what to compile. */
export interface Check {
  readonly compiler: string;
  readonly settings: readonly string[];
}

/** As a project has it that sets nothing. */
export const BY_DEFAULT: Check = { compiler: "typescript", settings: [] };

export const CHECKS: Readonly<Record<string, Check>> = {
  "with the oldest TypeScript": {
    compiler: "typescript-5.2",
    settings: ["--module", "nodenext", "--target", "es2022"],
  },
  "in a project that knows Node and no browser": {
    compiler: "typescript",
    settings: ["--lib", "es2022", "--types", "node", "--typeRoots", dirname(folderOf("@types/node"))],
  },
};

/** An app's file that imports these. */
export function appOf(project: Project, entries: readonly string[]): Promise<string> {
  const lines = entries.map((entry, index) => `export * as entry${index} from ${JSON.stringify(entry)};\n`);
  return project.write("types.ts", lines.join(""));
}

/** What a compiler has to say of files and of all types that they reach: nothing where they hold. */
export async function complaintsOf(files: readonly string[], { compiler, settings }: Check): Promise<string> {
  const program = join(folderOf(compiler), "bin/tsc");
  const args = [program, "--noEmit", "--strict", "--skipLibCheck", "false", ...settings, ...files];
  // Not below a tsconfig.json, which newer ones would have read instead of what they are told.
  const cwd = dirname(files[0] ?? "");
  return execute(process.execPath, args, { cwd }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr, message }) => stdout || stderr || message,
  );
}

/** Where a package that these tests depend on is installed. */
export function folderOf(dependency: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${dependency}/package.json`));
}
