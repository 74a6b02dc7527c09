import { type CollectionOptions, type FeedPage, openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { FakeKeys } from "../support/fake-keys.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { failure, open } from "./opened.js";

const schema = z.looseObject({
  title: z.string(),
  stars: z.number().optional(),
  size: z.string().optional(),
  author: z.object({ name: z.string() }).optional(),
  lines: z.array(z.object({ article: z.string(), count: z.number() })).optional(),
});
type Data = z.input<typeof schema>;
type Options = Partial<CollectionOptions<typeof schema>>;

const index = ["title", "stars", "author.name", "lines.article", "size"] as const;

function notesOf(storage: StorageEngine, options: Options = {}) {
  return storage.collection<typeof schema, readonly string[]>("notes", { schema, version: "1.0", index, ...options });
}

async function fill(storage: StorageEngine, options?: Options): Promise<ReturnType<typeof notesOf>> {
  const notes = notesOf(storage, options);
  const all: [string, Data][] = [
    ["a", { title: "Green tea", stars: 3, author: { name: "Ann" }, size: "small" }],
    ["b", { title: "Black tea", stars: 5, author: { name: "Bob" }, size: "large", secret: "hidden words" }],
    [
      "c",
      {
        title: "Cups",
        lines: [
          { article: "cup", count: 4 },
          { article: "saucer", count: 1 },
        ],
      },
    ],
  ];
  for (const [id, data] of all) await notes.save(id, data, { metadata: { title: id === "a" ? "first" : "other" } });
  return notes;
}

const ids = (found: readonly { key: string }[]) => found.map(({ key }) => key);

describe("indexed data", () => {
  it("is found by where, sort and text; hits carry item and data", async () => {
    const notes = await fill((await open()).storage);
    expect(await notes.search({ where: { "author.name": "Ann" } })).toEqual([
      expect.objectContaining({
        key: "a",
        schema: "notes@1.0",
        data: { title: "Green tea", stars: 3, author: { name: "Ann" }, size: "small" },
      }),
    ]);
    expect(ids(await notes.search({ where: { stars: { gte: 3 } }, sort: "-stars" }))).toEqual(["b", "a"]);
    expect(ids(await notes.search({ where: { "lines.article": "saucer" } }))).toEqual(["c"]);
    expect(ids(await notes.search({ where: { stars: { exists: false } } }))).toEqual(["c"]);
    expect(ids(await notes.search({ sort: "-title" }))).toEqual(["a", "c", "b"]);
    expect(ids(await notes.search({ text: "tea", sort: "key" }))).toEqual(["a", "b"]);
    expect(ids(await notes.search({ text: "gre te" }))).toEqual(["a"]);
    expect(ids(await notes.search({ text: "hidden" }))).toEqual([]);
    expect(ids(await notes.search({ sort: "title", limit: 1, offset: 1 }))).toEqual(["c"]);
    expect(await notes.count({ where: { stars: { gt: 3 } } })).toBe(1);
    expect(await notes.count({ where: { stars: { gt: 3 } }, limit: 0 })).toBe(1);
    expect(await notes.count()).toBe(3);
  });

  it("stands beside metadata, each under its own name", async () => {
    const { storage } = await open();
    const notes = await fill(storage);
    expect(ids(await notes.search({ where: { "metadata.title": "first" } }))).toEqual(["a"]);
    expect(ids(await notes.search({ sort: "metadata.title" }))).toEqual(["a", "b", "c"]);
    expect(ids(await notes.search({ where: { title: "first" } }))).toEqual([]);
    expect(ids(await storage.search({ where: { title: "first" } }))).toEqual(["notes/a"]);
    expect(ids(await storage.search({ text: "green" }))).toEqual(["notes/a"]);
  });

  it("comes before a property of the item that has its name", async () => {
    const notes = await fill((await open()).storage);
    expect(ids(await notes.search({ sort: "size" }))).toEqual(["b", "a", "c"]);
    expect(ids(await notesOf((await open()).storage, { index: [] }).search({ sort: "size" }))).toEqual([]);
  });

  it("is kept whole, with what is below, and nothing beside it", async () => {
    const { storage, adapter } = await open();
    const paths = ["lines.article", "author", "__proto__.x", "a\\.b"];
    const notes = storage.collection<StandardSchemaV1, readonly string[]>("notes", {
      schema: z.any(),
      version: "1.0",
      index: paths,
    });
    const data = JSON.parse(
      '{"title":"t","author":{"name":"Ann"},"lines":[{"article":"x","count":1}],"__proto__":{"x":1,"y":2},"a.b":[[]]}',
    );
    await notes.save("a", data);
    const header = adapter.records.get("notes/a")?.header;
    expect(JSON.stringify(header?.fields)).toBe(
      '{"lines":[{"article":"x"}],"author":{"name":"Ann"},"__proto__":{"x":1},"a.b":[[]]}',
    );
    expect(header?.indexed).toEqual(["__proto__.x", "a\\.b", "author", "lines.article"]);
    expect(ids(await notes.search({ where: { "author.name": "Ann", "__proto__.x": 1 } }))).toEqual(["a"]);
    expect(ids(await notes.search({ where: { "a\\.b": { exists: true } } }))).toEqual(["a"]);
  });

  it("of a list or a bare value is nothing", async () => {
    const { storage, adapter } = await open();
    const lists = storage.collection("lists", { schema: z.any(), version: "1.0", index: ["n"] });
    for (const [place, data] of [[{ n: 1 }], 3, null, "n", []].entries()) await lists.save(`k${place}`, data);
    expect([...adapter.records.values()].map(({ header }) => header.fields)).toEqual([{}, {}, {}, {}, {}]);
  });

  it.each([
    [{ where: { secret: "x" } }, 'where "secret" is not in the collection\'s index (title, stars, author.name'],
    [{ where: { author: { exists: true } } }, 'where "author"'],
    [{ where: { "lines.count": 1 } }, 'where "lines.count"'],
    [{ sort: "-secret" }, "a path of the collection's index (title, stars"],
    [{ sort: "author.na" }, "author.na"],
  ])("is all that a query may ask for: %j", async (query, part) => {
    const notes = await fill((await open()).storage);
    for (const call of [notes.search(query), notes.count(query)]) {
      expect(await failure(call)).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining(part) });
    }
  });

  it("of an empty index is nothing", async () => {
    const notes = notesOf((await open()).storage, { index: [] });
    const error = await failure(notes.search({ where: { stars: 1 } }));
    expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining("which is empty") });
  });
});

