import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkspacePackage } from "./workspace.ts";

/** The page that draws the map of the repository. */
export const MAP = "docs/architecture.md";

/** What has to stand on the map: packages and apps by their folders' names, tools by their paths, parts of core as `core/part`. */
export function placesOnMap(packages: WorkspacePackage[], partsOfCore: string[]): string[] {
  const folders = packages.map(({ folder }) => folder).filter((folder) => folder.includes("/"));
  return [
    ...folders.map((folder) => (folder.startsWith("tooling/") ? folder : folder.slice(folder.indexOf("/") + 1))),
    ...partsOfCore.map((part) => `core/${part}`),
  ];
}

/** Every place that the page does not name, one sentence each. */
export function checkMap(page: string, places: string[]): string[] {
  return places
    .filter((place) => !new RegExp(`(?<![\\w/-])${place}(?![\\w/-])`).test(page))
    .map((place) => `${MAP}: ${place} is not on the map`);
}

/** As `checkMap`, of the repository at `root`. */
export function checkMapOf(root: string, packages: WorkspacePackage[]): string[] {
  const parts = readdirSync(join(root, "packages/core/src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  return checkMap(readFileSync(join(root, MAP), "utf8"), placesOnMap(packages, parts));
}
