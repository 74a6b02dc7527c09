import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newName } from "./support/backing.ts";
import { lookInto, nameOf, openStore, tidyUp } from "./support/stores.ts";

afterEach(tidyUp);

/** The stores and modes of the transactions that the work begins. */
async function transactionsOf(
  work: () => Promise<unknown>,
): Promise<[stores: string, mode: string, durability: string][]> {
  const begun: [string, string, string][] = [];
  const { transaction } = IDBDatabase.prototype;
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
    this: IDBDatabase,
    stores,
    mode,
    options,
  ) {
    begun.push([[stores].flat().join(" "), mode ?? "readonly", options?.durability ?? "default"]);
    return transaction.call(this, stores, mode, options);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return begun;
}

describe("a group", () => {
  it("takes what arrives while a transaction is in flight, each with its own outcome", async () => {
    const storage = await openStore();
    const first = await storage.save("k0", "before");
    const begun = await transactionsOf(async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 64 }, (_, index) =>
          storage.save(`k${index}`, index, index % 2 === 0 ? { ifVersion: index === 0 ? first.version : null } : {}),
        ).concat(storage.save("k0", "late", { ifVersion: null })),
      );
      expect(outcomes.map(({ status }) => status)).toEqual([
        ...Array.from({ length: 64 }, () => "fulfilled"),
        "rejected",
      ]);
    });
    const writing = begun.filter(([, mode]) => mode === "readwrite");
    expect(writing.length).toBeGreaterThan(0);
    expect(writing.length).toBeLessThan(8);
    expect(await storage.count()).toBe(64);
  });

  it("goes on without the one that was given up", async () => {
    const storage = await openStore();
    const controller = new AbortController();
    const saves = Array.from({ length: 20 }, (_, index) =>
      storage.save(`k${index}`, index, index === 7 ? { signal: controller.signal } : {}),
    );
    controller.abort();
    const outcomes = await Promise.allSettled(saves);
    expect(outcomes.map(({ status }) => status)).toEqual(
      outcomes.map((_, index) => (index === 7 ? "rejected" : "fulfilled")),
    );
    expect(await storage.count()).toBeGreaterThanOrEqual(19);
  });

  it.each(["relaxed", "strict"] as const)(
    "is committed with the durability %s that was asked for",
    async (durability) => {
      const storage = await openStore({ durability });
      const begun = await transactionsOf(() => storage.save("a", 1));
      expect(new Set(begun.filter(([, mode]) => mode === "readwrite").map(([, , asked]) => asked))).toEqual(
        new Set([durability]),
      );
    },
  );

  it("costs a save one transaction and a load one", async () => {
    const storage = await openStore();
    await storage.save("a", 1);
    // What a new store lays in behind its opening is there.
    await expect.poll(() => transactionsOf(() => storage.flush())).toEqual([]);
    expect(await transactionsOf(() => storage.save("b", { some: "data" }, { tags: ["t"] }))).toHaveLength(1);
    expect(await transactionsOf(() => storage.load("b"))).toHaveLength(1);
  });
});

describe("a listing", () => {
  it("reads records alone, in one transaction, and large bodies are not in them", async () => {
    const storage = await openStore();
    for (let index = 0; index < 20; index++) await storage.save(`k${index}`, new Uint8Array(4_097 + index));
    const begun = await transactionsOf(() => storage.list("", { limit: 10 }));
    expect(begun.map(([stores]) => stores)).toEqual(["records"]);
    const database = await lookInto(await nameOf(storage));
    for (const row of await database.getAll("records")) expect(row.b).toBeUndefined();
    expect(await database.count("chunks")).toBe(20);
    database.close();
  });

  it("finds its way through thousands of deleted keys", async () => {
    const storage = await openStore();
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => storage.save(`k/${index}`, index)));
    await storage.save("z", "last");
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => storage.delete(`k/${index}`)));
    expect((await storage.list("", { limit: 1 })).map(({ key }) => key)).toEqual(["z"]);
  });
});

describe("the feed", () => {
  it("says resync where it does not reach back, and tells watchers how each key stands", async () => {
    const name = newName();
    const storage = await openStore({ name });
    const adapter = indexeddb({ name });
    const sleeper = await openStorage(adapter);
    await storage.save("a", 1);
    const cursor = (await storage.getInfo()).cursor;
    const told = new Map<string, string>();
    await sleeper.watch("", ({ type, key }) => told.set(key, type));
    // As if the sleeper's page had been frozen while ten thousand transactions went by.
    const database = await lookInto(name);
    await database.put("feed", { c: [["save", "gone", "x"]], v: "x", n: 1, s: 1 }, 500);
    await database.delete("feed", IDBKeyRange.upperBound(499));
    database.close();
    // So much takes longer than a store trusts in nobody else having written.
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    await storage.save("b", 2);
    await storage.delete("a");
    vi.restoreAllMocks();
    await expect.poll(() => Object.fromEntries(told)).toEqual({ a: "delete", b: "save" });
    await expect(async () => {
      for await (const _change of storage.changes(cursor));
    }).rejects.toMatchObject({ code: "NOT_FOUND" });
    await sleeper.close();
  });
});
