import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { ImportMap } from "./import-map.ts";

type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly exports?: Target;
  readonly imports?: Readonly<Record<string, Target>>;
  readonly module?: string;
  readonly main?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * What a page needs to import a package that npm has installed, where `node_modules` is served beside it: all that the manifests of
 * the package and of what it depends on let be imported.
 */
export async function importMapOfInstalled(name: string, modules: string): Promise<ImportMap> {
  const map: ImportMap = { imports: {}, scopes: {} };
  const seen = new Set<string>();
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const manifest = JSON.parse(await readFile(join(modules, next, "package.json"), "utf8")) as Manifest;
    const folder = `/node_modules/${next}/`;
    const addressOf = (file: string) => posix.join(folder, file);
    for (const [entry, file] of filesOf(manifest)) map.imports[next + entry.slice(1)] = addressOf(file);
    const inside = Object.entries(manifest.imports ?? {}).map(([key, target]) => [key, addressOf(chosen(target))]);
    if (inside.length > 0) map.scopes[folder] = Object.fromEntries(inside);
    waiting.push(...Object.keys(manifest.dependencies ?? {}));
  }
  return map;
}

/** What may be imported of a package, each path with its file for browsers. A package without `exports` hides nothing. */
function filesOf({ exports, module, main = "index.js" }: Manifest): (readonly [path: string, file: string])[] {
  if (exports === undefined) {
    return [
      [".", module ?? main],
      ["./", "./"],
    ];
  }
  if (typeof exports === "string" || !Object.keys(exports).some((path) => path.startsWith("."))) {
    return [[".", chosen(exports)]];
  }
  // Of a pattern an import map knows none but whole folders.
  const paths = Object.entries(exports).filter(([path]) => !path.includes("*"));
  return paths.map(([path, target]) => [path, chosen(target)] as const);
}

/** The file for browsers. */
function chosen(target: Target): string {
  if (typeof target === "string") return target;
  for (const [condition, inner] of Object.entries(target)) {
    if (["browser", "import", "default"].includes(condition)) return chosen(inner);
  }
  throw new Error(`nothing for browsers in ${JSON.stringify(target)}`);
}
