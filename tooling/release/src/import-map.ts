import { readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";

type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly name: string;
  readonly exports?: Target;
  readonly imports?: Readonly<Record<string, Target>>;
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
  const modules = await realpath(join(folder, "node_modules"));
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name in map.imports) continue;
    const base = join(modules, name);
    const manifest = JSON.parse(await readFile(join(base, "package.json"), "utf8")) as Manifest;
    const addressOf = (target: Target) =>
      `/${relative(modules, join(base, chosen(target)))
        .split(sep)
        .join("/")}`;
    const root = manifest.exports ?? manifest.main ?? "index.js";
    map.imports[name] = addressOf(typeof root === "string" || !("." in root) ? root : (root["."] ?? ""));
    const inside = Object.entries(manifest.imports ?? {}).map(([key, target]) => [key, addressOf(target)] as const);
    if (inside.length > 0) map.scopes[`/${name}/`] = Object.fromEntries(inside);
    waiting.push(...Object.keys(manifest.dependencies ?? {}));
  }
  return map;
}

/** The file for browsers. */
function chosen(target: Target): string {
  if (typeof target === "string") return target;
  for (const [condition, inner] of Object.entries(target)) {
    if (["browser", "import", "default"].includes(condition)) return chosen(inner);
  }
  throw new Error(`nothing for browsers in ${JSON.stringify(target)}`);
}
