import { createMigrator, openStorage, type StorageEngine } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { memory } from "@holdfast/memory";
import { expect, it } from "vitest";
import { fillCorpus } from "../src/corpus.ts";
import { differencesOf } from "../src/differences.ts";

const MiB = 2 ** 20;
const HISTORY = { history: { versions: 100 } };

const kinds: Readonly<Record<string, () => Promise<StorageEngine>>> = {
  memory: () => openStorage(memory(), HISTORY),
  indexeddb: () => openStorage(indexeddb({ name: crypto.randomUUID() }), HISTORY),
};

it.each([
  ["memory", "indexeddb", "all"],
  ["indexeddb", "memory", "few"],
  ["indexeddb", "indexeddb", "few"],
] as const)("from %s to %s nothing differs, streams and history included", async (from, to, keys) => {
  const [source, destination] = [await kinds[from]?.(), await kinds[to]?.()];
  if (source === undefined || destination === undefined) throw new Error("both kinds are known");
  const items = await fillCorpus(source, { largest: 4 * MiB + 3, keys, history: true });
  const report = await createMigrator(source, destination).migrate({ history: true });
  expect(await differencesOf(source, destination, true)).toEqual([]);
  expect(report).toMatchObject({ ok: true, copied: items, verified: items, conflicts: [], failures: [] });
  await source.close();
  await destination.close();
});
