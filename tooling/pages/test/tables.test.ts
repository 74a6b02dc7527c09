import { readFileSync } from "node:fs";
import { join } from "node:path";
import { modes, themes } from "@holdfast/conformance";
import { openStorage } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { expect, it } from "vitest";
import { root } from "../src/pages.ts";

it("names the modes of the suite as they are called, in the order in which they run", () => {
  expect(firstColumn("docs/conformance.md", "mode")).toEqual(modes.map(({ name }) => `\`${name}\``));
});

it("names every theme of the suite", () => {
  expect(firstColumn("docs/conformance.md", "theme")).toEqual(themes.map(({ name }) => name));
});

it("names no theme as a proof that the suite has not", () => {
  const page = readFileSync(join(root, "docs/guarantees.md"), "utf8");
  const lists = [...page.matchAll(/\bthemes? (\*[^*|]+\*(?:, \*[^*|]+\*)*)/g)];
  const named = lists.flatMap(([, list = ""]) => list.split(", "));
  const known = themes.map(({ name }) => `*${name}*`);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

it("names every setting of a storage", async () => {
  const refusal: unknown = await openStorage(memory(), { nothing: 1 } as object).catch(String);
  const settings = firstColumn("docs/concepts/contract.md", "setting").map((name) => name.replaceAll("`", ""));
  expect(refusal).toContain(settings.join(", "));
});

/** The cells below a heading that stands first in the head of a table. */
function firstColumn(page: string, heading: string): string[] {
  const lines = readFileSync(join(root, page), "utf8").split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rows = lines.slice(head + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((row) => row.split("|")[1]?.trim() ?? "");
}
