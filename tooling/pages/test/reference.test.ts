import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../src/pages.ts";

const { packageOptions } = readJson<{ packageOptions: { entryPoints: string[] } }>("docs/typedoc.json");
const manifests = globSync("packages/*/package.json", { cwd: root }).sort();

it.each(manifests)("%s: the reference of the API shows each entry that has types", (path) => {
  const { exports } = readJson<{ exports: Record<string, { types?: string }> }>(path);
  const entries = Object.values(exports).flatMap(({ types }) => types ?? []);
  const own = join(dirname(path), "typedoc.json");
  const { entryPoints } = existsSync(join(root, own)) ? readJson<{ entryPoints: string[] }>(own) : packageOptions;
  expect(entryPoints, `name them in ${own}`).toEqual(
    entries.map((types) => types.replace(/^\.\/dist\/(.+)\.d\.ts$/, "src/$1.ts")),
  );
});

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, path), "utf8")) as T;
}
