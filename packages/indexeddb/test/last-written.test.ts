import type { StorageEngine } from "@holdfast/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newName } from "./support/backing.ts";
import { lookInto, nameOf, openStore, tidyUp } from "./support/stores.ts";

afterEach(tidyUp);

async function twoStores(): Promise<[StorageEngine, StorageEngine]> {
  const name = newName();
  return [await openStore({ name }), await openStore({ name })];
}

/** How many times the store asks what stands under a key while `work` is done. */
async function asked(work: () => Promise<unknown>): Promise<number> {
  const get = vi.spyOn(IDBObjectStore.prototype, "get");
  await work();
  const { length } = get.mock.calls;
  get.mockRestore();
  return length;
}

describe("a write without asking", () => {
  it("is made of what is new, and of what this store wrote itself", async () => {
    // However busy the machine is.
    vi.spyOn(performance, "now").mockReturnValue(performance.now());
    const storage = await openStore();
    expect(await asked(() => storage.save("first", 1))).toBe(1);
    expect(
      await asked(async () => {
        const { version, created } = await storage.save("a", 1);
        expect((await storage.save("a", 2, { ifVersion: version })).created).toEqual(created);
        await storage.save("b", 1, { ifVersion: null });
        expect(await storage.delete("b")).toBe(true);
        await storage.save("b", 2);
        await storage.batch([
          { type: "save", key: "c", data: 1 },
          { type: "save", key: "d", data: 1 },
        ]);
      }),
    ).toBe(0);
    expect(await storage.count()).toBe(5);
    expect((await storage.getInfo()).items).toBe(5);
    expect(await storage.verify()).toMatchObject({ ok: true });
  });

  it("is made again, asking, where another store was first", async () => {
    const [one, other] = await twoStores();
    await one.save("mine", 1);
    const { created } = await other.save("new", "theirs");
    const saved = await one.save("new", "mine");
    expect([saved.created, await other.load("new")]).toEqual([created, "mine"]);
    await other.save("newer", "theirs");
    await expect(one.save("newer", "mine", { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await one.count()).toBe(3);
    expect((await one.getInfo()).items).toBe(3);
  });

  it("never goes by what another store has changed", async () => {
    const [one, other] = await twoStores();
    for (let round = 0; round < 40; round++) {
      const { version } = await one.save("k", round);
      const theirs = await other.save(round % 2 === 0 ? "k" : "elsewhere", "theirs");
      if (round % 2 === 0) {
        await expect(one.save("k", "mine", { ifVersion: version })).rejects.toMatchObject({
          code: "CONFLICT",
          current: theirs.version,
        });
        await expect(one.delete("k", { ifVersion: version })).rejects.toMatchObject({ code: "CONFLICT" });
      } else await one.save("k", "mine", { ifVersion: version });
    }
  });

  it("asks when nothing stands that could be written over: such an answer is checked by nobody else", async () => {
    const [one, other] = await twoStores();
    const { version } = await one.save("k", 1);
    await other.delete("k");
    expect(await one.delete("k")).toBe(false);
    await one.save("k", 2, { ifVersion: null });
    await expect(one.save("k", 3, { ifVersion: version })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("asks when so long has gone by that the feed may have forgotten what others wrote", async () => {
    const storage = await openStore();
    const { version } = await storage.save("k", 1);
    const database = await lookInto(await nameOf(storage));
    const [newest = 0] = (await database.getAllKeys("feed")).slice(-1);
    const entry = await database.get("feed", newest);
    // As after more than 10,000 transactions of another tab, the last of which deleted the item.
    const later = `f${version.slice(1)}`;
    await database.delete("feed", newest);
    await database.put(
      "feed",
      { ...entry, c: [["delete", "k", later]], v: later, n: 0, s: 0 },
      Number(newest) + 20_000,
    );
    await database.put("records", { d: later, k: "k" }, "k");
    database.close();
    const now = performance.now() + 501;
    vi.spyOn(performance, "now").mockReturnValue(now);
    await expect(storage.save("k", 2, { ifVersion: version })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
