import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix, sep } from "node:path";
import { type ModuleImport, readImports } from "./imports.ts";

/** The parts of a package.json that the checks read. */
export interface Manifest {
  name: string;
  private?: boolean;
  repository?: { type?: string; url?: string; directory?: string };
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface SourceFile {
  /** Relative to the package, with forward slashes. */
  path: string;
  imports: ModuleImport[];
  /** Whether it exports or runs anything: a file with only `export {}` does not. */
  hasCode: boolean;
}

export interface WorkspacePackage {
  /** Relative to the repository, with forward slashes. */
  folder: string;
  manifest: Manifest;
  sources: SourceFile[];
  /** Paths of test files, relative to the package. */
  tests: string[];
}

/** Reads every package of the repository at `root`, with its source files and what they import. */
export function readWorkspace(root: string): WorkspacePackage[] {
  return find(root, "{packages,apps,tooling}/*/package.json", "docs/package.json").map((path) => {
    const folder = dirname(path);
    const base = join(root, folder);
    return {
      folder,
      manifest: JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest,
      sources: find(base, "src/**/*.ts").map((source) => {
        const { imports, hasCode } = readImports(basename(source), readFileSync(join(base, source), "utf8"));
        return { path: source, imports, hasCode };
      }),
      tests: find(base, "test/**/*.test.ts"),
    };
  });
}

function find(base: string, ...patterns: string[]): string[] {
  return globSync(patterns, { cwd: base })
    .map((path) => path.split(sep).join(posix.sep))
    .sort();
}
