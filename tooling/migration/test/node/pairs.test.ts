import { describe, expect, it } from "vitest";
import type { CorpusOptions } from "../../src/corpus.ts";
import { tryPair } from "../../src/pairs.ts";
import { browserKind, type Kind, nodeKinds } from "../../src/stores.ts";

const MiB = 2 ** 20;

type Corpus = Pick<CorpusOptions, "largest" | "keys">;

const WHOLE: Corpus = { largest: 4 * MiB + 3, keys: "all" };
/** Each call crosses into the page and back. */
const SMALL: Corpus = { largest: MiB + 1, keys: "few" };

async function expectNoDifference(from: Kind, to: Kind, corpus: Corpus): Promise<void> {
  const { report, items, differences } = await tryPair(from, to, corpus);
  expect(differences).toEqual([]);
  expect(report).toMatchObject({ ok: true, copied: items, verified: items, conflicts: [], failures: [] });
}

describe.each(nodeKinds)("from $name", (from) => {
  it.each(nodeKinds)("to $name nothing differs", async (to) => {
    await expectNoDifference(from, to, WHOLE);
  });
});

describe("through a browser", () => {
  it.each(nodeKinds.slice(1))("from $name to indexeddb nothing differs", async (kind) => {
    await expectNoDifference(kind, browserKind, SMALL);
  });

  it.each(nodeKinds.slice(1))("from indexeddb to $name nothing differs", async (kind) => {
    await expectNoDifference(browserKind, kind, SMALL);
  });
});
