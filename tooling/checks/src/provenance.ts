import type { WorkspacePackage } from "./workspace.ts";

type Published = Pick<WorkspacePackage, "folder" | "manifest">;

/**
 * What keeps packages from being published with provenance: npm refuses one whose `repository` is not the place that it is
 * published from. Every package that is not private has to name the same address, and its own folder there.
 */
export function checkProvenance(packages: readonly Published[]): string[] {
  const published = packages.filter(({ manifest }) => manifest.private !== true);
  const missing = published.filter(({ manifest }) => manifest.repository === undefined);
  const named = published.filter(({ manifest }) => manifest.repository !== undefined);
  const addresses = new Set(named.map(({ manifest }) => manifest.repository?.url));
  return [
    ...missing.map(({ folder }) => `${folder}/package.json has no "repository"`),
    ...named
      .filter(({ manifest }) => manifest.repository?.type !== "git" || !isAddress(manifest.repository.url))
      .map(({ folder }) => `${folder}/package.json: its "repository" is no { "type": "git", "url": "git+https://…" }`),
    ...named
      .filter(({ folder, manifest }) => manifest.repository?.directory !== folder)
      .map(({ folder }) => `${folder}/package.json: the "directory" of its "repository" is not "${folder}"`),
    ...(addresses.size > 1 ? [`the packages name several repositories: ${[...addresses].join(", ")}`] : []),
  ];
}

function isAddress(url: unknown): boolean {
  return typeof url === "string" && /^git\+https:\/\/[^/]+\/.+$/.test(url);
}
