import { replacing } from "@holdfast/conformance";
import type { Query, StorageEngine } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newName } from "./support/backing.ts";
import { openOn, openStore, tidyUp } from "./support/stores.ts";

const ITEMS = 3_000;
const START = Date.UTC(2026, 0, 1);
let now = START;
const ports = { clock: { now: () => now } };

let storage: StorageEngine;
/** The same store, as core searches it without an index. */
let scanned: StorageEngine;

beforeAll(async () => {
  const name = newName();
  storage = await openStore({ name }, { ports });
  const saves: Promise<unknown>[] = [];
  for (let index = 0; index < ITEMS; index++) {
    // Seven items share an instant; the old and the new of them lie all over the keys.
    now = START + Math.floor(((index * 1_009) % ITEMS) / 7);
    const words = [
      "common",
      index % 3 === 0 ? "comm" : "commoner",
      `w${index % 400}`,
      index % 2 === 0 ? "even" : "odd",
    ];
    const options = {
      tags: index % 5 === 0 ? ["fifth"] : [],
      metadata: { words: words.join(" "), index },
      ...(index % 11 === 0 && { expiration: new Date(START + 3_600_000) }),
    };
    saves.push(storage.save(`k${(index * 7_919) % ITEMS}${index % 13 === 0 ? "\u{1f600}" : "\ue000"}`, index, options));
  }
  await Promise.all(saves);
  now = START + 7_200_000;
  scanned = await openOn(replacing(indexeddb({ name }), { query: undefined, count: undefined }), { ports });
});
afterAll(tidyUp);

describe("what many items match", () => {
  it.each<[string, Query]>([
    ["a word that all have", { text: "common", limit: 20 }],
    ["a word that some have and others begin with", { text: "comm", limit: 30 }],
    ["a page far behind", { text: "comm", limit: 40, offset: 900 }],
    ["a page across two groups", { text: "comm", limit: 60, offset: 880 }],
    ["a page behind the last", { text: "comm", limit: 5, offset: 5_000 }],
    ["two words", { text: "comm even", limit: 20 }],
    ["a word and a tag", { text: "odd", tags: ["fifth"], limit: 15 }],
    ["a word below a prefix", { text: "common", prefix: "k1", limit: 25 }],
    ["a word in order of keys", { text: "even", sort: "key", limit: 25 }],
    ["a word in the other order of keys", { text: "even", sort: "-key", limit: 25 }],
    ["a word by another order", { text: "even", sort: "-metadata.index", limit: 25 }],
    ["a word and a comparison", { text: "comm", where: { index: { gte: 2_500 } }, limit: 25 }],
    ["a comparison that few meet", { text: "comm", where: { index: { in: [3, 4, 7] } } }],
    ["a tag", { tags: ["fifth"], limit: 25 }],
    ["a tag, a page far behind", { tags: ["fifth"], limit: 40, offset: 180 }],
    ["a tag below a prefix", { tags: ["fifth"], prefix: "k2", limit: 25 }],
    ["a tag and a comparison that few meet", { tags: ["fifth"], where: { index: { gte: 2_900 } }, limit: 10 }],
    ["a tag in order of keys, without an end", { tags: ["fifth"] }],
    ["a few items only", { text: "w7 comm" }],
    ["all, without an end", { text: "comm" }],
  ])("is found as by the reference scan: %s", async (_name, query) => {
    const keys = async (from: StorageEngine) => (await from.search(query)).map(({ key }) => key);
    expect(await keys(storage)).toEqual(await keys(scanned));
    expect(await storage.count(query)).toBe(await scanned.count(query));
  });

  it("is ranked without reading many more records than the page has", async () => {
    const get = vi.spyOn(IDBObjectStore.prototype, "get");
    const getAll = vi.spyOn(IDBIndex.prototype, "getAll");
    for (const text of ["common", "comm", "comm odd"])
      expect(await storage.search({ text, limit: 20 })).toHaveLength(20);
    const read = getAll.mock.calls.reduce(
      (sum, [, count = Number.POSITIVE_INFINITY]) => sum + count,
      get.mock.calls.length,
    );
    expect(read).toBeLessThan(3 * 300);
  });
});

it("finds its way through many items of one instant", async () => {
  const name = newName();
  const store = await openStore({ name }, { ports });
  await Promise.all(
    Array.from({ length: 2_000 }, (_, index) =>
      store.save(`k${index}`, 1, { tags: [index % 400 === 0 ? "rare" : "most"] }),
    ),
  );
  now += 1;
  await Promise.all(Array.from({ length: 300 }, (_, index) => store.save(`later${index}`, 1, { tags: ["most"] })));
  const without = await openOn(replacing(indexeddb({ name }), { query: undefined, count: undefined }), { ports });
  for (const query of [
    { text: "most", limit: 500 },
    { text: "mos", limit: 10, offset: 1_990 },
    { text: "rare" },
    { text: "k1 mo", limit: 20 },
  ]) {
    const keys = async (from: StorageEngine) => (await from.search(query)).map(({ key }) => key);
    expect(await keys(store)).toEqual(await keys(without));
  }
});
