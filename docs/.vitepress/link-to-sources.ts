import { posix } from "node:path";
import type MarkdownIt from "markdown-it";

/**
 * Links that leave docs/ (to a package, a file, the rules for contributors) lead into the repository. The site's build is told where
 * that can be looked at: `sources` is the address of its root. Without it such a link is plain text, since there is nowhere to go.
 */
export function linkToSources(md: MarkdownIt, { sources }: { sources: string | undefined }): void {
  md.core.ruler.push("link-to-sources", ({ tokens, env }) => {
    const page = (env as { relativePath?: string }).relativePath ?? "";
    for (const { children } of tokens) {
      for (const [index, open] of (children ?? []).entries()) {
        if (open.type !== "link_open") continue;
        const target = outside(page, open.attrGet("href") ?? "");
        if (target === undefined) continue;
        if (sources !== undefined) {
          open.attrSet("href", `${sources.replace(/\/$/, "")}/${target}`);
          continue;
        }
        const close = children?.slice(index).find(({ type, level }) => type === "link_close" && level === open.level);
        for (const token of [open, close]) {
          if (token === undefined) continue;
          token.tag = "span";
          token.attrs = null;
        }
      }
    }
  });
}

/** The path from the root of the repository, of a link that leaves docs/. */
function outside(page: string, href: string): string | undefined {
  if (/^([a-z]+:|\/|#)/i.test(href)) return undefined;
  const path = posix.normalize(posix.join("docs", posix.dirname(page), href));
  return path.startsWith("docs/") ? undefined : path;
}
