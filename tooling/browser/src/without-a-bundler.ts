import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

const PAGE = new URL("../../../docs/guides/without-a-bundler.md", import.meta.url);

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The page, with its import map, that the documentation gives to apps without a bundler, as it stands there. It runs `/app.js`. */
export async function pageWithoutBundler(): Promise<string> {
  const [, html] = /^```html\n(.*?)^```$/ms.exec(await readFile(PAGE, "utf8")) ?? [];
  if (html === undefined) throw new Error(`${PAGE.pathname} has no block of HTML`);
  return html;
}

/**
 * The folders of packages, with those that they depend on, by the address at which that page expects them:
 * `/node_modules/p-retry/`. They are looked for as Node does, from `folder` on, so it does not matter which program laid them out.
 */
export async function servedPackages(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const served: Record<string, string> = {};
  const waiting = names.map((name) => ({ name, from: folder }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const address = `/node_modules/${next.name}/`;
    if (address in served) continue;
    const base = await folderOf(next.name, next.from);
    served[address] = base;
    const { dependencies = {} } = await manifestIn(base);
    waiting.push(...Object.keys(dependencies).map((name) => ({ name, from: base })));
  }
  return served;
}

/** A package finds itself by its name too. */
async function folderOf(name: string, from: string): Promise<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    if ((await manifestIn(folder)).name === name) return folder;
    const found = await realpath(join(folder, "node_modules", name)).catch(() => undefined);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) throw new Error(`${name} is not installed at ${from}`);
  }
}

/** Of a folder that is no package's: empty. */
async function manifestIn(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}");
  return JSON.parse(text) as Manifest;
}
