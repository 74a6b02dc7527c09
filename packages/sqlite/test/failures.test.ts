import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing, sqliteError } from "./support/faulty-driver.js";
import { anyway, at, call, contextOf, NOW, noise, record } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

const put = async (adapter: FullAdapter, key: string, n: number) => adapter.put(record(key, n), anyway, call);
const statuses = (outcomes: readonly PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status);

async function keys(adapter: FullAdapter): Promise<string[]> {
  return (await adapter.list({ prefix: "", after: undefined, limit: 100 }, at)).map(({ key }) => key);
}

describe("a full disk", () => {
  it("refuses what does not fit, keeps what was there, and takes what fits", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await put(adapter, "old", 1);
    driver.limitPages(80);
    const body = noise(300_000);
    const outcomes = await Promise.allSettled([
      put(adapter, "small1", 2),
      adapter.put(record("large", 3, { body }), anyway, call),
      put(adapter, "small2", 4),
    ]);
    expect(statuses(outcomes)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const [, large] = outcomes;
    const reason: unknown = large.status === "rejected" ? large.reason : undefined;
    expect(adapter.classify(reason)).toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await keys(adapter)).toEqual(["old", "small1", "small2"]);
    expect(await adapter.maintain.check?.(call)).toEqual([]);
  });

  it("refuses a stream, and keeps the item that it was to replace", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await put(adapter, "k", 1);
    driver.limitPages(600);
    const writer = await adapter.writeStream("k", call);
    const write = async () => {
      for (let n = 0; n < 5; n++) await writer.write(noise(2 ** 20, n));
    };
    await expect(write()).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await writer.abort();
    expect((await adapter.get("k", at))?.body).toEqual(record("k", 1).body);
  });

  it("does not keep a store from being verified, read and closed, with everything that was acknowledged", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver });
    await put(adapter, "k", 1);
    let writes = false;
    driver.fault = (sql) => {
      if (sql.startsWith("BEGIN")) writes = sql === "BEGIN IMMEDIATE";
      const needsRoom = (writes && sql === "COMMIT") || sql.startsWith("PRAGMA wal_checkpoint");
      return needsRoom ? sqliteError("SQLITE_FULL") : undefined;
    };
    // The index of words lacks the item, and cannot be given it now.
    expect(await adapter.maintain.check?.(call)).toEqual([]);
    expect(await keys(adapter)).toEqual(["k"]);
    await expect(put(adapter, "more", 2)).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await adapter.close();
    expect(await keys(await openAdapter({ path }))).toEqual(["k"]);
  });

  it("at the commit of a group makes each try alone", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    driver.fault = failing("COMMIT", "SQLITE_FULL", 2);
    const outcomes = await Promise.allSettled([put(adapter, "a", 1), put(adapter, "b", 2), put(adapter, "c", 3)]);
    expect(statuses(outcomes)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(await keys(adapter)).toEqual(["b", "c"]);
  });
});

describe("an I/O error at a commit", () => {
  it("leaves the outcome unknown to the whole group, which is not tried again here", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    const commits = driver.count("COMMIT");
    driver.fault = failing("COMMIT", "SQLITE_IOERR_WRITE", 1);
    const outcomes = await Promise.allSettled([put(adapter, "a", 1), put(adapter, "b", 2)]);
    const unknown = {
      status: "rejected",
      reason: { code: "UNAVAILABLE", retryable: true, cause: { code: "SQLITE_IOERR_WRITE" } },
    };
    expect(outcomes).toMatchObject([unknown, unknown]);
    expect(driver.count("COMMIT") - commits).toBe(1);
    expect(await put(adapter, "a", 1)).toMatchObject({ outcome: "written" });
  });

  it("that had succeeded nevertheless is recognised by the same write made again", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    driver.after = (sql) => (sql === "COMMIT" ? sqliteError("SQLITE_IOERR_WRITE") : undefined);
    await expect(put(adapter, "a", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    driver.after = () => undefined;
    const { version: floor } = record("a", 1).header;
    expect(await put(adapter, "a", 1)).toEqual({ outcome: "stale", floor });
  });

  it.each(["SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"])(
    "%s closes the store for good: no such call is made twice",
    async (code) => {
      const path = temporaryPath();
      const driver = new FaultyDriver();
      const adapter = await openAdapter({ path, driver });
      await put(adapter, "before", 1);
      const commits = driver.count("COMMIT");
      driver.fault = failing("COMMIT", code);
      const failed = { code: "UNAVAILABLE", retryable: false, message: expect.stringContaining("open it again") };
      const outcomes = await Promise.allSettled([put(adapter, "a", 2), put(adapter, "b", 3)]);
      expect(outcomes).toMatchObject([
        { status: "rejected", reason: failed },
        { status: "rejected", reason: failed },
      ]);
      driver.fault = () => undefined;
      await expect(put(adapter, "c", 4)).rejects.toMatchObject(failed);
      expect(() => adapter.stat("before", at)).toThrow(expect.objectContaining(failed));
      await expect(adapter.readStream("before", at)).rejects.toMatchObject(failed);
      expect(driver.count("COMMIT") - commits).toBe(1);
      expect(driver.count("close")).toBe(1);
      await adapter.close();
      const again = await openAdapter({ path });
      expect(await keys(again)).toContain("before");
    },
  );

  it("that is a failed fsync closes the store outside of groups too", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await put(adapter, "k", 1);
    driver.fault = failing("VACUUM", "SQLITE_IOERR_FSYNC", 1);
    const failed = { code: "UNAVAILABLE", retryable: false };
    await expect(adapter.maintain.compact?.(call)).rejects.toMatchObject(failed);
    await expect(put(adapter, "k", 2)).rejects.toMatchObject(failed);
    expect(driver.count("close")).toBe(1);
  });

  it("rejects what waits behind the group that failed", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    driver.fault = failing("COMMIT", "SQLITE_IOERR_FSYNC");
    const outcomes = await Promise.allSettled(Array.from({ length: 600 }, (_, n) => put(adapter, `k${n}`, n + 1)));
    expect(new Set(statuses(outcomes))).toEqual(new Set(["rejected"]));
  });
});

