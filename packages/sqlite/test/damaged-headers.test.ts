import { type JsonObject, openStorage } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { anyway, at, call, contextOf, NOW, record, version } from "./support/records.js";
import { openAdapter, openRaw, temporaryPath } from "./support/stores.js";

/** A store of three items with a tag, everything indexed, of which the header of `b` is damaged. */
async function damaged(rest: string, history?: { versions: number; age: number }) {
  const path = temporaryPath();
  const adapter = await openAdapter({ path }, contextOf({ clock: { now: () => NOW } }, history));
  for (const [n, key] of ["a", "b", "c"].entries()) {
    await adapter.put(record(key, n + 1, { tags: ["t"], metadata: { word: "alpha" } }), anyway, call);
  }
  expect(await adapter.maintain.check?.(call)).toEqual([]);
  openRaw(path).prepare("UPDATE items SET rest = ? WHERE key = 'b'").run(rest);
  return { path, adapter };
}

const CORRUPT = { code: "CORRUPT", key: "b", message: expect.stringContaining('the header of "b" is damaged') };
const everything = { prefix: "", after: undefined, limit: 100 };

describe.each(['{"tags":["t"],"met', "null", '{"tags":5}', "\u0000"])("a damaged header (%j)", (rest) => {
  it("is CORRUPT with its key to whoever reads it, and nothing to who reads others", async () => {
    const { adapter } = await damaged(rest);
    expect(() => adapter.stat("b", at)).toThrow(expect.objectContaining(CORRUPT));
    expect(() => adapter.get("b", at)).toThrow(expect.objectContaining(CORRUPT));
    expect(() => adapter.list(everything, at)).toThrow(expect.objectContaining(CORRUPT));
    expect((await adapter.stat("a", at))?.tags).toEqual(["t"]);
    const conditional = adapter.put(record("b", 9), { expect: "absent", now: NOW }, call);
    await expect(conditional).rejects.toMatchObject(CORRUPT);
  });

  it("is told by check, beside what can be mended", async () => {
    const { path, adapter } = await damaged(rest);
    openRaw(path).exec("INSERT INTO tombstones VALUES ('a', 'v', 0); DELETE FROM tags WHERE key = 'c'");
    const problem = { ...CORRUPT, repairable: false };
    const found = (await adapter.maintain.check?.(call)) ?? [];
    expect(found).toHaveLength(3);
    expect(found).toContainEqual(problem);
    const { repaired, remaining } = (await adapter.maintain.repair?.(call)) ?? {};
    expect(repaired).toEqual(found.filter(({ repairable }) => repairable));
    expect(remaining).toEqual([problem]);
    expect(openRaw(path).prepare("SELECT key FROM tags ORDER BY key").pluck().all()).toEqual(["a", "c"]);
  });

  it("is a problem among others to verify and repair", async () => {
    const { path, adapter } = await damaged(rest);
    await adapter.close();
    const storage = await openStorage(sqlite({ path }), { ports: { clock: { now: () => NOW } } });
    onTestFinished(() => storage.close());
    // The other records here have no value that would be theirs.
    const problems = [CORRUPT, { key: "a" }, { key: "c" }].map((problem) => expect.objectContaining(problem));
    expect((await storage.verify()).problems).toEqual(problems);
    expect((await storage.repair()).remaining).toEqual(problems);
  });

  it("is no obstacle to deleting the item", async () => {
    const { path, adapter } = await damaged(rest);
    expect(await adapter.delete("b", { version: version(9), expect: "any", now: NOW }, call)).toEqual({
      outcome: "deleted",
    });
    expect((await adapter.list(everything, at)).map(({ key }) => key)).toEqual(["a", "c"]);
    expect(openRaw(path).prepare("SELECT key FROM tags ORDER BY key").pluck().all()).toEqual(["a", "c"]);
    expect(await adapter.maintain.check?.(call)).toEqual([]);
  });

  it("is no obstacle to saving something else in its place, and nothing keeps it", async () => {
    const { path, adapter } = await damaged(rest, { versions: 3, age: Number.POSITIVE_INFINITY });
    expect(await adapter.put(record("b", 9, { tags: ["u"] }), anyway, call)).toMatchObject({ outcome: "written" });
    expect((await adapter.stat("b", at))?.tags).toEqual(["u"]);
    expect(await adapter.history.list("b", at)).toEqual([]);
    expect(openRaw(path).prepare("SELECT tag FROM tags WHERE key = 'b'").pluck().all()).toEqual(["u"]);
    expect(await adapter.maintain.check?.(call)).toEqual([]);
  });

  it("of a kept version is told, and does not outlive that the item is encrypted", async () => {
    const { path, adapter } = await damaged("null", { versions: 3, age: Number.POSITIVE_INFINITY });
    await adapter.put(record("c", 4), anyway, call);
    openRaw(path).prepare("UPDATE history SET rest = ? WHERE key = 'c'").run(rest);
    const previous = `previous version ${version(3)}: its header is damaged, and the item is not`;
    expect(await adapter.maintain.check?.(call)).toMatchObject([
      { key: "b" },
      { key: "c", message: expect.stringContaining(previous), repairable: false },
    ]);
    const encryption = { algorithm: "AES-256-GCM", keyId: "k", wrappedKey: "", iv: "" } as never;
    await adapter.put(record("c", 5, { encryption }), anyway, call);
    expect(openRaw(path).prepare("SELECT count(*) FROM history WHERE key = 'c'").pluck().get()).toBe(0);
  });

  it("of a kept version goes with a sweep, as check says, and the item stays", async () => {
    const { path, adapter } = await damaged("null", { versions: 3, age: Number.POSITIVE_INFINITY });
    await adapter.delete("b", { version: version(9), expect: "any", now: NOW }, call);
    await adapter.put(record("c", 4), anyway, call);
    openRaw(path).prepare("UPDATE history SET rest = ? WHERE key = 'c'").run(rest);
    await adapter.close();
    const storage = await openStorage(sqlite({ path }), { history: false, ports: { clock: { now: () => NOW } } });
    onTestFinished(() => storage.close());
    await storage.sweep();
    expect((await storage.verify()).problems.filter(({ message }) => message.includes("header"))).toEqual([]);
    expect((await storage.stat("c"))?.version).toBe(version(4));
  });

  it("is not in the way when the terms of all items are computed anew", async () => {
    const { path, adapter } = await damaged(rest);
    await adapter.close();
    openRaw(path).exec("UPDATE store SET value = '0' WHERE name = 'terms'");
    await adapter.open(contextOf());
    expect((await adapter.stat("a", at))?.tags).toEqual(["t"]);
    expect(await adapter.maintain.check?.(call)).toMatchObject([CORRUPT]);
  });
});

