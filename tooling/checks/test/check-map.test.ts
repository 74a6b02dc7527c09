import { expect, it } from "vitest";
import { checkMap, placesOnMap } from "../src/check-map.ts";
import type { WorkspacePackage } from "../src/workspace.ts";

const at = (folder: string): WorkspacePackage => ({ folder, manifest: { name: folder }, sources: [], tests: [] });
const PLACES = placesOnMap([at("packages/core"), at("apps/cli"), at("tooling/api"), at("docs")], ["codec"]);

it("asks for packages, apps, tools and the parts of core", () => {
  expect(PLACES).toEqual(["core", "cli", "tooling/api", "core/codec"]);
});

it("accepts a page that names them all", () => {
  expect(checkMap("cli ─▶ core\n| `core/codec` | bytes |\n| `tooling/api` |\n", PLACES)).toEqual([]);
});

it("tells what the page does not name, also where the name is part of another", () => {
  expect(checkMap("client and core-js, core/codecs, tooling/apis, packages/core", PLACES)).toEqual([
    "docs/architecture.md: core is not on the map",
    "docs/architecture.md: cli is not on the map",
    "docs/architecture.md: tooling/api is not on the map",
    "docs/architecture.md: core/codec is not on the map",
  ]);
});
