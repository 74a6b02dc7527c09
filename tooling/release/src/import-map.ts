import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";

type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly name: string;
  readonly exports?: Target;
  readonly imports?: Readonly<Record<string, Target>>;
  readonly module?: string;
  readonly main?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface ImportMap {
  readonly imports: Record<string, string>;
  readonly scopes: Record<string, Record<string, string>>;
}

/** What a page needs to import a project's packages straight from its `node_modules`, which is served at the root. */
export async function importMapOf(folder: string, names: readonly string[]): Promise<ImportMap> {
  const map: ImportMap = { imports: {}, scopes: {} };
  const seen = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const path = join(folder, "node_modules", name, "package.json");
    const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
    const addressOf = (file: string) => posix.join("/", name ?? "", file);
    for (const [entry, file] of filesOf(manifest)) map.imports[name + entry.slice(1)] = addressOf(file);
    const inside = Object.entries(manifest.imports ?? {}).map(([key, target]) => [key, addressOf(chosen(target))]);
    if (inside.length > 0) map.scopes[`/${name}/`] = Object.fromEntries(inside);
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
