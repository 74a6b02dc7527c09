import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCount, type Style } from "@holdfast/cli/terminal";

/** One country, with its flag and its borders. */
const SHOWN: readonly string[] = [
  "countries/fra.json",
  "countries/fra.meta.json",
  "flags/fra.svg",
  "borders/fra.geo.json.json",
];
const LINES = 6;
const WIDTH = 100;

/** Prints what a person finds in the directory: how much, a few of the files, and how the first two begin. */
export async function showFiles(directory: string, style: Style, print: (line: string) => void): Promise<void> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes(".holdfast"),
  );
  print(style.dim(`${formatCount(files.length)} files, an item and its companion each; some of them:`));
  for (const path of SHOWN) {
    const { size } = await stat(join(directory, path));
    print(`${path}  ${style.dim(`${formatCount(size)} B`)}`);
  }
  for (const path of SHOWN.slice(0, 2)) {
    const lines = (await readFile(join(directory, path), "utf8")).split("\n");
    print(style.dim(`${path} begins:`));
    for (const line of lines.slice(0, LINES)) print(`  ${line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line}`);
  }
}
