import { BEFORE_ALL_TIME, type RecordHeader, type WriteRecord } from "@holdfast/core";
import { type Connection, type ItemBody, ItemTable, StoredBodies } from "@holdfast/sqlite/item-table";
import { beforeEach, describe, expect, it } from "vitest";
import { anyway, NOW, noise, type RecordParts, record, sameBytes, version } from "../support/records.js";
import { openTables } from "../support/stores.js";

let connection: Connection;
let table: ItemTable;
let bodies: StoredBodies;

beforeEach(async () => {
  connection = await openTables();
  table = new ItemTable(connection);
  bodies = new StoredBodies(connection);
});

function inMemory({ body: bytes }: WriteRecord): ItemBody {
  return { from: "memory", bytes };
}

function put(key: string, n: number, parts?: RecordParts) {
  const each = record(key, n, parts);
  return table.put(each, inMemory(each), anyway);
}

function remove(key: string, n: number) {
  return table.delete(key, { version: version(n), expect: "any", now: NOW });
}

function column<T extends string | number>(sql: string): (T | null)[] {
  return connection
    .prepare<Record<string, T | null>>(sql)
    .all()
    .map((row) => Object.values(row)[0] ?? null);
}

describe("a put record", () => {
  it("comes back with every property, also those that this version does not know", () => {
    const parts: RecordParts = {
      format: "yaml",
      compression: "gzip",
      size: 12_345,
      created: NOW - 5,
      modified: NOW - 4,
      expiration: NOW + 1,
      tags: ["b", "a\0b", "ü"],
      metadata: { "a.b": [1, { c: null }], ["__proto__"]: "own", half: "\ud800" },
      checksum: "abc",
    };
    const future = { ...parts, history: [{ version: "1" }], wrapped: { by: "k" } } as RecordParts;
    const each = record("a/b", 1, future);
    expect(table.put(each, inMemory(each), anyway)).toEqual({ outcome: "written", header: each.header });
    expect(table.stat("a/b", NOW)).toEqual(each.header);
    expect(table.list({ prefix: "", after: undefined, limit: 9 }, NOW)).toEqual([each.header]);
    expect(bodies.find("a/b", NOW)).toEqual({
      header: each.header,
      hashes: new Uint8Array(),
      body: { in: "memory", bytes: each.body },
    });
  });

  it.each([
    ["nothing in particular", {}],
    ["times before 1970 and far away", { created: -8.64e15, modified: 8.64e15, expiration: 8.64e15 }],
    ["sizes beyond 32 bits", { size: 2 ** 53 - 1, storedSize: 2 ** 40 }],
    ["an unknown property only", { note: null } as RecordParts],
  ])("comes back exactly with %s", (_, parts) => {
    const each = record("k", 1, parts);
    table.put(each, inMemory(each), anyway);
    expect(table.stat("k", NOW)).toEqual(each.header);
  });

  it("has an empty body if that is what was put", () => {
    put("k", 1, { body: new Uint8Array() });
    expect(bodies.find("k", NOW)?.body).toEqual({ in: "memory", bytes: new Uint8Array() });
  });

  it("keeps a body above 1 MiB in chunks, with its hashes", () => {
    const body = noise(2 * 2 ** 20 + 3);
    const chunkHashes = noise(96);
    put("k", 1, { body, chunkHashes });
    const found = bodies.find("k", NOW);
    expect(found?.body).toEqual({ in: "chunks", id: expect.any(Number), count: 3 });
    expect(found?.hashes).toEqual(chunkHashes);
    const id = found?.body.in === "chunks" ? found.body.id : -1;
    expect(sameBytes(bodies.assemble("k", id, 3), body)).toBe(true);
    expect(column("SELECT length(bytes) FROM chunks ORDER BY n")).toEqual([2 ** 20, 2 ** 20, 3]);
  });

  it("keeps the creation of a living record that it replaces, and nothing else", () => {
    put("k", 1, { created: 10, tags: ["old"], metadata: { old: 1 }, expiration: NOW + 9 });
    const each = record("k", 2, { created: 20 });
    expect(table.put(each, inMemory(each), anyway)).toEqual({
      outcome: "written",
      header: { ...each.header, created: 10 },
    });
    expect(table.stat("k", NOW)).toEqual({ ...each.header, created: 10 });
  });

  it("starts anew over a record that has expired", () => {
    put("k", 1, { created: 10, expiration: NOW });
    put("k", 2, { created: 20 });
    expect(table.stat("k", NOW)?.created).toBe(20);
  });

  it("is refused on a conflict or a stale version, and nothing changes", () => {
    put("k", 5, { tags: ["t"] });
    const before = dump();
    const again = record("k", 4);
    expect(table.put(again, inMemory(again), { expect: "absent", now: NOW })).toMatchObject({ outcome: "conflict" });
    expect(table.put(again, inMemory(again), { expect: version(4), now: NOW })).toMatchObject({
      outcome: "conflict",
      current: { version: version(5) },
    });
    expect(put("k", 4)).toEqual({ outcome: "stale", floor: version(5) });
    expect(dump()).toEqual(before);
  });

  it("may have its body elsewhere", () => {
    const each = record("k", 1);
    table.put(each, { from: "elsewhere" }, anyway);
    expect(bodies.find("k", NOW)).toEqual({ header: each.header, hashes: new Uint8Array(), body: { in: "elsewhere" } });
    put("k", 2, { body: noise(10) });
    expect(bodies.find("k", NOW)?.body).toEqual({ in: "memory", bytes: noise(10) });
  });
});

