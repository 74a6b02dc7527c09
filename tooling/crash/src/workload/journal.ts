import { readFileSync } from "node:fs";
import type { Told } from "../oracle.ts";

/** What a worker tells of itself, a line each. */
export type Line =
  | { readonly told: Told; readonly writer: number; readonly index: number; readonly code?: string }
  | { readonly told: "open" | "closed" }
  | { readonly told: "refused"; readonly code: string; readonly message: string };

/** All whole lines; the process may have died while it wrote the last one. */
export function readJournal(path: string): Line[] {
  const text = readFileSync(path, { encoding: "utf8", flag: "a+" });
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
