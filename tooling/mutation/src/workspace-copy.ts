import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { instrument } from "./instrument.ts";
import { type Mutant, toldApart } from "./mutant.ts";
import type { Sources } from "./results.ts";

/** Built in this order. */
const PACKAGES = [
  { name: "core", projects: ["tsconfig.json", "tsconfig.node.json"] },
  { name: "conformance", projects: ["tsconfig.json"] },
  { name: "memory", projects: ["tsconfig.json"] },
];
const TARGETS = /^(?:(?:engine|query|codec|spi)\/.+|keys|versions)\.js$/;

/** A part of the workspace in a place of its own, where nothing disturbs the work tree nor is disturbed by it. */
export interface WorkspaceCopy {
  readonly directory: string;
  /** The test files that core must pass. */
  readonly tests: readonly string[];
  /** The modules that hold mutants. */
  readonly modules: readonly string[];
  readonly generator: string;
  readonly mutants: readonly Mutant[];
  readonly sources: Sources;
  /** Every source from which a verdict follows. */
  readonly inputs: readonly string[];
  remove(): void;
}

/** Copies, builds and instruments. */
export function copyWorkspace(root: string): WorkspaceCopy {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-mutation-")));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "dir");
    for (const name of ["tsconfig", "vitest"]) copyPackage(root, directory, join("tooling", name));
    for (const { name } of PACKAGES) copyPackage(root, directory, join("packages", name));
    for (const { name, projects } of PACKAGES) {
      for (const project of projects) build(join(directory, "packages", name), project);
    }
    const core = join(directory, "packages/core");
    const { modules, mutants } = instrumentAll(join(core, "dist"));
    const tests = [
      ...filesBelow(join(core, "test")).filter((file) => file.endsWith(".test.ts")),
      join(directory, "packages/memory/test/conformance.test.ts"),
    ];
    const inputs = PACKAGES.flatMap(({ name }) =>
      ["src", "test"].flatMap((folder) => filesBelow(join(directory, "packages", name, folder))),
    );
    const generator = join(core, "node_modules/fast-check/lib/fast-check.js");
    const sources = sourcesOf(core, mutants);
    return { directory, tests, modules, generator, mutants, sources, inputs, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function copyPackage(root: string, directory: string, path: string): void {
  const left = new Set(["dist", "reports", ".vite", ".vite-temp", ".turbo"]);
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  // Links between packages are relative: those of the copy lead to the copy.
  const filter = (source: string) => !left.has(basename(source));
  cpSync(join(root, path), join(directory, path), { recursive: true, verbatimSymlinks: true, filter });
}

function build(directory: string, project: string): void {
  const compiler = join(directory, "../../node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", project], {
    cwd: directory,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

function instrumentAll(dist: string): { modules: string[]; mutants: Mutant[] } {
  const modules: string[] = [];
  const mutants: Omit<Mutant, "nth">[] = [];
  for (const path of filesBelow(dist)) {
    const name = path.slice(dist.length + 1).replaceAll("\\", "/");
    if (!TARGETS.test(name)) continue;
    const source = readFileSync(path, "utf8");
    const { code, changes } = instrument(name, source, mutants.length + 1);
    if (changes.length === 0) continue;
    const lineOf = sourceLines(source, JSON.parse(readFileSync(`${path}.map`, "utf8")));
    for (const { start, end, operator, replacement } of changes) {
      mutants.push({
        id: mutants.length + 1,
        file: `src/${name.replace(/\.js$/, ".ts")}`,
        line: lineOf(start),
        operator,
        original: source.slice(start, end),
        replacement,
        before: source.slice(source.lastIndexOf("\n", start - 1) + 1, start).trimStart(),
        behind: (source.slice(end).split("\n", 1)[0] ?? "").trimEnd(),
      });
    }
    writeFileSync(path, code);
    modules.push(path);
  }
  return { modules, mutants: toldApart(mutants) };
}

function sourcesOf(core: string, mutants: readonly Mutant[]): Sources {
  const files = new Set(mutants.map(({ file }) => file));
  const fingerprint = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(core, file)))
      .digest("hex")
      .slice(0, 16);
  return new Map(Array.from(files, (file) => [file, fingerprint(file)]));
}

/** Finds the one-based line of the TypeScript source for a place in what was emitted for it. */
function sourceLines(emitted: string, map: ConstructorParameters<typeof SourceMap>[0]): (offset: number) => number {
  const sourceMap = new SourceMap(map);
  return (offset) => {
    const before = emitted.slice(0, offset).split("\n");
    const entry = sourceMap.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
    return "originalLine" in entry ? entry.originalLine + 1 : before.length;
  };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
