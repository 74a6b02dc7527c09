import { readFile } from "node:fs/promises";

/** A page of the documentation. */
export function readPage(name: string): Promise<string> {
  return readFile(new URL(`../../../../docs/${name}.md`, import.meta.url), "utf8");
}

/** The lines that a page shows for a shell, below one of its headings (of any level), up to the next heading. */
export function commandsOf(page: string, heading: string): string[] {
  const [, section] = page.split(new RegExp(`^#+ ${heading}\\n`, "m"));
  if (section === undefined) throw new Error(`the page has no heading ${JSON.stringify(heading)}`);
  const [text = ""] = section.split(/^#+ /m);
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = ""]) => code.trim().split("\n"));
}