describe("a database file that goes away under an open store", () => {
  const gone = { code: "UNAVAILABLE", retryable: false, message: expect.stringContaining("open it again") };

  it.each([
    ["deleted", (path: string) => rmSync(path)],
    ["deleted with the files beside it", (path: string) => removeAll(path)],
    ["without its log", (path: string) => rmSync(`${path}-wal`)],
    ["moved away", (path: string) => renameSync(path, `${path}.old`)],
    [
      "replaced",
      (path: string) => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
    [
      "replaced by something else",
      (path: string) => {
        rmSync(path);
        writeFileSync(path, "");
      },
    ],
  ])("%s: no later save is acknowledged", async (_, remove) => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    expect(await put(adapter, "before", 1)).toMatchObject({ outcome: "written" });
    remove(path);
    await expect(put(adapter, "after", 2)).rejects.toMatchObject(gone);
    await expect(put(adapter, "later", 3)).rejects.toMatchObject(gone);
    expect(() => adapter.list({ prefix: "", after: undefined, limit: 1 }, at)).toThrow(expect.objectContaining(gone));
    await adapter.close();
  });

  it("with its log in another's place is noticed within a second", async () => {
    const path = temporaryPath();
    let elapsed = 0;
    const clock = { now: () => NOW, elapsed: () => elapsed };
    const adapter = await openAdapter({ path }, contextOf({ clock }));
    for (elapsed = 0; elapsed < 5_000; elapsed += 500) await put(adapter, "k", elapsed + 1);
    copyFileSync(`${path}-wal`, `${path}-copy`);
    renameSync(`${path}-copy`, `${path}-wal`);
    elapsed += 1_000;
    await expect(put(adapter, "after", 6_001)).rejects.toMatchObject(gone);
    expect(() => adapter.list({ prefix: "", after: undefined, limit: 1 }, at)).toThrow(expect.objectContaining(gone));
  });

  it("is not read through a second connection, which would see another file", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await adapter.put(record("k", 1, { body: noise(2 ** 21) }), anyway, call);
    removeAll(path);
    await expect(adapter.readStream("k", at)).rejects.toMatchObject(gone);
  });

  it("and is opened again works on the file that is there", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await put(adapter, "before", 1);
    removeAll(path);
    await expect(put(adapter, "after", 2)).rejects.toMatchObject(gone);
    await adapter.close();
    await adapter.open(contextOf());
    expect(await put(adapter, "new", 3)).toMatchObject({ outcome: "written" });
    expect(await keys(adapter)).toEqual(["new"]);
  });
});

function removeAll(path: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end);
}

describe("damage that is met while the store is open", () => {
  it("of the search index is CORRUPT to the writes over what it has, also where only the commit finds it, and nothing to others", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await Promise.all(Array.from({ length: 300 }, (_, n) => put(adapter, `k/${n}`, n + 1)));
    // Looking for damage has everything indexed.
    expect(await adapter.maintain.check?.(call)).toEqual([]);
    await adapter.close();
    openRaw(path).exec("UPDATE search_data SET block = x'ffffffffffffffffffffffff' WHERE id > 10");
    await adapter.open(contextOf());
    const outcomes: PromiseSettledResult<unknown>[] = [];
    // Many groups: it is merging what they add that meets the damage.
    for (let n = 0; n < 300; n += 2) {
      const both = [n, n + 1].map(async (k) =>
        adapter.put(record(`k/${k}`, k + 1_000, { tags: ["other"] }), anyway, call),
      );
      const innocent = put(adapter, `new/${n}`, n + 2_000);
      outcomes.push(...(await Promise.allSettled(both)));
      expect(await innocent).toMatchObject({ outcome: "written" });
    }
    const reasons = outcomes.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons.map((reason) => adapter.classify(reason)?.code))).toEqual(new Set(["CORRUPT"]));
    expect((await adapter.maintain.repair?.(call))?.remaining).toEqual([]);
    for (const [n, { status }] of outcomes.entries()) {
      const { tags } = (await adapter.stat(`k/${n}`, at)) ?? {};
      expect(tags, `k/${n}`).toEqual(status === "fulfilled" ? ["other"] : []);
    }
  });

  it("of the search index is CORRUPT and names the cure; the items can still be read", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await Promise.all(Array.from({ length: 300 }, (_, n) => put(adapter, `k/${n}`, n + 1)));
    // Looking for damage has everything indexed.
    expect(await adapter.maintain.check?.(call)).toEqual([]);
    await adapter.close();
    openRaw(path).exec("UPDATE search_data SET block = x'ffffffffffffffffffffffff' WHERE id > 10");
    await adapter.open(contextOf());
    const query = {
      prefix: "",
      terms: ["k"],
      tags: [],
      where: [],
      order: { by: "rank" },
      limit: 9,
      offset: 0,
    } as const;
    let error: unknown;
    try {
      await adapter.query(query, at);
    } catch (thrown) {
      error = thrown;
    }
    expect(adapter.classify(error)).toMatchObject({ code: "CORRUPT", message: expect.stringContaining("repair()") });
    expect((await adapter.get("k/1", at))?.header).toEqual(record("k/1", 2).header);
  });
});
