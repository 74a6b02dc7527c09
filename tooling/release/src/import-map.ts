import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export interface ImportMap {
  readonly imports: Record<string, string>;
  readonly scopes: Record<string, Record<string, string>>;
}

/**
 * What a page needs to import a package: each import that a bundler for browsers meets in it, lazy ones included, by the address at
 * which its file is `served`, a folder for each start of an address.
 */
export async function importMapOf(name: string, served: Readonly<Record<string, string>>): Promise<ImportMap> {
  const entry = fileURLToPath(import.meta.resolve(name));
  const map: ImportMap = { imports: { [name]: addressOf(entry, served) }, scopes: {} };
  await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["es"] } },
    plugins: [
      {
        name: "imports",
        enforce: "pre",
        async resolveId(source, importer, options) {
          if (importer === undefined || /^[./\0]/.test(source)) return null;
          const found = await this.resolve(source, importer, { ...options, skipSelf: true });
          if (found === null) throw new Error(`${importer} imports ${source}, which is nowhere`);
          const address = addressOf(found.id, served);
          if (source.startsWith("#")) {
            // A name within one package.
            const scope = packageOf(importer, served);
            map.scopes[scope] = { ...map.scopes[scope], [source]: address };
          } else map.imports[source] = address;
          return found;
        },
      },
    ],
  });
  return map;
}

function addressOf(file: string, served: Readonly<Record<string, string>>): string {
  const start = packageOf(file, served);
  return start + file.slice((served[start]?.length ?? 0) + 1).replaceAll(sep, "/");
}

/** The start of the address. */
function packageOf(file: string, served: Readonly<Record<string, string>>): string {
  const start = Object.keys(served).find((each) => file.startsWith(served[each] + sep));
  if (start === undefined) throw new Error(`${file} is served nowhere`);
  return start;
}
