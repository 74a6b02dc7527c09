import { readFileSync } from "node:fs";
import { type AdapterInfo, systemPorts } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { ManualTimers } from "./support/manual-timers.js";
import { anyway, at, call, contextOf, NOW, noise, record, version } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

const HOUR = 60 * 60 * 1_000;
const DAY = 24 * HOUR;
const RANK = { by: "rank" } as const;

async function filled(path: string): Promise<FullAdapter> {
  const adapter = await openAdapter({ path }, contextOf({ clock: { now: () => NOW } }, { versions: 5, age: DAY }));
  await adapter.put(record("a", 0, { metadata: { word: "alpha" } }), anyway, call);
  await adapter.put(record("a", 1, { tags: ["t", "u"], metadata: { word: "alpha" } }), anyway, call);
  await adapter.put(record("b", 2, { body: noise(2 ** 21), tags: ["t"] }), anyway, call);
  await adapter.put(record("c", 3), anyway, call);
  await adapter.delete("c", { version: version(4), expect: "any", now: NOW }, call);
  return adapter;
}

const check = async (adapter: FullAdapter) => adapter.maintain.check?.(call);
const count = (adapter: FullAdapter, query: { terms?: string[]; tags?: string[] }) =>
  adapter.count(
    { prefix: "", terms: query.terms, tags: query.tags ?? [], where: [], order: RANK, limit: 1, offset: 0 },
    at,
  );

describe("check and repair", () => {
  it("find nothing in a sound store", async () => {
    const adapter = await filled(temporaryPath());
    expect(await check(adapter)).toEqual([]);
    expect(await adapter.maintain.repair?.(call)).toEqual({ repaired: [], remaining: [] });
  });

  it("take nothing for damage that the indexes merely lack, and repair puts it in", async () => {
    const path = temporaryPath();
    const adapter = await filled(path);
    const mended = { repaired: [expect.objectContaining({ message: expect.stringMatching(/1 keys are marked/) })] };
    openRaw(path).exec("INSERT INTO tombstones VALUES ('a', 'v', 0)");
    await adapter.put(record("late", 6, { tags: ["t"], metadata: { word: "alpha" } }), anyway, call);
    expect(await adapter.maintain.repair?.(call)).toMatchObject({ ...mended, remaining: [] });
    expect(openRaw(path).prepare("SELECT count(*) FROM tags WHERE key = 'late'").pluck().get()).toBe(1);
    expect(await check(adapter)).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["a body of no item", "INSERT INTO bodies (chunks, bytes) VALUES (0, x'00')", /1 stored bodies/],
    ["a chunk of no body", "INSERT INTO chunks VALUES (99, 0, x'00')", /1 chunks/],
    ["a tag of no item", "INSERT INTO tags VALUES ('t', 'none')", /1 entries of the tag index.*"none"/],
    ["a tag that an item has not", "INSERT INTO tags VALUES ('v', 'a')", /1 entries of the tag index.*"a"/],
    ["a tag that is not indexed", "DELETE FROM tags WHERE tag = 'u'", /1 tags of items/],
    ["a search entry of another time", "UPDATE bodies SET modified = 1 WHERE key = 'a'", /1 items differ/],
    ["a tombstone of a living item", "INSERT INTO tombstones VALUES ('a', 'v', 0)", /1 keys are marked/],
    ["words that are not indexed", "UPDATE bodies SET terms = 'a beta' WHERE key = 'a'", /the search index/],
    ["words that are indexed wrongly", "INSERT INTO search (rowid, terms) VALUES (1, 'wrong')", /the search index/],
    [
      "a previous version without its body",
      "INSERT INTO history SELECT 'a', 'v', 99, 0, 0, 'json', NULL, '', 0, 0, NULL, NULL, 0",
      /1 previous versions have lost.*"a"/,
    ],
    [
      "words of a previous version",
      "UPDATE bodies SET terms = 'beta' WHERE id = (SELECT body FROM history LIMIT 1)",
      /1 previous versions have words in the search index/,
    ],
    ["an index that cannot be read", "UPDATE search_data SET block = x'ffffffff' WHERE id > 10", /the search index/],
  ])("find and mend %s", async (_, damage, message) => {
    const path = temporaryPath();
    const adapter = await filled(path);
    // Has everything indexed.
    expect(await check(adapter)).toEqual([]);
    openRaw(path).exec(damage);
    const problem = { code: "CORRUPT", message: expect.stringMatching(message), repairable: true };
    const found = await check(adapter);
    expect(found).toContainEqual(problem);
    expect(await adapter.maintain.repair?.(call)).toEqual({ repaired: found, remaining: [] });
    expect(await check(adapter)).toEqual([]);
    const versions = await adapter.history.list("a", at);
    expect(versions.map(({ header }) => header.version)).toEqual([version(0)]);
    expect((await adapter.history.get("a", version(0), at))?.body).toEqual(record("a", 0).body);
    expect(await adapter.history.list("c", at)).toHaveLength(1);
    expect(await count(adapter, { terms: ["alpha"] })).toBe(1);
    expect(await count(adapter, { tags: ["t"] })).toBe(2);
    expect(await count(adapter, { tags: ["u"] })).toBe(1);
    expect((await adapter.get("b", at))?.body.byteLength).toBe(2 ** 21);
  });

  it("leave a stream that is being written alone, and remove one that has stood still for an hour", async () => {
    const path = temporaryPath();
    let now = NOW;
    const adapter = await openAdapter({ path }, contextOf({ clock: { now: () => now } }));
    const writer = await adapter.writeStream("k", call);
    await writer.write(noise(2 ** 21));
    now += HOUR;
    expect(await check(adapter)).toEqual([]);
    await adapter.maintain.repair?.(call);
    await writer.write(noise(2 ** 21));
    now += HOUR + 1;
    expect(await check(adapter)).toMatchObject([
      { message: expect.stringContaining("1 unfinished"), repairable: true },
    ]);
    expect((await adapter.maintain.repair?.(call))?.remaining).toEqual([]);
    expect(await check(adapter)).toEqual([]);
    await expect(writer.write(noise(2 ** 21))).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    await writer.abort();
    await adapter.maintain.compact?.(call);
    expect(openRaw(path).prepare("SELECT count(*) FROM bodies").pluck().get()).toBe(0);
  });

  it("say that a damaged file is beyond them, and do not touch it", async () => {
    const path = temporaryPath();
    const adapter = await filled(path);
    await adapter.maintain.compact?.(call);
    await adapter.close();
    const raw = openRaw(path);
    raw.pragma("writable_schema = ON");
    // The tags' tree now begins where the items' does.
    raw.exec(
      "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'items') WHERE name = 'tags'",
    );
    raw.close();
    await adapter.open(contextOf());
    const problems = await check(adapter);
    expect(problems?.length).toBeGreaterThan(0);
    expect(problems?.every(({ repairable, message }) => !repairable && message.startsWith("the database file"))).toBe(
      true,
    );
    expect(await adapter.maintain.repair?.(call)).toEqual({ repaired: [], remaining: problems });
    // Emptying the tags to write them anew would have emptied the items.
    expect((await adapter.info(at)).items).toBe(2);
  });
});