/** Old notes have `name` in place of `title`. */
const loose = z.looseObject({});
const toTitle: Options = {
  version: "2.0",
  migrations: [{ from: "1.0", to: "2.0", up: ({ name, ...rest }: { name: string }) => ({ ...rest, title: name }) }],
};

async function mixed(storage: StorageEngine, options: Options = {}): Promise<ReturnType<typeof notesOf>> {
  const old = storage.collection("notes", { schema: loose, version: "1.0", index: ["name", "stars"] });
  for (const [id, stars] of [
    ["o1", 1],
    ["o2", 4],
    ["o3", 2],
  ] as const) {
    await old.save(id, { name: `Old tea ${id}`, stars }, { tags: [id] });
  }
  const notes = notesOf(storage, { ...toTitle, ...options });
  for (const [id, stars] of [
    ["n1", 3],
    ["n2", 5],
  ] as const) {
    await notes.save(id, { title: `New tea ${id}`, stars }, { tags: [id] });
  }
  return notes;
}

describe("items of another version", () => {
  it("are found as what they are once upgraded, in their place", async () => {
    const { storage } = await open();
    const notes = await mixed(storage, { writeBack: false });
    expect(ids(await notes.search({ text: "tea", sort: "stars" }))).toEqual(["o1", "o3", "n1", "o2", "n2"]);
    expect(ids(await notes.search({ sort: "-title", limit: 3, offset: 1 }))).toEqual(["o2", "o1", "n2"]);
    expect(ids(await notes.search({ where: { title: "Old tea o2" } }))).toEqual(["o2"]);
    expect(ids(await notes.search({ where: { title: { exists: false } } }))).toEqual([]);
    expect(ids(await notes.search({ where: { stars: { gt: 1 } }, tags: ["o3"] }))).toEqual(["o3"]);
    expect(ids(await notes.search({ prefix: "o", sort: "-stars", limit: 1 }))).toEqual(["o2"]);
    expect(await notes.count({ where: { stars: { gte: 2 } } })).toBe(4);
    expect(await notes.count({ text: "old tea", limit: 1 })).toBe(3);
    expect((await notes.search({ where: { stars: 4 } })).map(({ data }) => data)).toEqual([
      { stars: 4, title: "Old tea o2" },
    ]);
    expect((await notes.status()).versions).toEqual({ "1.0": 3, "2.0": 2 });
  });

  it("answer as they do after migrateAll", async () => {
    const queries = [
      { text: "tea" },
      { text: "old", sort: "-stars" },
      { sort: "title", limit: 2 },
      { where: { stars: { lt: 5 } }, sort: "-stars", offset: 1, limit: 2 },
      { where: { title: { gt: "New tea n2" } } },
    ] as const;
    const { storage } = await open();
    const notes = await mixed(storage, { writeBack: false });
    const before: string[][] = [];
    for (const query of queries) before.push(ids(await notes.search(query)));
    expect(await notes.migrateAll()).toMatchObject({ ok: true, migrated: 3 });
    const after: string[][] = [];
    for (const query of queries) after.push(ids(await notes.search(query)));
    expect(after).toEqual(before);
  });

  it("are written back as hits", async () => {
    const { storage } = await open();
    const notes = await mixed(storage);
    await notes.search({ text: "old", limit: 2, sort: "key" });
    expect((await notes.status()).versions).toEqual({ "1.0": 1, "2.0": 4 });
  });

  it("that are damaged, or that there are no keys for, are named by the error", async () => {
    const adapter = new MapAdapter();
    const keys = new FakeKeys();
    const notes = await fill(await openStorage(adapter, { encryption: { keys, byDefault: false } }));
    await notes.save("d", { title: "Mate tea" }, { encrypt: true });
    const without = notesOf(await openStorage(adapter));
    expect(await failure(without.search({}))).toMatchObject({ code: "KEY_MISSING", key: "d" });
    await notes.delete("d");
    const [damaged] = adapter.records.get("notes/b")?.body ?? [];
    adapter.records.get("notes/b")?.body.fill((damaged ?? 0) ^ 1, 0, 1);
    expect(await failure(without.search({ text: "black" }))).toMatchObject({ code: "CORRUPT", key: "b" });
  });

  it.each(["CORRUPT", "UNAVAILABLE"] as const)(
    "that the adapter cannot read (%s) are named as the collection has them",
    async (code) => {
      const { storage, adapter } = await open({ retry: false });
      const notes = await mixed(storage);
      const { get } = adapter;
      adapter.get = async (key, options) => {
        if (key === "notes/n1" || key === "notes/o2") throw new StorageError(code, "it cannot be read", { key });
        return get.call(adapter, key, options);
      };
      // One is read to be judged, the other as a hit.
      for (const [query, key] of [
        [{ text: "o2" }, "o2"],
        [{ tags: ["n1"] }, "n1"],
      ] as const) {
        const error = await failure(notes.search(query));
        expect(error).toMatchObject({ code, key, adapter: "map", retryable: code === "UNAVAILABLE" });
      }
    },
  );

  it("that cannot be upgraded fail every query that asks for data, and no other", async () => {
    const { storage } = await open();
    const notes = await mixed(storage);
    await storage.save("notes/raw", { title: "raw" }, { tags: ["raw"] });
    for (const query of [{ text: "tea" }, { where: { stars: 5 } }, { sort: "title" }]) {
      for (const call of [notes.search(query), notes.count(query)]) {
        const message: unknown = expect.stringContaining("unversioned");
        expect(await failure(call)).toMatchObject({ code: "SCHEMA", key: "raw", message });
      }
    }
    expect(ids(await notes.search({ tags: ["o1"], sort: "-modified" }))).toEqual(["o1"]);
    // What tags rule out need not be understood.
    expect(ids(await notes.search({ text: "tea", tags: ["n1"] }))).toEqual(["n1"]);
    expect(await notes.count({ tags: ["raw"] })).toBe(1);
  });
});

