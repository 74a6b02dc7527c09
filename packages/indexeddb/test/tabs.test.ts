import type {} from "@holdfast/browser";
import { openStorage, type StorageEngine, type StoredRecord, TOKENIZER_VERSION } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { deleteDB, openDB } from "idb";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { commands } from "vitest/browser";
import { newName } from "./support/backing.ts";
import { MiB, noise } from "./support/bytes.ts";
import { outcomeOf } from "./support/outcome.ts";
import { lookInto } from "./support/stores.ts";

const open: StorageEngine[] = [];
afterEach(async () => {
  for (const storage of open.splice(0)) await storage.close();
});

async function openStore(name: string, lockTimeout = 10_000): Promise<StorageEngine> {
  const storage = await openStorage(indexeddb({ name, lockTimeout }), { retry: { retries: 1, minDelay: 1 } });
  open.push(storage);
  return storage;
}

describe("two tabs upgrading", () => {
  it("lets a newer tab take the database over at once, and says so to its caller", async () => {
    const name = newName();
    const older = await openStore(name);
    const saving = older.save("a", 1);
    await saving;
    const newer = await openDB(name, 1_000_000);
    newer.close();
    await expect(older.save("b", 2)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: false,
      message: expect.stringContaining("reload this page"),
    });
    await expect(older.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("completes what had begun when a newer tab comes", async () => {
    const name = newName();
    const older = await openStore(name);
    const saves = Array.from({ length: 20 }, (_, index) => older.save(`k${index}`, index));
    await saves[0];
    const [outcomes, newer] = await Promise.all([Promise.allSettled(saves), openDB(name, 1_000_000)]);
    const stored = await newer.getAllKeys("records");
    newer.close();
    const acknowledged = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [`k${index}`] : []));
    expect(stored.sort()).toEqual(acknowledged.sort());
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  it("refuses a database that a newer Holdfast has made, and leaves it as it is", async () => {
    const name = newName();
    await (await openStore(name)).close();
    (await openDB(name, 1_000_000)).close();
    await expect(openStore(name)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("update this app"),
    });
    const left = await lookInto(name);
    expect(left.version).toBe(1_000_000);
    left.close();
  });

  it.each([200, 0])(
    "is LOCKED, never a hang, while code that does not let go holds an older database, after %i ms",
    async (timeout) => {
      const name = newName();
      const holder = await openDB(name, 1_001, { upgrade: (database) => void database.createObjectStore("records") });
      onTestFinished(() => holder.close());
      await expect(openStore(name, timeout)).rejects.toMatchObject({
        code: "LOCKED",
        retryable: true,
        message: expect.stringContaining("close the other tabs"),
      });
      expect([...holder.objectStoreNames]).toEqual(["records"]);
      holder.close();
      // The browser grants the request now; nobody wants it any more, so nothing may come of it.
      const after = await lookInto(name);
      expect([after.version, ...after.objectStoreNames]).toEqual([1_001, "records"]);
      after.close();
    },
  );

  it("is LOCKED while a deletion waits for somebody who does not let go", async () => {
    const name = newName();
    const holder = await openDB(name, 1, { upgrade: (database) => void database.createObjectStore("x") });
    onTestFinished(() => holder.close());
    const deleting = deleteDB(name);
    await expect(openStore(name, 200)).rejects.toMatchObject({ code: "LOCKED" });
    holder.close();
    await deleting;
    const storage = await openStore(name);
    expect(await storage.list()).toEqual([]);
  });

  it("opens what nobody holds for one who does not want to wait", async () => {
    const storage = await openStore(newName(), 0);
    expect(await storage.list()).toEqual([]);
  });

  it("opens for one of two tabs that both make a new database, and for the other", async () => {
    const name = newName();
    const stores = await Promise.all([openStore(name), openStore(name), openStore(name)]);
    await Promise.all(stores.map((storage, index) => storage.save(`k${index}`, index)));
    for (const storage of stores) expect(await storage.count()).toBe(3);
  });

  it("reads a database of another tokenizer anew", async () => {
    const name = newName();
    const adapter = indexeddb({ name });
    const { systemPorts } = await import("@holdfast/core");
    const context = { ports: systemPorts, history: false, carry: (record: StoredRecord) => record } as const;
    const first = await openStore(name);
    await first.save("notes/a", 1, { tags: ["t"] });
    await first.close();
    await adapter.open({ ...context, tokenizerVersion: TOKENIZER_VERSION + 1, termsOf: () => ["reversed"] });
    const query = {
      prefix: "",
      tags: [],
      where: [],
      order: { by: "key", descending: false },
      limit: 10,
      offset: 0,
    } as const;
    const found = await adapter.query?.({ ...query, terms: ["revers"] }, { now: 0, signal: undefined });
    expect(found?.map(({ key }) => key)).toEqual(["notes/a"]);
    expect(await adapter.query?.({ ...query, terms: ["notes"] }, { now: 0, signal: undefined })).toEqual([]);
    expect(
      (await adapter.query?.({ ...query, terms: undefined, tags: ["t"] }, { now: 0, signal: undefined }))?.length,
    ).toBe(1);
    await adapter.close();
  });
});

describe("a connection that is lost", () => {
  it("is opened again when the database is still the same", async () => {
    const name = newName();
    const storage = await openStore(name);
    await storage.save("a", 1);
    const told: string[] = [];
    await storage.watch("", ({ key }) => told.push(key));
    await loseConnections(name);
    expect(await storage.load("a")).toBe(1);
    await storage.save("b", 2);
    expect(await storage.list()).toHaveLength(2);
    await expect.poll(() => told).toEqual(["b"]);
  });

  it("is asked for once, not by each of the writes that wait for it", async () => {
    const name = newName();
    const storage = await openStorage(indexeddb({ name, lockTimeout: 100 }), { retry: false });
    open.push(storage);
    await storage.save("a", 1);
    await loseConnections(name);
    const opening = vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
      const request = { onblocked: () => undefined };
      queueMicrotask(() => request.onblocked());
      return request as unknown as IDBOpenDBRequest;
    });
    const outcomes = Array.from({ length: 64 }, (_, index) => outcomeOf(storage.save(`k${index}`, index)));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["LOCKED"]));
    expect(opening).toHaveBeenCalledTimes(1);
    opening.mockRestore();
    expect(await storage.load("a")).toBe(1);
  });

  it("leaves no write in flight without an answer when the user clears the site's data", async () => {
    const storage = await openStore(newName());
    await storage.save("a", 1);
    const outcomes: Promise<string>[] = [];
    let isCleared = false;
    const clearing = commands.clearSiteData().then(() => {
      isCleared = true;
    });
    while (!isCleared) {
      const writes = Array.from({ length: 50 }, (_, index) => storage.save(`k${index}`, noise(5_000)));
      const batch = storage.batch([
        { type: "save", key: "a", data: 2 },
        { type: "save", key: "b", data: noise(100_000) },
      ]);
      const answers = [storage.save("large", noise(2 * MiB)), ...writes, batch].map(outcomeOf);
      outcomes.push(...answers);
      await Promise.race([clearing, Promise.all(answers)]);
    }
    expect(["saved", "UNAVAILABLE"]).toEqual(expect.arrayContaining([...new Set(await Promise.all(outcomes))]));
    await expect.poll(() => outcomeOf(storage.load("a"))).toBe("UNAVAILABLE");
  });

  it("is a clear error when the database was deleted under our feet, until the storage is opened again", async () => {
    const name = newName();
    const storage = await openStore(name);
    await storage.save("a", 1);
    await deleteDB(name);
    for (const call of [() => storage.load("a"), () => storage.save("a", 2), () => storage.list()]) {
      await expect(call()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        retryable: false,
        message: expect.stringContaining("deleted while it was open"),
      });
    }
    expect((await indexedDB.databases()).map((each) => each.name)).not.toContain(name);
    await storage.close();
    const anew = await openStore(name);
    expect(await anew.list()).toEqual([]);
  });

  it("is the same clear error when the user clears the site's data", async () => {
    const name = newName();
    const storage = await openStore(name);
    await storage.save("a", 1);
    await commands.clearSiteData();
    await expect
      .poll(() =>
        storage.load("a").then(
          () => "there",
          ({ code }) => code,
        ),
      )
      .toBe("UNAVAILABLE");
    await expect(storage.save("b", 1)).rejects.toMatchObject({ message: expect.stringContaining("deleted") });
    await storage.close();
    expect(await (await openStore(name)).list()).toEqual([]);
  });

  it("is the same clear error when another database was made in its place", async () => {
    const name = newName();
    const storage = await openStore(name);
    await storage.save("a", 1);
    await commands.clearSiteData();
    await (await openStorage(indexeddb({ name }))).close();
    await expect
      .poll(() =>
        storage.load("a").then(
          () => "there",
          ({ message }) => message,
        ),
      )
      .toContain("deleted");
  });
});

/** As the browser does it: the connections of this page to the database are closed, without a word to who holds them. */
async function loseConnections(name: string): Promise<void> {
  const { close } = IDBDatabase.prototype;
  for (const database of connections) if (database.name === name) close.call(database);
}

const connections: IDBDatabase[] = [];
const { transaction } = IDBDatabase.prototype;
IDBDatabase.prototype.transaction = function (...given) {
  if (!connections.includes(this)) connections.push(this);
  return transaction.apply(this, given);
};
