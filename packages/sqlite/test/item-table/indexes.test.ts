import { readFileSync } from "node:fs";
import { type EncryptionHeader, parseQuery, type Query } from "@holdfast/core";
import { type Connection, ItemSearch, ItemTable } from "@holdfast/sqlite/item-table";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { anyway, at, call, NOW, type RecordParts, record, version } from "../support/records.js";
import { openAdapter, openRaw, openTables, temporaryPath } from "../support/stores.js";

let connection: Connection;
let table: ItemTable;

beforeEach(async () => {
  connection = await openTables();
  table = new ItemTable(connection);
});

function put(key: string, n: number, parts?: RecordParts) {
  const each = record(key, n, parts);
  return table.put(each, { from: "memory", bytes: each.body }, anyway);
}

function remove(key: string, n: number) {
  return table.delete(key, { version: version(n), expect: "any", now: NOW });
}

function tagged(): unknown[] {
  return connection.prepare("SELECT tag, key FROM tags").all();
}

function parsed(query: Query) {
  const result = parseQuery(query);
  if (result === undefined) throw new Error("this query matches nothing at all");
  return result;
}

describe("indexes that lag", () => {
  it("take in bodies in their order, so many at a time", () => {
    for (const [n, key] of ["b", "a", "c"].entries()) put(key, n + 1, { tags: ["t"] });
    expect(tagged()).toEqual([]);
    expect(table.indexes.behind).toBe(3);
    table.indexes.catchUp(2);
    expect(tagged()).toEqual([
      { tag: "t", key: "a" },
      { tag: "t", key: "b" },
    ]);
    expect(table.indexes.behind).toBe(1);
    table.indexes.catchUp(9);
    table.indexes.catchUp(9);
    expect(table.indexes.behind).toBe(0);
    table.indexes.words.verify();
  });

  it("have nothing to do for what is gone before they come to it", () => {
    put("k", 1, { tags: ["t"], metadata: { word: "gone" } });
    remove("k", 2);
    table.indexes.catchUp(9);
    expect(tagged()).toEqual([]);
    table.indexes.words.verify();
  });

  it("hold a body at once that gets the number of one that they held", () => {
    put("k", 1, { tags: ["t"] });
    table.indexes.catchUp(9);
    remove("k", 2);
    put("l", 3, { tags: ["u"], metadata: { word: "anew" } });
    expect(table.indexes.behind).toBe(0);
    expect(tagged()).toEqual([{ tag: "u", key: "l" }]);
    table.indexes.words.verify();
  });

  it("say so when how far they reach is lost", () => {
    connection.exec("DELETE FROM store WHERE name = 'indexed'");
    expect(() => put("k", 1)).toThrow(/how far its indexes reach/);
  });

  it("hold exactly what the items have, whatever was written and whenever they caught up", () => {
    const step = fc.oneof(
      fc.record({
        key: fc.constantFrom("a", "b", "c"),
        tags: fc.option(fc.subarray(["t", "u", "v"])),
        word: fc.constantFrom("one", "two"),
        size: fc.constantFrom(3, 2 ** 20 + 3),
      }),
      fc.record({ caughtUp: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        connection.exec("BEGIN");
        const standing = new Map<string, readonly string[]>();
        for (const [n, each] of steps.entries()) {
          if ("caughtUp" in each) table.indexes.catchUp(each.caughtUp);
          else if (each.tags === null) {
            remove(each.key, n + 1);
            standing.delete(each.key);
          } else {
            const { key, tags, word, size } = each;
            put(key, n + 1, { tags, metadata: { word }, body: new Uint8Array(size) });
            standing.set(key, tags);
          }
        }
        table.indexes.catchUp(99);
        const expected = [...standing].flatMap(([key, tags]) => tags.map((tag) => ({ tag, key })));
        const order = (a: { tag: string; key: string }, b: { tag: string; key: string }) =>
          a.tag.localeCompare(b.tag) || a.key.localeCompare(b.key);
        expect(tagged()).toEqual(expected.sort(order));
        table.indexes.words.verify();
        connection.exec("ROLLBACK");
      }),
      seeded({ numRuns: 100 }),
    );
  });
});

