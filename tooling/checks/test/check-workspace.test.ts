import { describe, expect, it } from "vitest";
import { checkWorkspace } from "../src/check-workspace.ts";
import { readImports } from "../src/imports.ts";
import { rules } from "../src/rules.ts";
import type { Manifest, WorkspacePackage } from "../src/workspace.ts";

describe("checkWorkspace", () => {
  it("accepts packages that follow the map", () => {
    expect(
      checkWorkspace(
        [
          library("core", {}, { "src/index.ts": 'export * from "./keys.js";', "src/keys.ts": "export const a = 1;" }),
          library("sqlite", needs("core"), { "src/index.ts": 'import "node:fs"; import "@holdfast/core";' }),
          library("filesystem", needs("core", "sqlite"), { "src/index.ts": 'import "@holdfast/sqlite/item-table";' }),
        ],
        rules,
      ),
    ).toEqual([]);
  });

  it("refuses a dependency against the arrows, in package.json and in code", () => {
    expect(
      checkWorkspace(
        [
          library("core", {}, { "src/index.ts": 'import type { A } from "@holdfast/memory";' }),
          library("memory", { devDependencies: {}, ...needs("sqlite") }, {}),
          library("sqlite", needs("core"), {}),
        ],
        rules,
      ),
    ).toEqual([
      'packages/core/src/index.ts:1: @holdfast/core must not import "@holdfast/memory"',
      "packages/memory/package.json: @holdfast/memory must not depend on @holdfast/sqlite",
    ]);
  });

  it("refuses an entry of a package of which only another entry is allowed", () => {
    const packages = [
      library("filesystem", needs("sqlite"), { "src/index.ts": 'import "@holdfast/sqlite";' }),
      library("sqlite", {}, {}),
    ];
    expect(checkWorkspace(packages, rules)).toEqual([
      'packages/filesystem/src/index.ts:1: @holdfast/filesystem must not import "@holdfast/sqlite"',
    ]);
  });

  it.each([
    'import { readFileSync } from "node:fs";',
    'import "fs";',
    'export { sep } from "node:path";',
    'const fs = await import("node:fs/promises");',
    'export type Stats = import("node:fs").Stats;',
  ])("refuses a Node built-in in portable code: %s", (code) => {
    expect(checkWorkspace([library("core", {}, { "src/codec/gzip.ts": code })], rules)).toEqual([
      expect.stringContaining("packages/core/src/codec/gzip.ts:1: portable code must not import the Node built-in"),
    ]);
  });

  it("lets the platform file of core import Node built-ins", () => {
    const core = library("core", {}, { "src/platform/node.ts": 'import "node:crypto";' });
    expect(checkWorkspace([core], rules)).toEqual([]);
  });

  it("refuses packages in a circle, development dependencies included", () => {
    const packages = [
      library("core", { devDependencies: { "@holdfast/memory": "workspace:^" } }, {}),
      library("memory", needs("core"), {}),
    ];
    expect(checkWorkspace(packages, rules)).toEqual([
      "packages depend on each other in a circle: @holdfast/core → @holdfast/memory → @holdfast/core",
    ]);
  });

  it("refuses files in a circle, type imports included", () => {
    const core = library(
      "core",
      {},
      {
        "src/index.ts": 'export * from "./a.js";',
        "src/a.ts": 'import "./b/b.js";',
        "src/b/b.ts": 'import type { A } from "../a.js";',
      },
    );
    expect(checkWorkspace([core], rules)).toEqual([
      "packages/core: files import each other in a circle: src/a.ts → src/b/b.ts → src/a.ts",
    ]);
  });

  it("refuses an import that users of the package do not get", () => {
    const core = library("core", { devDependencies: { "left-pad": "1" } }, { "src/index.ts": 'import "left-pad";' });
    expect(checkWorkspace([core], rules)).toEqual([
      'packages/core/src/index.ts:1: "left-pad" is not among the dependencies that users of @holdfast/core get',
    ]);
  });

  it("refuses an import that leaves the package's sources", () => {
    const core = library("core", {}, { "src/index.ts": 'import "../../memory/src/index.js";' });
    expect(checkWorkspace([core], rules)).toEqual([
      'packages/core/src/index.ts:1: "../../memory/src/index.js" leaves the package\'s src',
    ]);
  });

  it("refuses code without a test, and lets an empty package be", () => {
    const withCode = { ...library("core", {}, { "src/index.ts": "export const a = 1;" }), tests: [] };
    const empty = { ...library("core", {}, { "src/index.ts": "export {};" }), tests: [] };
    expect(checkWorkspace([withCode], rules)).toEqual(["packages/core: has code but no test/**/*.test.ts"]);
    expect(checkWorkspace([empty], rules)).toEqual([]);
  });

  it("refuses a package that nobody gave a place on the map", () => {
    expect(checkWorkspace([library("surprise", {}, {})], rules)).toEqual([
      "packages/surprise: @holdfast/surprise has no rule in tooling/checks/src/rules.ts",
    ]);
  });
});

function library(name: string, manifest: Partial<Manifest>, files: Record<string, string>): WorkspacePackage {
  return {
    folder: `packages/${name}`,
    manifest: { name: `@holdfast/${name}`, ...manifest },
    sources: Object.entries(files).map(([path, text]) => ({ path, ...readImports("file.ts", text) })),
    tests: ["test/some.test.ts"],
  };
}

function needs(...names: string[]): Partial<Manifest> {
  return { dependencies: Object.fromEntries(names.map((name) => [`@holdfast/${name}`, "workspace:^"])) };
}
