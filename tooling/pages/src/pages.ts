import { globSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

export const root: string = join(import.meta.dirname, "../../..");

/** A page of the documentation. */
export interface Page {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
}

/** What a reader meets: the pages of docs/, and what stands at the root and in each package. */
const PAGES = ["docs/*.md", "docs/{concepts,guides}/**/*.md", "*.md", "packages/*/README.md", "apps/*/README.md"];

/** Every page, in order of paths. */
export function readPages(): Page[] {
  return globSync(PAGES, { cwd: root })
    .map((path) => path.split(sep).join(posix.sep))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
