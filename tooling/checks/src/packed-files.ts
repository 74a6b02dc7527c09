/**
 * What is wrong with the list of files in a package: targets of its entries that are missing, files that no user needs,
 * and output whose source is gone (the compiler never deletes what it wrote earlier).
 */
export function checkPackedFiles(
  files: readonly string[],
  exists: (path: string) => boolean,
  manifest: { exports?: unknown; imports?: unknown; bin?: unknown },
): string[] {
  const targets = [manifest.exports, manifest.imports, manifest.bin].flatMap(paths);
  // A target with a star stands for all files below its beginning.
  const names = (target: string, path: string) =>
    target.endsWith("*") ? path.startsWith(target.slice(0, -1)) : path === target;
  return [
    ...targets
      .filter((target) => !files.some((path) => names(target, path)))
      .map((path) => `package.json names ${path}, which is not packed`),
    ...files
      .filter((path) => !targets.some((target) => names(target, path)))
      .filter((path) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+\.(js|d\.ts)(\.map)?)$/.test(path))
      .map((path) => `${path} does not belong in the package`),
    ...files
      .filter((path) => path.startsWith("dist/") && path.endsWith(".js"))
      .filter((path) => !exists(path.replace(/^dist\//, "src/").replace(/\.js$/, ".ts")))
      .map((path) => `${path} is left over from a source that is gone: delete dist and build again`),
  ];
}

function paths(entry: unknown): string[] {
  if (typeof entry === "string") return [entry.replace(/^\.\//, "")];
  if (typeof entry === "object" && entry !== null) return Object.values(entry).flatMap(paths);
  return [];
}
