import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { type Markdown, readMarkdown } from "./markdown.ts";
import { type Page, root } from "./pages.ts";

interface Reference {
  page: string;
  line: number;
  target: string;
}

/** Links within the repository that lead to no file, or to no heading of a page: a sentence for each. */
export function brokenLinks(pages: readonly Page[]): string[] {
  const read = new Map(pages.map(({ path, text }) => [path, readMarkdown(text)]));
  return referencesOf(pages, read)
    .filter(({ target }) => !isExternal(target))
    .flatMap((reference) => faultOf(reference, read) ?? []);
}

/** Addresses outside of the repository, each once, with the first page that names it. */
export function externalLinks(pages: readonly Page[]): Reference[] {
  const read = new Map(pages.map(({ path, text }) => [path, readMarkdown(text)]));
  const external = referencesOf(pages, read).filter(({ target }) => isExternal(target));
  return [...new Map(external.toReversed().map((each) => [each.target.replace(/#.*/, ""), each])).values()];
}

function referencesOf(pages: readonly Page[], read: ReadonlyMap<string, Markdown>): Reference[] {
  return pages.flatMap(({ path, text }) => [
    ...(read.get(path)?.links ?? []).map(({ target, line }) => ({ page: path, line, target })),
    // The home page is a list of properties.
    ...[...text.matchAll(/^[ \t]+link: (\S+)$/gm)].map(({ 1: target = "", index }) => ({
      page: path,
      line: text.slice(0, index).split("\n").length,
      target,
    })),
  ]);
}

function faultOf({ page, line, target }: Reference, read: ReadonlyMap<string, Markdown>): string | undefined {
  const [path = "", anchor] = decodeURI(target).split("#");
  const file = path === "" ? page : resolveFrom(page, path);
  const at = `${page}:${line}: ${target} leads`;
  if (!read.has(file) && !existsSync(join(root, file))) return `${at} to no file`;
  if (anchor === undefined) return undefined;
  const headings = read.get(file)?.headings;
  if (headings === undefined) return `${at} to a place within a file that is no page`;
  return headings.some((heading) => heading.anchor === anchor) ? undefined : `${at} to no heading`;
}

/** A link that begins with a slash is one of the site, whose pages have no ending. */
function resolveFrom(page: string, path: string): string {
  return path.startsWith("/") ? `docs${path}.md` : posix.normalize(posix.join(posix.dirname(page), path));
}

function isExternal(target: string): boolean {
  return /^[a-z][a-z+.-]*:/i.test(target);
}
