import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { findCircle } from "./circles.ts";
import type { ModuleImport } from "./imports.ts";
import type { PackageRule } from "./rules.ts";
import type { Manifest, SourceFile, WorkspacePackage } from "./workspace.ts";

/** Every place where the workspace breaks the map of docs/design.md, one sentence each. */
export function checkWorkspace(packages: WorkspacePackage[], rules: Record<string, PackageRule>): string[] {
  const names = new Set(packages.map(({ manifest }) => manifest.name));
  return [
    ...packages.flatMap((each) => {
      const rule = rules[each.manifest.name];
      if (!rule) return [`${each.folder}: ${each.manifest.name} has no rule in tooling/checks/src/rules.ts`];
      return [
        ...checkManifest(each, rule, names),
        ...each.sources.flatMap((source) =>
          source.imports.flatMap((imported) => checkImport(each, source, imported, rule, names)),
        ),
        ...checkFileCircle(each),
        ...checkTests(each),
      ];
    }),
    ...checkPackageCircle(packages, names),
  ];
}

function checkManifest(each: WorkspacePackage, rule: PackageRule, names: Set<string>): string[] {
  return Object.keys(installed(each.manifest))
    .filter((name) => names.has(name) && !rule.arrows.some((arrow) => arrow === name || permits(arrow, name, true)))
    .map((name) => `${each.folder}/package.json: ${each.manifest.name} must not depend on ${name}`);
}

function checkImport(
  each: WorkspacePackage,
  source: SourceFile,
  { specifier, line }: ModuleImport,
  rule: PackageRule,
  names: Set<string>,
): string[] {
  const at = `${each.folder}/${source.path}:${line}`;
  if (specifier.startsWith("#")) return [];
  if (specifier.startsWith(".")) {
    return posix.join(posix.dirname(source.path), specifier).startsWith("src/")
      ? []
      : [`${at}: "${specifier}" leaves the package's src`];
  }
  if (isBuiltin(specifier)) {
    return rule.portable && !rule.portable.nodeFiles.includes(source.path)
      ? [`${at}: portable code must not import the Node built-in "${specifier}"`]
      : [];
  }
  const name = packageName(specifier);
  if (names.has(name) && !rule.arrows.some((arrow) => permits(arrow, specifier, false))) {
    return [`${at}: ${each.manifest.name} must not import "${specifier}"`];
  }
  // Tooling never ships, so what it uses may be any dependency of its own or of the repository.
  if (each.folder.startsWith("tooling/") || name in installed(each.manifest)) return [];
  if (each.manifest.private && name in (each.manifest.devDependencies ?? {})) return [];
  return [`${at}: "${name}" is not among the dependencies that users of ${each.manifest.name} get`];
}

/** Whether an arrow covers an import: the whole package, all entries of a scope, or exactly one entry. */
function permits(arrow: string, specifier: string, wholePackage: boolean): boolean {
  if (arrow.endsWith("/*")) return specifier.startsWith(arrow.slice(0, -1));
  if (wholePackage) return packageName(arrow) === specifier;
  return specifier === arrow || (packageName(arrow) === arrow && specifier.startsWith(`${arrow}/`));
}

function checkFileCircle(each: WorkspacePackage): string[] {
  const files = new Set(each.sources.map(({ path }) => path));
  const circle = findCircle(
    new Map(
      each.sources.map(({ path, imports }) => [
        path,
        imports
          .filter(({ specifier }) => specifier.startsWith("."))
          .map(({ specifier }) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts"))
          .filter((target) => files.has(target)),
      ]),
    ),
  );
  return circle ? [`${each.folder}: files import each other in a circle: ${circle.join(" → ")}`] : [];
}

/** Development dependencies count too: a task graph with a circle cannot be ordered. */
function checkPackageCircle(packages: WorkspacePackage[], names: Set<string>): string[] {
  const circle = findCircle(
    new Map(
      packages.map(({ manifest }) => [
        manifest.name,
        Object.keys({ ...installed(manifest), ...manifest.devDependencies }).filter((name) => names.has(name)),
      ]),
    ),
  );
  return circle ? [`packages depend on each other in a circle: ${circle.join(" → ")}`] : [];
}

function checkTests(each: WorkspacePackage): string[] {
  if (each.tests.length > 0 || each.manifest.private) return [];
  return each.sources.some(({ hasCode }) => hasCode) ? [`${each.folder}: has code but no test/**/*.test.ts`] : [];
}

function installed(manifest: Manifest): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
