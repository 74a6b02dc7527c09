// The code of the guides, word for word and in order: one story for each page. Types are stripped, imports come as names.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { openStorage, StorageError } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { expect, it } from "vitest";
import * as z from "zod";

const scope = { openStorage, StorageError, memory, z };

it("Model your app's data", async () => {
  await run("model-your-data", {});
});

it("Change a schema without fear", async () => {
  const shown: unknown[] = [];
  await run("change-a-schema", {
    showProgress: (...progress: unknown[]) => shown.push(progress),
    stopButton: new AbortController(),
    notices: [],
  });
  expect(shown.at(-1)).toEqual([3, 3]);
});

it("Undo and history", async () => {
  await run("undo-and-history", {});
});

it("notices a claim that is not true", async () => {
  const wrong = storyOf("const one = 1;\none + 1; // → 3\n");
  await expect(tell(wrong, {})).rejects.toThrow("one + 1");
});

async function run(page: string, more: Record<string, unknown>): Promise<void> {
  const text = readFileSync(new URL(`../../../docs/guides/${page}.md`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/<!-- run -->\n```ts\n([\s\S]+?)```/g)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThan(5);
  await tell(storyOf(blocks.join("\n")), more);
}

/** `expression; // → value` becomes a check that the one is the other. */
function storyOf(code: string): string {
  const checked = code.replaceAll(
    /^(.+); \/\/ → (.+)$/gm,
    (_, expression: string, value: string) => `claim(${JSON.stringify(expression)}, ${expression}, ${value});`,
  );
  // Nothing is claimed that is not checked.
  expect(checked).not.toContain("→");
  return stripTypeScriptTypes(`async function story() {\n${checked}\n}`);
}

function tell(script: string, more: Record<string, unknown>): Promise<void> {
  const claim = (expression: string, actual: unknown, expected: unknown) =>
    expect(actual, expression).toEqual(expected);
  const names = { ...scope, ...more, claim };
  return new Function(...Object.keys(names), `${script}\nreturn story();`)(...Object.values(names)) as Promise<void>;
}
