import { type Fence, readMarkdown } from "./markdown.ts";
import type { Page } from "./pages.ts";

/**
 * A block of TypeScript or JavaScript on a page. The words after the language say how it is checked:
 *
 * - none: it is a module of its own, and has to compile
 * - `run`: it also runs, and what it claims (`expression; // → value`) has to be so
 * - `continue`: it goes on where the block before it ended
 * - `setup=name`: it may use what `setups/name.ts` exports; several names stand between commas
 * - `file=path`: it is that file of the repository; several blocks of one page that name a file make it up, in order
 */
export interface Block {
  page: string;
  line: number;
  language: "ts" | "js";
  code: string;
  runs: boolean;
  continues: boolean;
  setups: string[];
  file: string | undefined;
}

const LANGUAGES: Record<string, "ts" | "js"> = { ts: "ts", typescript: "ts", js: "js", javascript: "js" };

/** Every block of a page that a compiler understands. Throws where a fence says what nobody knows. */
export function readBlocks({ path, text }: Page): Block[] {
  return readMarkdown(text).fences.flatMap((fence) => blockOf(path, fence) ?? []);
}

function blockOf(page: string, { info, code, line }: Fence): Block | undefined {
  const [name = "", ...words] = info.split(/\s+/);
  const language = LANGUAGES[name];
  if (language === undefined) return undefined;
  const block: Block = { page, line, language, code, runs: false, continues: false, setups: [], file: undefined };
  for (const word of words) {
    const [, key = word, value] = /^(\w+)=(.+)$/.exec(word) ?? [];
    if (word === "run") block.runs = true;
    else if (word === "continue") block.continues = true;
    else if (key === "setup") block.setups = value?.split(",") ?? [];
    else if (key === "file") block.file = value;
    else throw new Error(`${page}:${line}: nothing is known of "${word}" in a fence; see tooling/pages/src/blocks.ts`);
  }
  return block;
}