describe.each([
  ["are kept up with each write", true],
  ["lag until they are asked", false],
])("what is derived from records, where indexes %s", (_, keepUp) => {
  const catchUp = () => table.indexes.catchUp(100);
  const write = (key: string, n: number, parts?: RecordParts) => {
    put(key, n, parts);
    if (keepUp) catchUp();
  };

  it("has the tags of the last version alone", () => {
    write("k", 1, { tags: ["a", "b"] });
    write("k", 2, { tags: ["b", "c"] });
    catchUp();
    expect(column("SELECT tag FROM tags")).toEqual(["b", "c"]);
    remove("k", 3);
    expect(column("SELECT tag FROM tags")).toEqual([]);
  });

  it.each([
    ["small to small", 10, 20],
    ["small to chunked", 10, 2 ** 20 + 1],
    ["chunked to small", 2 ** 20 + 1, 10],
    ["chunked to chunked", 3 * 2 ** 20, 2 ** 20 + 1],
  ])("is sound after overwrites from %s", (_, before, after) => {
    write("k", 1, { body: noise(before), tags: ["a", "b"], metadata: { word: "first common" } });
    write("k", 2, { body: noise(after, 2), tags: ["b", "c"], metadata: { word: "second common" } });
    if (!keepUp) expect(column("SELECT tag FROM tags")).toEqual([]);
    catchUp();
    expect(column("SELECT tag FROM tags")).toEqual(["b", "c"]);
    expect(matching("first")).toEqual([]);
    expect(matching("second")).toEqual(["k"]);
    expect(matching("common")).toEqual(["k"]);
    table.indexes.words.verify();
    while (table.bodies.hasDiscarded) table.bodies.reclaim(1);
    expect(column("SELECT count(*) FROM bodies")).toEqual([1]);
    expect(column("SELECT count(*) FROM chunks")).toEqual([after > 2 ** 20 ? Math.ceil(after / 2 ** 20) : 0]);
    expect(column("SELECT count(*) FROM staging")).toEqual([0]);
    table.indexes.words.verify();
  });

  it("leaves nothing of a deleted record but its tombstone", () => {
    write("k", 1, { body: noise(2 ** 21), tags: ["t"], metadata: { word: "gone" } });
    expect(remove("k", 2)).toEqual({ outcome: "deleted" });
    catchUp();
    expect(matching("gone")).toEqual([]);
    while (table.bodies.hasDiscarded) table.bodies.reclaim(1);
    for (const name of ["items", "bodies", "chunks", "staging", "tags"]) {
      expect(column(`SELECT count(*) FROM ${name}`)).toEqual([0]);
    }
    expect(column("SELECT version FROM tombstones")).toEqual([version(2)]);
    table.indexes.words.verify();
  });

  it("frees discarded chunks in steps no larger than asked for", () => {
    put("k", 1, { body: noise(5 * 2 ** 20) });
    remove("k", 2);
    const left: unknown[] = [];
    while (table.bodies.hasDiscarded) {
      table.bodies.reclaim(2);
      left.push(column("SELECT count(*) FROM chunks")[0]);
    }
    expect(left).toEqual([3, 1, 0]);
  });
});

