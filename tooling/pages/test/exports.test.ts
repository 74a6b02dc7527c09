import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { expect, it } from "vitest";
import { readPages, root } from "../src/pages.ts";

const pages = readPages().map(({ text }) => text);
const sources = globSync("{packages,apps,tooling}/*/{src,test,setups}/**/*.{ts,tsx}", { cwd: root })
  .map((path) => path.split(sep).join(posix.sep))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const entries = await Promise.all(
  publicEntries().map(async (entry) => ({ ...entry, offered: { ...(await import(entry.specifier)) } as Offered })),
);

// An export that nobody uses is a promise all the same: it is taken out, or told of on a page.
it.each(entries)("$specifier: each value is used by another package, or named on a page", ({ folder, offered }) => {
  expect(offered).not.toEqual({});
  const unused = Object.entries(offered).filter(([name, value]) => {
    // What one entry hands on from another may be imported from either.
    const doors = entries.filter((entry) => entry.offered[name] === value).map(({ specifier }) => specifier);
    const isUser = ({ path, text }: (typeof sources)[number]) =>
      !path.startsWith(`${folder}/`) && doors.some((door) => text.includes(`"${door}"`));
    const texts = [...pages, ...sources.filter(isUser).map(({ text }) => text)];
    return !texts.some((text) => new RegExp(`\\b${name}\\b`).test(text));
  });
  expect(unused.map(([name]) => name)).toEqual([]);
});

type Offered = Readonly<Record<string, unknown>>;

function publicEntries(): { specifier: string; folder: string }[] {
  return globSync("{packages,apps}/*/package.json", { cwd: root })
    .sort()
    .flatMap((path) => {
      const manifest: unknown = JSON.parse(readFileSync(join(root, path), "utf8"));
      const { name, private: hidden, exports = {} } = manifest as Manifest;
      if (hidden) return [];
      const folder = dirname(path).split(sep).join(posix.sep);
      return Object.entries(exports).flatMap(([entry, { types }]) =>
        types === undefined ? [] : [{ specifier: posix.join(name, entry), folder }],
      );
    });
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly types?: string }>>;
}
