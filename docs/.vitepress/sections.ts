import { globSync, readFileSync } from "node:fs";
import { join, matchesGlob, posix, sep } from "node:path";

/** One heading of the side bar, and the pages below it, in order. A pattern takes every page that no line above it names. */
interface Section {
  text: string;
  /** Paths below docs/ without their ending. */
  pages: string[];
}

/**
 * Where each page of docs/ stands. A page that no section takes stands under "More pages", so that readers find it, and fails a test
 * (tooling/pages), so that it gets its place.
 */
export const sections: Section[] = [
  { text: "Start", pages: ["start", "factory", "fallbacks"] },
  {
    text: "Concepts",
    pages: [
      "concepts/contract",
      "concepts/pipeline",
      "concepts/keys",
      "concepts/versions",
      "search",
      "concepts/durability",
      "concepts/*",
    ],
  },
  {
    text: "Guides",
    pages: [
      "guides/model-your-data",
      "guides/change-a-schema",
      "guides/undo-and-history",
      "guides/move-your-data",
      "guides/back-up-and-restore",
      "guides/*",
      "testing-your-app",
      "operations",
      "playground",
    ],
  },
  { text: "Adapters", pages: ["memory", "sqlite", "filesystem", "indexeddb", "cloud*"] },
  {
    text: "Features",
    pages: ["collections", "history-and-feed", "migration", "encryption*", "key*", "sync*", "backup*"],
  },
  { text: "For authors of adapters", pages: ["write-an-adapter", "conformance", "certification"] },
  { text: "Proof", pages: ["guarantees", "benchmarks", "comparison", "mutation"] },
  { text: "Reference", pages: ["cli"] },
  { text: "Inside", pages: ["architecture", "design"] },
];

/** Not part of the side bar: the home page, the list of pages for readers of the repository, and what is generated. */
const OUTSIDE = ["index", "README", "api/**"];
const UNPLACED = "More pages";

export interface PlacedPage {
  /** Below docs/, without its ending. */
  path: string;
  title: string;
}

/** Every section with its pages as they are, each page once; what no section takes comes last. */
export function placePages(docs: string): { text: string; pages: PlacedPage[] }[] {
  const rest = new Set(findPages(docs));
  const placed = sections.map(({ text, pages }) => ({
    text,
    pages: pages.flatMap((pattern) => {
      const taken = [...rest].filter((path) => matchesGlob(path, pattern) && !named(path, pattern));
      for (const path of taken) rest.delete(path);
      return taken.map((path) => ({ path, title: titleOf(docs, path) }));
    }),
  }));
  const unplaced = [...rest].map((path) => ({ path, title: titleOf(docs, path) }));
  return [...placed, { text: UNPLACED, pages: unplaced }].filter(({ pages }) => pages.length > 0);
}

/** Pages of docs/ that no section takes. */
export function unplacedPages(docs: string): string[] {
  return placePages(docs).flatMap(({ text, pages }) => (text === UNPLACED ? pages.map(({ path }) => path) : []));
}

function findPages(docs: string): string[] {
  return globSync("**/*.md", { cwd: docs, exclude: (name) => name === "node_modules" || name === ".vitepress" })
    .map((path) => path.split(sep).join(posix.sep).replace(/\.md$/, ""))
    .filter((path) => !OUTSIDE.some((pattern) => matchesGlob(path, pattern)))
    .sort();
}

/** Whether a pattern takes a page that another line names, which then stands there. */
function named(path: string, pattern: string): boolean {
  return pattern !== path && sections.some(({ pages }) => pages.includes(path));
}

function titleOf(docs: string, path: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(docs, `${path}.md`), "utf8")) ?? [];
  if (title === undefined) throw new Error(`docs/${path}.md has no title: a line that begins with "# "`);
  return title;
}