describe("a deletion", () => {
  it("leaves a tombstone that later versions pass and earlier ones do not", () => {
    put("k", 1);
    remove("k", 5);
    expect(put("k", 4)).toEqual({ outcome: "stale", floor: version(5) });
    expect(put("k", 6)).toMatchObject({ outcome: "written" });
    expect(column("SELECT count(*) FROM tombstones")).toEqual([0]);
  });

  it("of what is not there, or has expired, changes nothing", () => {
    expect(remove("k", 1)).toEqual({ outcome: "absent", tombstone: undefined });
    put("k", 2, { expiration: NOW });
    const before = dump();
    expect(remove("k", 3)).toEqual({ outcome: "absent", tombstone: undefined });
    expect(dump()).toEqual(before);
  });

  it("reaches an expired record with the version that was seen", () => {
    put("k", 2, { expiration: NOW });
    const condition = { version: version(3), expect: version(2), now: BEFORE_ALL_TIME };
    expect(table.delete("k", condition)).toEqual({ outcome: "deleted" });
    expect(table.delete("k", condition)).toEqual({ outcome: "absent", tombstone: version(3) });
  });
});

describe("a batch", () => {
  const write = (key: string, n: number, expect: "any" | "absent") =>
    ({ type: "put", record: record(key, n), expect }) as const;

  it("writes everything, and tells of each in order", () => {
    put("old", 1);
    const outcome = table.batch(
      [
        write("a", 2, "absent"),
        { type: "delete", key: "old", version: version(3), expect: version(1) },
        { type: "delete", key: "none", version: version(4), expect: "any" },
      ],
      NOW,
    );
    expect(outcome).toEqual({
      outcome: "applied",
      results: [
        { outcome: "written", header: record("a", 2).header },
        { outcome: "deleted" },
        { outcome: "absent", tombstone: undefined },
      ],
    });
    expect(keys()).toEqual(["a"]);
  });

  it("writes nothing when one condition does not hold, and tells which", () => {
    put("b", 5);
    const before = dump();
    expect(table.batch([write("a", 6, "any"), write("b", 7, "absent")], NOW)).toMatchObject({
      outcome: "refused",
      index: 1,
      reason: { outcome: "conflict" },
    });
    expect(table.batch([write("a", 6, "any"), write("b", 4, "any")], NOW)).toEqual({
      outcome: "refused",
      index: 1,
      reason: { outcome: "stale", floor: version(5) },
    });
    const missing = { type: "delete", key: "c", version: version(9), expect: version(1) } as const;
    expect(table.batch([write("a", 6, "any"), missing], NOW)).toEqual({
      outcome: "refused",
      index: 1,
      reason: { outcome: "conflict", current: undefined },
    });
    expect(dump()).toEqual(before);
  });
});

