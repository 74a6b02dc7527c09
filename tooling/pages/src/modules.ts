import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Block } from "./blocks.ts";

/** A file for the compiler: one block, with those that continue it. */
export interface Module {
  /** Relative to the folder of modules. */
  path: string;
  text: string;
  runs: boolean;
  page: string;
  /** Where the code of each block begins: one-based lines of the module and of the page. */
  origins: { module: number; page: number }[];
}

const setups = join(import.meta.dirname, "../setups");

/** The modules that the blocks of one page make. */
export function modulesOf(blocks: readonly Block[]): Module[] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    if (block.file !== undefined) continue;
    const last = groups.at(-1);
    if (!block.continues) groups.push([block]);
    else if (last?.[0]?.language === block.language) last.push(block);
    else throw new Error(`${block.page}:${block.line}: there is no block before it that it could continue`);
  }
  return groups.map(moduleOf);
}

function moduleOf(group: readonly Block[]): Module {
  const { page, line, language } = group[0] as Block;
  const runs = group.some((block) => block.runs);
  const lines = [...new Set(group.flatMap(({ setups }) => setups))].map(importOf);
  lines.push('import { claim } from "../setups/claim.ts";', "export {};");
  const origins: Module["origins"] = [];
  for (const block of group) {
    origins.push({ module: lines.length + 1, page: block.line });
    lines.push(...(runs ? checkClaims(block) : block.code).split("\n"));
  }
  const path = `${page.replaceAll(/[^a-z\d]+/gi, "-")}-${line}.${language}`;
  return { path, text: lines.join("\n"), runs, page, origins };
}

/** Whatever a setup exports, by name, so that a block that uses something else is told. */
function importOf(setup: string): string {
  const path = join(setups, `${setup}.ts`);
  if (!existsSync(path)) throw new Error(`tooling/pages/setups has no ${setup}.ts`);
  const text = readFileSync(path, "utf8");
  const declared = /^export (?:declare )?(?:async )?(const|function|type|interface) (\w+)/gm;
  const names = [
    ...[...text.matchAll(declared)].map(([, kind, name]) => (/^[ti]/.test(kind ?? "") ? `type ${name}` : name)),
    ...[...text.matchAll(/^export \{ (.+) \}/gm)].map(([, list]) => list),
  ];
  return `import { ${names.join(", ")} } from "../setups/${setup}.ts";`;
}

/** `expression; // → value` becomes a check that the one is the other, on the same line. */
function checkClaims({ page, line, code }: Block): string {
  const checked = code.replaceAll(
    /^(.+); \/\/ → (.+)$/gm,
    (_, expression: string, value: string) => `claim(${JSON.stringify(expression)}, ${expression}, ${value});`,
  );
  if (checked.includes("→")) throw new Error(`${page}:${line}: a claim stands on one line, behind an expression`);
  return checked;
}
