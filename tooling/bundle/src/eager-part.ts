import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/** What a page loads of an app before the app does anything: a module, and all that it imports statically. */
export interface EagerPart {
  /** The code, minified, in one file. */
  readonly code: string;
  /** Bytes of the code by gzip at its highest level. */
  readonly gzipped: number;
  /** What it consists of, the largest first, in bytes before minification. */
  readonly modules: readonly { readonly file: string; readonly bytes: number }[];
  /** What it imports only when that is used. */
  readonly lazy: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const APP = `${import.meta.dirname}/app.js`;

/**
 * Bundles an app, given as the text of a module, for browsers. What is lazy is left out, so that the figure says nothing of how
 * a bundler cuts code into files: one that cuts what is eager as well makes more bytes of it.
 */
export async function eagerPart(app: string): Promise<EagerPart> {
  const lazy = new Set<string>();
  const bundle = await rolldown({
    input: APP,
    platform: "browser",
    plugins: [
      {
        name: "eager-part",
        resolveId: (id) => (id === APP ? APP : undefined),
        load: (id) => (id === APP ? app : undefined),
        resolveDynamicImport(specifier, importer) {
          if (typeof specifier !== "string" || importer === undefined) return undefined;
          lazy.add(relative(ROOT, resolve(dirname(importer), specifier)));
          return { id: specifier, external: true };
        },
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error(`${others.map(({ fileName }) => fileName).join(", ")} should not be there`);
  return {
    code: chunk.code,
    gzipped: gzipSync(chunk.code, { level: 9 }).length,
    modules: Object.entries(chunk.modules)
      .map(([path, { renderedLength }]) => ({ file: relative(ROOT, path), bytes: renderedLength }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes),
    lazy: [...lazy],
  };
}
