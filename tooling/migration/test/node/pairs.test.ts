import { describe, expect, it } from "vitest";
import { tryPair } from "../../src/pairs.ts";
import { browserKind, type Kind, nodeKinds } from "../../src/stores.ts";

const MiB = 2 ** 20;

async function expectNoDifference(from: Kind, to: Kind, largest: number): Promise<void> {
  const { report, items, differences } = await tryPair(from, to, largest);
  expect(differences).toEqual([]);
  expect(report).toMatchObject({ ok: true, copied: items, verified: items, conflicts: [], failures: [] });
}

describe.each(nodeKinds)("from $name", (from) => {
  it.each(nodeKinds)("to $name nothing differs", async (to) => {
    await expectNoDifference(from, to, 8 * MiB);
  });
});

describe("through a browser", () => {
  it.each(nodeKinds.slice(1))("from $name to indexeddb nothing differs", async (kind) => {
    await expectNoDifference(kind, browserKind, MiB + 1);
  });

  it.each(nodeKinds.slice(1))("from indexeddb to $name nothing differs", async (kind) => {
    await expectNoDifference(browserKind, kind, MiB + 1);
  });
});