describe("metadata of many levels", () => {
  it.each([998, 999, 1_000])("such as %i can be saved, verified, indexed, kept and repaired", async (levels) => {
    const path = temporaryPath();
    const storage = await openStorage(sqlite({ path }), { history: { versions: 2 } });
    onTestFinished(() => storage.close());
    let metadata: JsonObject = { x: 1 };
    for (let level = 1; level < levels; level++) metadata = { a: metadata };
    await storage.save("deep", 1, { metadata, tags: ["t"] });
    await storage.save("deep", 2, { metadata, tags: ["t"] });
    expect((await storage.verify()).problems).toEqual([]);
    await Promise.all(Array.from({ length: 200 }, (_, n) => storage.save(`k${n}`, n, { tags: ["t"] })));
    expect(await storage.count({ tags: ["t"] })).toBe(201);
    await storage.save("once more", 1);
    const raw = openRaw(path);
    expect(Number(raw.prepare("SELECT value FROM store WHERE name = 'indexed'").pluck().get())).toBeGreaterThan(200);
    raw.exec("DELETE FROM tags");
    expect((await storage.repair()).remaining).toEqual([]);
    expect(await storage.count({ tags: ["t"] })).toBe(201);
    expect((await storage.history("deep")).length).toBe(1);
  });
});
