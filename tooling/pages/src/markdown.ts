import { slug } from "github-slugger";
import MarkdownIt from "markdown-it";

export interface Fence {
  /** What follows the backticks: the language, then words. */
  info: string;
  code: string;
  /** One-based line of the page on which the code begins. */
  line: number;
}

interface Link {
  target: string;
  line: number;
}

export interface Markdown {
  fences: Fence[];
  links: Link[];
  /** The text of the headings, and the anchors that they make, by GitHub's rules. The site makes the same ones. */
  headings: { text: string; level: number; anchor: string }[];
}

const parser = new MarkdownIt({ html: true });

/** Reads of a page what is checked. */
export function readMarkdown(text: string): Markdown {
  const found: Markdown = { fences: [], links: [], headings: [] };
  const seen = new Map<string, number>();
  const tokens = parser.parse(withoutFrontmatter(text), {});
  for (const [index, token] of tokens.entries()) {
    const line = (token.map?.[0] ?? 0) + 1;
    if (token.type === "fence") found.fences.push({ info: token.info.trim(), code: token.content, line: line + 1 });
    if (token.type === "heading_open") {
      const title = plainText(tokens[index + 1]);
      found.headings.push({ text: title, level: Number(token.tag.slice(1)), anchor: uniqueAnchor(title, seen) });
    }
    for (const inner of token.children ?? []) {
      const target = inner.attrGet("href") ?? inner.attrGet("src");
      if (target !== null) found.links.push({ target, line });
    }
  }
  return found;
}

/** Blank lines in its place, so that lines keep their numbers. */
function withoutFrontmatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n/, (matter) => "\n".repeat(matter.split("\n").length - 1));
}

function plainText(heading: { children: { type: string; content: string }[] | null } | undefined): string {
  return (heading?.children ?? [])
    .filter(({ type }) => type === "text" || type === "code_inline")
    .map(({ content }) => content)
    .join("");
}

function uniqueAnchor(title: string, seen: Map<string, number>): string {
  const anchor = slug(title);
  const times = seen.get(anchor) ?? 0;
  seen.set(anchor, times + 1);
  return times === 0 ? anchor : `${anchor}-${times}`;
}
