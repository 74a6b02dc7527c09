import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One door of a published package: what an import of it names, and where its types and its report are. */
export interface Entry {
  /** As it is imported, such as `@holdfast/sqlite/item-table`. */
  readonly specifier: string;
  readonly manifest: string;
  readonly types: string;
  readonly report: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly types?: string }>>;
}

const ROOT = resolve(import.meta.dirname, "../../..");

/** Every entry point with types of every package that is published. */
export function publicEntries(): Entry[] {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(join(ROOT, group)).flatMap((name) => entriesOf(join(ROOT, group, name))),
  );
}

function entriesOf(folder: string): Entry[] {
  const manifest = join(folder, "package.json");
  const { name, private: hidden, exports = {} } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  if (hidden) return [];
  return Object.entries(exports).flatMap(([path, { types }]) => {
    if (types === undefined) return [];
    const specifier = path === "." ? name : `${name}${path.slice(1)}`;
    const report = join(folder, "api", `${specifier.replace(/^@holdfast\//, "").replaceAll("/", "-")}.api.md`);
    return [{ specifier, manifest, types: join(folder, types), report }];
  });
}
