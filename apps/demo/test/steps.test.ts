import { createProgressView } from "@holdfast/cli/terminal";
import { openStore } from "holdfast";
import { describe, expect, it } from "vitest";
import type { CorpusItem } from "../src/corpus.ts";
import { isWhole, resultTable } from "../src/results.ts";
import { compare, importPart } from "../src/steps.ts";

const silent = createProgressView({ mode: "none", target: { write: () => true }, now: () => 0 });
const tools = { progress: silent, signal: new AbortController().signal };
const items: CorpusItem[] = [
  { key: "a", data: { a: [1] }, tags: ["x"], metadata: { m: 1 } },
  { key: "b", data: Uint8Array.of(1, 2), tags: [], metadata: {} },
  { key: "c", data: "c", tags: ["y"], metadata: {} },
];

describe("a step", () => {
  it("counts what it saved and read back", async () => {
    await using storage = await openStore("memory:");
    const imported = await importPart(storage, { name: "letters", items }, tools);
    expect(imported).toMatchObject({ step: "import letters", items: 3, bytes: 9 + 2 + 3, verified: 3 });
    const compared = await compare(storage, items, tools);
    expect(compared).toMatchObject({ items: 3, bytes: 14, verified: 3 });
    expect([imported, compared].every(isWhole)).toBe(true);
  });

  it.each([
    ["data", { data: { a: [2] }, tags: ["x"], metadata: { m: 1 } }],
    ["a tag", { data: { a: [1] }, tags: ["z"], metadata: { m: 1 } }],
    ["metadata", { data: { a: [1] }, tags: ["x"], metadata: { m: 2 } }],
  ])("does not count an item whose %s is not what was saved", async (_, { data, tags, metadata }) => {
    await using storage = await openStore("memory:");
    await importPart(storage, { name: "letters", items }, tools);
    await storage.save("a", data, { tags, metadata });
    await storage.delete("c");
    const compared = await compare(storage, items, tools);
    expect(compared.verified).toBe(1);
    expect(isWhole(compared)).toBe(false);
    expect(resultTable([compared]).at(-1)).toMatch(/ 1 MISSING$/);
  });
});

describe("a result", () => {
  it("of nothing is not whole", () => {
    expect(isWhole({ step: "x", items: 0, bytes: 0, milliseconds: 1, verified: 0 })).toBe(false);
  });
});