describe("a changed index", () => {
  it("misses nothing, in silence or otherwise, and migrateAll settles it", async () => {
    const { storage, adapter } = await open();
    await fill(storage, { index: ["title"] });
    const notes = notesOf(storage, { index: ["stars"], writeBack: false });
    expect(ids(await notes.search({ where: { stars: { gte: 3 } }, sort: "stars" }))).toEqual(["a", "b"]);
    // No longer indexed: what the headers still say is not to be found.
    expect(ids(await notes.search({ text: "green" }))).toEqual([]);
    expect(await notes.status()).toMatchObject({ items: 3, current: 0, versions: { "1.0": 3 } });
    expect(await notes.migrateAll()).toMatchObject({ ok: true, migrated: 3, versions: { "1.0": 3 } });
    expect(adapter.records.get("notes/a")?.header).toMatchObject({ fields: { stars: 3 }, indexed: ["stars"] });
    expect(await notes.migrateAll()).toMatchObject({ ok: true, migrated: 0, unchanged: 3 });
    expect(ids(await notes.search({ where: { stars: { gte: 3 } }, sort: "stars" }))).toEqual(["a", "b"]);
  });

  it("is left to saves and migrateAll: releases that differ in it read by turns, and write nothing", async () => {
    const { storage, adapter } = await open();
    const [before, after] = [notesOf(storage, { index: ["title"] }), notesOf(storage, { index: ["title", "stars"] })];
    await before.save("a", { title: "Green tea", stars: 3 });
    await after.save("b", { title: "Black tea", stars: 5 });
    const stored = structuredClone(adapter.records);
    for (let turn = 0; turn < 5; turn++) {
      for (const notes of [before, after]) {
        for (const id of ["a", "b"]) await notes.load(id);
        expect(ids(await notes.search({ text: "tea", sort: "title" }))).toEqual(["b", "a"]);
      }
      expect(ids(await after.search({ where: { stars: { gte: 3 } }, sort: "stars" }))).toEqual(["a", "b"]);
    }
    expect(adapter.records).toEqual(stored);
    await after.update("a", (data) => data);
    expect(await after.status()).toMatchObject({ current: 2 });
    expect(await before.migrateAll()).toMatchObject({ ok: true, migrated: 2 });
  });

  it("of nothing asks for no data, whatever stands beside", async () => {
    const { storage } = await open();
    const notes = notesOf(storage, { index: [], version: "2.0" });
    await notes.save("tea", { title: "x" });
    await storage.save("notes/raw", 1);
    expect(ids(await notes.search({ text: "tea" }))).toEqual(["tea"]);
    await notesOf(storage, { index: ["title"], version: "3.0" }).save("newer", { title: "y" });
    expect(await failure(notes.search({ text: "tea" }))).toMatchObject({ code: "SCHEMA", key: "newer" });
  });

  it("in another order is none", async () => {
    const { storage } = await open();
    await fill(storage, { index: ["title", "stars"] });
    expect(await notesOf(storage, { index: ["stars", "title", "stars"] }).status()).toMatchObject({ current: 3 });
  });
});

