import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { placePages, sections, unplacedPages } from "@holdfast/docs/sections";
import { expect, it, onTestFinished } from "vitest";
import { readMarkdown } from "../src/markdown.ts";
import { readPages, root } from "../src/pages.ts";

const docs = join(root, "docs");
const pages = new Map(readPages().map(({ path, text }) => [path, readMarkdown(text)]));
const placed = placePages(docs);

it("has a section for every page", () => {
  expect(unplacedPages(docs), "name them in docs/.vitepress/sections.ts").toEqual([]);
});

it("names no page that is gone", () => {
  const named = sections.flatMap((section) => section.pages.filter((page) => !page.includes("*")));
  expect(named.filter((page) => !existsSync(join(docs, `${page}.md`)))).toEqual([]);
});

it("shows every page once", () => {
  const shown = placed.flatMap((section) => section.pages.map(({ path }) => path));
  expect(shown).toEqual([...new Set(shown)]);
  expect(shown).toContain("concepts/keys");
});

it("shows a page that no section takes all the same, and tells of it", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "forgotten.md"), "# Forgotten\n");
  writeFileSync(join(folder, "start.md"), "# Start\n");
  expect(unplacedPages(folder)).toEqual(["forgotten"]);
  expect(placePages(folder).at(-1)).toEqual({ text: "More pages", pages: [{ path: "forgotten", title: "Forgotten" }] });
});

it("lists every page for the readers of the repository", () => {
  const listed = new Set(pages.get("docs/README.md")?.links.map(({ target }) => posix.join("docs", target)));
  const paths = placed.flatMap((section) => section.pages.map(({ path }) => `docs/${path}.md`));
  expect(
    paths.filter((path) => !listed.has(path)),
    "link them in docs/README.md",
  ).toEqual([]);
});

it("answers the same questions about every adapter", () => {
  const adapters = placed.find(({ text }) => text === "Adapters")?.pages ?? [];
  expect(adapters.length).toBeGreaterThan(3);
  for (const { path } of adapters) {
    const headings = pages.get(`docs/${path}.md`)?.headings.filter(({ level }) => level === 2) ?? [];
    const texts = headings.map(({ text }) => text);
    expect(texts, `docs/${path}.md`).toEqual(
      expect.arrayContaining(["When to use it", "Options", "Layout", "Limits", "Cost"]),
    );
  }
});
