import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { openDB } from "idb";
import { describe, expect, it, vi } from "vitest";
import { commands } from "vitest/browser";
import { toStored } from "../dist/stored-key.js";
import { newName } from "./support/backing.ts";
import { restore } from "./support/dump.ts";
import { lookInto } from "./support/stores.ts";

const layout1 = await commands.readFile("test/layouts/layout-1.json");
const layout2 = await commands.readFile("test/layouts/layout-2.json");
const clock = { now: () => Date.UTC(2026, 5, 1) };

describe("a store of layout 1", () => {
  it("is brought up to date with its data in place", async () => {
    const name = newName();
    await restore(name, layout1);
    const storage = await openStorage(indexeddb({ name, evictable: ({ key }) => key === "notes/first" }), {
      ports: { clock },
    });
    expect((await storage.list()).map(({ key }) => key)).toEqual([
      "changed",
      "large",
      "notes/first",
      "notes/second",
      "notes/\ue000",
      "notes/😀",
    ]);
    expect(await storage.load("notes/first")).toEqual({ text: "hello" });
    expect(await storage.load("notes/😀")).toEqual([1, 2, 3]);
    expect(await storage.load("large")).toEqual(Uint8Array.from({ length: 5_000 }, (_, index) => index % 7));
    expect((await storage.search({ text: "zoe", tags: ["b"] })).map(({ key }) => key)).toEqual(["notes/first"]);
    expect((await storage.search({ tags: ["draft"], sort: "-modified" })).map(({ key }) => key)).toEqual([
      "large",
      "notes/first",
    ]);
    expect(await storage.verify()).toMatchObject({ ok: true, items: 6 });
    expect(await storage.getInfo()).toMatchObject({ items: 6 });
    await storage.close();
  });

  it("keeps versions and goes on where its clock and its feed were", async () => {
    const name = newName();
    await restore(name, layout1);
    const storage = await openStorage(indexeddb({ name }), { ports: { clock }, history: { versions: 3 } });
    const before = await storage.stat("changed");
    const after = await storage.save("changed", 3);
    expect(after.version > (before?.version ?? "")).toBe(true);
    expect((await storage.history("changed")).map(({ version }) => version)).toContain(before?.version);
    const changes: string[] = [];
    for await (const change of storage.changes()) changes.push(change.key);
    expect(changes.at(-1)).toBe("changed");
    expect(changes).toContain("deleted");
    await storage.close();
  });

  it("is left as it is when the upgrade cannot be carried out", async () => {
    const name = newName();
    await restore(name, layout1);
    const adapter = indexeddb({ name });
    const broken = () => {
      throw new RangeError("no terms");
    };
    const { systemPorts } = await import("@holdfast/core");
    await expect(
      adapter.open({
        ports: systemPorts,
        history: false,
        tokenizerVersion: 2,
        termsOf: broken,
        carry: (record) => record,
      }),
    ).rejects.toThrow("no terms");
    const left = await lookInto(name);
    expect([left.version, left.objectStoreNames.contains("history")]).toEqual([1_001, false]);
    expect(await left.count("records")).toBe(8);
    left.close();
    const storage = await openStorage(indexeddb({ name }), { ports: { clock } });
    expect(await storage.count()).toBe(6);
    await storage.close();
  });
});

describe("an upgrade that the browser gives up", () => {
  it.each([
    ["for want of room", new DOMException("", "QuotaExceededError"), "QUOTA_EXCEEDED"],
    ["without a reason", null, "UNAVAILABLE"],
  ])("%s says so, and leaves the store as it is", async (_, error, code) => {
    const name = newName();
    await restore(name, layout1);
    const unhandled = vi.fn();
    addEventListener("unhandledrejection", unhandled);
    const { update } = IDBCursor.prototype;
    const spy = vi.spyOn(IDBCursor.prototype, "update").mockImplementation(function (this: IDBCursor, value) {
      const { transaction } = this.source as IDBObjectStore;
      Object.defineProperty(transaction, "error", { value: error });
      // Once the cursor waits for its next record: that request fails before the transaction says why.
      queueMicrotask(() => transaction.abort());
      return update.call(this, value);
    });
    await expect(openStorage(indexeddb({ name }), { retry: false })).rejects.toMatchObject({ code });
    spy.mockRestore();
    const left = await lookInto(name);
    expect([left.version, await left.count("records")]).toEqual([1_001, 8]);
    left.close();
    removeEventListener("unhandledrejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("for a record that it does not take is no reason to take the store for somebody else's", async () => {
    const name = newName();
    await restore(name, layout1);
    const spy = vi.spyOn(IDBCursor.prototype, "update").mockImplementation(() => {
      throw new DOMException("no valid key", "DataError");
    });
    await expect(openStorage(indexeddb({ name }), { retry: false })).rejects.toMatchObject({
      code: "CORRUPT",
      message: expect.stringMatching(/^(?!.*choose another name).*no valid key/),
    });
    spy.mockRestore();
  });
});

describe("a store of layout 2", () => {
  it("is brought up to date with its data, its history and what may be evicted in place", async () => {
    const name = newName();
    await restore(name, layout2);
    const evictable = ({ key }: { readonly key: string }) => key.startsWith("cache/");
    const storage = await openStorage(indexeddb({ name, evictable }), { ports: { clock }, history: { versions: 3 } });
    expect((await storage.list()).map(({ key }) => key)).toEqual([
      "cache/a",
      "changed",
      "large",
      "notes/first",
      "notes/second",
      "notes/\ue000",
      "notes/😀",
    ]);
    expect((await storage.search({ text: "draft" })).map(({ key }) => key)).toEqual([
      "large",
      "notes/😀",
      "notes/second",
      "notes/first",
    ]);
    const [previous] = await storage.history("changed");
    expect(await storage.load("changed", { version: previous?.version ?? "" })).toBe(1);
    expect(await storage.verify()).toMatchObject({ ok: true, items: 7 });
    await storage.close();
    const database = await lookInto(name);
    expect(database.version).toBe(3_001);
    const { store } = database.transaction("records");
    // All items that stand, the expired one too, and no tombstone; the newest first.
    expect(await store.index("newest").getAllKeys()).toEqual([
      "cache/a",
      "large",
      "changed",
      toStored("notes/😀"),
      toStored("notes/\ue000"),
      "notes/expired",
      "notes/second",
      "notes/first",
    ]);
    expect(await store.index("used").count()).toBe(1);
    database.close();
  });
});

describe("what is not a store of Holdfast", () => {
  it.each([
    [1, 10_000],
    [2_001, 10_000],
    [3_001, 10_000],
    [1_000_000, 10_000],
    [1_000_000, 0],
  ])("is refused and left as it is, at version %i, with a lockTimeout of %s", async (version, lockTimeout) => {
    const name = newName();
    const foreign = await openDB(name, version, { upgrade: (database) => void database.createObjectStore("theirs") });
    await foreign.put("theirs", "value", "key");
    foreign.close();
    await expect(openStorage(indexeddb({ name, lockTimeout }))).rejects.toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining("choose another name"),
    });
    const left = await lookInto(name);
    expect([left.version, [...left.objectStoreNames], await left.get("theirs", "key")]).toEqual([
      version,
      ["theirs"],
      "value",
    ]);
    left.close();
  });
});