describe("hits that change before they are read", () => {
  it("are left out when gone, and judged again otherwise", async () => {
    const { storage, adapter } = await open();
    const notes = await fill(storage);
    const get = adapter.get.bind(adapter);
    const writer = notesOf(storage);
    const write = async () => {
      await writer.delete("a");
      await writer.save("b", { title: "Coffee", stars: 5 });
    };
    let written: Promise<void> | undefined;
    adapter.get = async (key, options) => {
      written ??= write();
      await written;
      return get(key, options);
    };
    expect(ids(await notes.search({ text: "tea" }))).toEqual([]);
    expect(ids(await notes.search({ where: { stars: 5 } }))).toEqual(["b"]);
  });
});

/** Keeps a feed, as an adapter with `changes: "native"` does. */
class FeedAdapter extends MapAdapter {
  readonly feed: { key: string; version: string }[] = [];
  lost = false;
  pageSize = 1000;

  constructor() {
    super();
    this.watch(({ key, version }) => this.feed.push({ key, version }));
  }

  lastCursor(): string {
    return String(this.feed.length);
  }

  changes({ after, limit }: { after: string | undefined; limit: number }): FeedPage {
    this.calls.push("changes");
    if (this.lost) return { outcome: "resync" };
    const start = Number(after);
    const changes = this.feed.slice(start, start + Math.min(limit, this.pageSize)).map(({ key, version }, place) => ({
      type: "save" as const,
      key,
      version: version as never,
      cursor: String(start + place + 1),
    }));
    return { outcome: "page", changes };
  }
}