describe("compact", () => {
  it("gives space back to the file system", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => adapter.put(record(`k${n}`, n + 1, { body: noise(10_000) }), anyway, call)),
    );
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        adapter.delete(`k${n}`, { version: version(n + 1_000), expect: "any", now: NOW }, call),
      ),
    );
    await adapter.put(record("stays", 5_000), anyway, call);
    const sizeOf = ({ details }: AdapterInfo) => Number(details["fileSize"]) + Number(details["logSize"]);
    const before = sizeOf(await adapter.info(at));
    await adapter.maintain.compact?.(call);
    const after = await adapter.info(at);
    expect(sizeOf(after)).toBeLessThan(before / 10);
    expect(after.details["logSize"]).toBe(0);
    expect(after.items).toBe(1);
    expect(await adapter.put(record("more", 5_001), anyway, call)).toMatchObject({ outcome: "written" });
    expect(await check(adapter)).toEqual([]);
  });

  it("waits for who reads from the log, and is LOCKED where that takes too long", async () => {
    const path = temporaryPath();
    const timers = new ManualTimers();
    const adapter = await openAdapter({ path, lockTimeout: 1_000 }, contextOf(timers.ports));
    const reader = await openAdapter({ path });
    await adapter.put(record("k", 1, { body: noise(2 ** 22) }), anyway, call);
    await adapter.put(record("other", 2, { body: noise(2 ** 21) }), anyway, call);
    await adapter.delete("other", { version: version(3), expect: "any", now: NOW }, call);
    const read = async () => (await reader.readStream("k", at))?.body[Symbol.asyncIterator]();
    const [first, second] = [await read(), await read()];
    const compacted = adapter.maintain.compact?.(call);
    await timers.advance(500);
    await first?.return?.();
    await timers.advance(100);
    await second?.return?.();
    await timers.advance(100);
    await compacted;
    expect((await adapter.info(at)).details["logSize"]).toBe(0);
    const third = await read();
    const locked = expect(adapter.maintain.compact?.(call)).rejects.toMatchObject({ code: "LOCKED" });
    await timers.advance(1_200);
    await locked;
    await third?.return?.();
  });

  it("leaves no full log behind where there is no room for the new file", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver });
    await adapter.put(record("k", 1, { body: noise(2 ** 21) }), anyway, call);
    driver.fault = failing("VACUUM", "SQLITE_FULL");
    await expect(adapter.maintain.compact?.(call)).rejects.toMatchObject({ code: "SQLITE_FULL" });
    expect((await adapter.info(at)).details["logSize"]).toBe(0);
    expect(driver.pragma("temp_store")).toBe(2);
  });

  it("drops tombstones older than thirty days, and never goes back behind their versions", async () => {
    const path = temporaryPath();
    let now = NOW;
    const ports = { ...systemPorts, clock: { now: () => now } };
    const adapter = await openAdapter({ path }, contextOf(ports));
    for (const [n, key] of ["old", "young"].entries()) {
      await adapter.put(record(key, 2 * n + 1), anyway, call);
      await adapter.delete(key, { version: version(2 * n + 2), expect: "any", now }, call);
      now += 20 * DAY;
    }
    await adapter.maintain.compact?.(call);
    expect(openRaw(path).prepare("SELECT key FROM tombstones").pluck().all()).toEqual(["young"]);
    await adapter.close();
    expect(await adapter.open(contextOf(ports))).toEqual({ lastVersion: version(4) });
  });

  it.each(["data", "all"] as const)(
    "takes out of the file what secureDelete %s has left of deleted items",
    async (secureDelete) => {
      const path = temporaryPath();
      const adapter = await openAdapter({ path, secureDelete });
      const body = new TextEncoder().encode("plain text");
      await adapter.put(record("k", 1, { metadata: { secret: "zanzibar" }, body }), anyway, call);
      // Has everything indexed.
      expect(await check(adapter)).toEqual([]);
      await adapter.put(record("other", 2), anyway, call);
      await adapter.delete("k", { version: version(3), expect: "any", now: NOW }, call);
      await adapter.close();
      const holds = (text: string) => readFileSync(path).includes(text);
      expect(holds("plain text")).toBe(false);
      expect(holds('"secret"')).toBe(false);
      expect(holds("zanzibar")).toBe(secureDelete === "data");
      await adapter.open(contextOf());
      await adapter.maintain.compact?.(call);
      await adapter.close();
      expect(holds("zanzibar")).toBe(false);
    },
  );

  it("keeps the tombstone of what can be restored, however old", async () => {
    const path = temporaryPath();
    let now = NOW;
    const limits = { versions: 5, age: 60 * DAY };
    const adapter = await openAdapter({ path }, contextOf({ clock: { now: () => now } }, limits));
    await adapter.put(record("k", 1), anyway, call);
    await adapter.delete("k", { version: version(9), expect: "any", now }, call);
    now += 31 * DAY;
    await adapter.maintain.compact?.(call);
    expect(await adapter.put(record("k", 5), anyway, call)).toEqual({ outcome: "stale", floor: version(9) });
    now += 30 * DAY;
    expect(await adapter.history.sweep("", { now, signal: undefined })).toBe(1);
    await adapter.maintain.compact?.(call);
    expect(await adapter.put(record("k", 5), anyway, call)).toMatchObject({ outcome: "written" });
  });

  it("leaves a store in use by others as it is, and works for both afterwards", async () => {
    const path = temporaryPath();
    const [mine, other] = [await openAdapter({ path }), await openAdapter({ path })];
    await mine.put(record("k", 1), anyway, call);
    await mine.maintain.compact?.(call);
    expect(await other.put(record("k", 2), anyway, call)).toMatchObject({ outcome: "written" });
    expect((await mine.stat("k", at))?.version).toBe(version(2));
  });
});