describe("a staged body", () => {
  const chunk = (seed: number) => noise(2 ** 20, seed);

  it("belongs to no item until a record takes it over", () => {
    put("k", 1, { body: noise(10) });
    let staged = table.bodies.stage("mine", NOW);
    staged = table.bodies.extend(staged, chunk(1), NOW);
    staged = table.bodies.extend(staged, chunk(2), NOW);
    expect(bodies.find("k", NOW)?.body).toEqual({ in: "memory", bytes: noise(10) });
    const outcome = table.put(record("k", 2), { from: "staging", staged, tail: noise(7, 3) }, anyway);
    expect(outcome.outcome).toBe("written");
    const found = bodies.find("k", NOW);
    expect(found?.body).toEqual({ in: "chunks", id: staged.id, count: 3 });
    const whole = Buffer.concat([chunk(1), chunk(2), noise(7, 3)]);
    expect(sameBytes(bodies.assemble("k", staged.id, 3), whole)).toBe(true);
    expect(column("SELECT count(*) FROM staging")).toEqual([0]);
  });

  it("stays for another try when its record is refused", () => {
    put("k", 5);
    const staged = table.bodies.extend(table.bodies.stage("mine", NOW), chunk(1), NOW);
    const body: ItemBody = { from: "staging", staged, tail: noise(1) };
    expect(table.put(record("k", 4), body, anyway).outcome).toBe("stale");
    expect(table.put(record("k", 6), body, anyway).outcome).toBe("written");
  });

  it("is freed when it is given up", () => {
    const staged = table.bodies.extend(table.bodies.stage("mine", NOW), chunk(1), NOW);
    table.bodies.discard(staged);
    table.bodies.reclaim(10);
    for (const name of ["bodies", "chunks", "staging"]) expect(column(`SELECT count(*) FROM ${name}`)).toEqual([0]);
    table.bodies.discard(staged);
  });

  it("that was cleaned away is not confused with the next one under its number", () => {
    const staged = table.bodies.extend(table.bodies.stage("mine", NOW), chunk(1), NOW);
    table.bodies.discardStale(NOW + 1);
    table.bodies.reclaim(10);
    const other = table.bodies.stage("other", NOW);
    expect(other.id).toBe(staged.id);
    expect(() => table.bodies.extend(staged, chunk(2), NOW)).toThrow(/write it again/);
    expect(() => table.put(record("k", 1), { from: "staging", staged, tail: noise(1) }, anyway)).toThrow(
      /write it again/,
    );
    table.bodies.discard(staged);
    expect(column("SELECT token FROM staging")).toEqual(["other"]);
  });
});

describe("a read", () => {
  it("hides what has expired, at the very instant", () => {
    put("k", 1, { expiration: NOW });
    expect(table.stat("k", NOW - 1)).toBeDefined();
    expect(table.stat("k", NOW)).toBeUndefined();
    expect(bodies.find("k", NOW)).toBeUndefined();
    expect(keys(NOW)).toEqual([]);
    expect(keys(BEFORE_ALL_TIME)).toEqual(["k"]);
    expect(table.usage(NOW)).toEqual({ items: 0, bytes: 0 });
  });

  it("counts items and stored bytes", () => {
    put("a", 1, { body: noise(100) });
    put("b", 2, { body: noise(2 ** 20 + 5) });
    expect(table.usage(NOW)).toEqual({ items: 2, bytes: 100 + 2 ** 20 + 5 });
  });

  it("of a body whose row or chunk is missing says so", () => {
    put("small", 1);
    put("large", 2, { body: noise(2 ** 20 + 5) });
    connection.exec("DELETE FROM chunks; DELETE FROM bodies WHERE key = 'small'");
    expect(() => bodies.find("small", NOW)).toThrow(/body of "small" is missing/);
    const found = bodies.find("large", NOW);
    const id = found?.body.in === "chunks" ? found.body.id : -1;
    expect(() => bodies.chunk("large", id, 0)).toThrow(/chunk 0 of the body of "large" is missing/);
  });
});

function keys(now = NOW): string[] {
  return table.list({ prefix: "", after: undefined, limit: 1_000 }, now).map(({ key }: RecordHeader) => key);
}

function matching(word: string): (string | null)[] {
  return connection
    .prepare<{ key: string }>("SELECT b.key FROM search s JOIN bodies b ON b.id = s.rowid WHERE s.search MATCH ?")
    .all(word)
    .map(({ key }) => key);
}

/** Everything that is stored. */
function dump(): unknown {
  const names = ["items", "bodies", "chunks", "staging", "tags", "tombstones", "feed", "search_data"];
  return names.map((name) => connection.prepare<unknown>(`SELECT * FROM ${name}`).all());
}