describe("with a change feed", () => {
  async function withFeed() {
    const adapter = new FeedAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const looks = () => adapter.calls.filter((call) => call === "list notes/").length;
    return { adapter, storage, looks, notes: await mixed(storage, { writeBack: false }) };
  }

  it.each([2, 1000])(
    "looks through the collection once, and follows what is written since, by %i",
    async (pageSize) => {
      const { adapter, storage, looks, notes } = await withFeed();
      adapter.pageSize = pageSize;
      await notes.search({ text: "tea" });
      const before = looks();
      await storage.collection("notes", { schema: loose, version: "1.0" }).save("late", { name: "Late tea", stars: 9 });
      await storage.save("elsewhere", 1);
      await notes.save("o1", { title: "Tea", stars: 0 });
      await notes.delete("o3");
      expect(ids(await notes.search({ where: { stars: { gt: 4 } }, sort: "stars" }))).toEqual(["n2", "late"]);
      expect(ids(await notes.search({ text: "tea", sort: "stars" }))).toEqual(["o1", "n1", "o2", "n2", "late"]);
      // The two queries themselves scan the headers of an adapter without an index: once each.
      expect(looks() - before).toBe(2);
      // Four writes, and nothing more for the second query.
      expect(adapter.calls.filter((call) => call === "changes").length).toBe(pageSize === 2 ? 2 : 1);
    },
  );

  it("looks through it again when the feed does not reach back, or has too much to tell", async () => {
    const { adapter, storage, notes } = await withFeed();
    await notes.search({ text: "tea" });
    adapter.lost = true;
    await storage.collection("notes", { schema: loose, version: "1.0" }).save("late", { name: "Late tea", stars: 9 });
    expect(ids(await notes.search({ where: { stars: 9 } }))).toEqual(["late"]);
    adapter.lost = false;
    for (let turn = 0; turn < 600; turn++) await storage.save(`x${turn % 3}`, turn);
    await storage.collection("notes", { schema: loose, version: "1.0" }).save("later", { name: "Later", stars: 8 });
    expect(ids(await notes.search({ where: { stars: { gte: 8 } } }))).toEqual(["late", "later"]);
  });

  it("answers queries that come together", async () => {
    const { notes } = await withFeed();
    const found = await Promise.all(Array.from({ length: 5 }, () => notes.search({ text: "tea", sort: "key" })));
    for (const each of found) expect(ids(each)).toEqual(["n1", "n2", "o1", "o2", "o3"]);
  });
});
