import { existsSync } from "node:fs";
import { join } from "node:path";
import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import { linkToSources } from "./link-to-sources.ts";
import { placePages } from "./sections.ts";

const docs = join(import.meta.dirname, "..");
// Written by `pnpm site`, from the packages' public entry points.
const reference = existsSync(join(docs, "api/index.md"));

export default defineConfig({
  title: "Holdfast",
  description: "Storage for TypeScript apps: one API on a desktop, in a browser and in the cloud",
  base: process.env["HOLDFAST_SITE_BASE"] ?? "/",
  cleanUrls: true,
  srcExclude: ["README.md"],
  lastUpdated: false,
  markdown: {
    // The anchors of GitHub, so that one link serves the readers of the repository and those of the site.
    anchor: { slugify: slug },
    config: (md) => md.use(linkToSources, { sources: process.env["HOLDFAST_SITE_SOURCES"] }),
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Start", link: "/start" },
      { text: "Guarantees", link: "/guarantees" },
      { text: "Benchmarks", link: "/benchmarks" },
      ...(reference ? [{ text: "API", link: "/api/" }] : []),
    ],
    sidebar: placePages(docs).map(({ text, pages }) => ({
      text,
      items: [
        ...pages.map(({ path, title }) => ({ text: title, link: `/${path}` })),
        ...(reference && text === "Reference" ? [{ text: "API reference", link: "/api/" }] : []),
      ],
    })),
  },
});