describe("what is encrypted while indexes lag", () => {
  const SECRET = "unmistakable";
  const encryption: EncryptionHeader = { v: 1, realm: "r", id: "i", key: "k", wrap: "w", mac: "m" };

  it("leaves none of its plain words in the file, whatever was written and whenever they caught up", async () => {
    const step = fc.oneof(
      fc.record({
        key: fc.constantFrom("a", "b", "c"),
        form: fc.constantFrom("plain", "encrypted", "deleted"),
        size: fc.constantFrom(3, 2 ** 20 + 3),
      }),
      fc.record({ caughtUp: fc.integer({ min: 1, max: 3 }) }),
    );
    const run = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const path = temporaryPath();
      const tables = await openTables(path);
      table = new ItemTable(tables, { versions: 2, age: Number.POSITIVE_INFINITY });
      table.indexes.words.deletesAtOnce = true;
      let n = 0;
      const encrypt = (key: string, size: number) => put(key, ++n, { encryption, body: new Uint8Array(size) });
      const about = { tags: [SECRET], metadata: { author: `${SECRET} words` } };
      for (const each of steps) {
        tables.exec("BEGIN IMMEDIATE");
        if ("caughtUp" in each) table.indexes.catchUp(each.caughtUp);
        else if (each.form === "deleted") remove(each.key, ++n);
        else if (each.form === "encrypted") encrypt(each.key, each.size);
        else put(each.key, ++n, { ...about, body: new Uint8Array(each.size) });
        tables.exec("COMMIT");
      }
      tables.exec("BEGIN IMMEDIATE");
      for (const key of ["a", "b", "c"]) encrypt(key, 3);
      tables.exec("COMMIT");
      tables.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      expect(readFileSync(path).includes(SECRET)).toBe(false);
      table.indexes.catchUp(99);
      table.indexes.words.verify();
      tables.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      expect(readFileSync(path).includes(SECRET)).toBe(false);
    });
    await fc.assert(run, seeded({ numRuns: 50 }));
  });
});

describe("a search while indexes lag", () => {
  it("asks to have them brought up, and only then", () => {
    let asked = 0;
    const search = new ItemSearch(connection, () => asked++);
    put("k", 1, { tags: ["t"] });
    expect(search.count(parsed({ prefix: "k" }), NOW)).toBe(1);
    expect(asked).toBe(0);
    expect(search.count(parsed({ tags: ["t"] }), NOW)).toBe(1);
    expect(asked).toBe(1);
    table.indexes.catchUp(9);
    expect(search.count(parsed({ tags: ["t"] }), NOW)).toBe(1);
    expect(asked).toBe(1);
  });
});

describe("a store", () => {
  const rows = (path: string, table: string) => openRaw(path).prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  const query = (tags: string[]) =>
    ({ prefix: "", terms: undefined, tags, where: [], order: { by: "rank" }, limit: 9, offset: 0 }) as const;

  it("has its indexes brought up by a search that met what they lack", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await adapter.put(record("k", 1, { tags: ["t"] }), anyway, call);
    expect(rows(path, "tags")).toBe(0);
    expect(await adapter.count(query(["t"]), at)).toBe(1);
    // Comes after what the search has asked for.
    await adapter.put(record("l", 2), anyway, call);
    expect(rows(path, "tags")).toBe(1);
  });

  it("never lets its indexes fall far behind, however much is written", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    for (let n = 1; n <= 1_500; n += 3) {
      await Promise.all(
        [n, n + 1, n + 2].map((each) => adapter.put(record(`k/${each}`, each, { tags: ["t"] }), anyway, call)),
      );
      expect(n + 2 - Number(rows(path, "tags"))).toBeLessThan(150);
    }
    expect(await adapter.count(query(["t"]), at)).toBe(1_500);
    expect(await adapter.maintain.check?.(call)).toEqual([]);
  });

  it("goes on saving and finding by tags when the index of words is damaged", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    const many = (from: number) =>
      Array.from({ length: 200 }, (_, n) =>
        adapter.put(record(`k/${from + n}`, from + n, { tags: ["t"] }), anyway, call),
      );
    await Promise.all(many(1));
    expect(await adapter.maintain.check?.(call)).toEqual([]);
    openRaw(path).exec("UPDATE search_data SET block = x'ffffffffffffffffffffffff'");
    for (let from = 201; from < 1_000; from += 200) await Promise.all(many(from));
    expect(await adapter.count(query(["t"]), at)).toBe(1_000);
    const { remaining } = (await adapter.maintain.repair?.(call)) ?? {};
    expect(remaining).toEqual([]);
    expect(rows(path, "tags")).toBe(1_000);
  });
});
