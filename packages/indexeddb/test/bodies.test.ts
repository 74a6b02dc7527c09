import type {} from "@holdfast/browser";
import { openDB } from "idb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { commands } from "vitest/browser";
import { newName } from "./support/backing.ts";
import { MiB, noise, pieces } from "./support/bytes.ts";
import { lookInto, nameOf, openStore, tidyUp } from "./support/stores.ts";

afterEach(tidyUp);

describe("large bodies", () => {
  it("leave nothing behind when they are overwritten, deleted or given up", async () => {
    const storage = await openStore();
    const name = await nameOf(storage);
    await storage.save("a", noise(3 * MiB));
    await storage.save("a", noise(2 * MiB));
    await storage.save("b", noise(20 * MiB));
    await storage.delete("b");
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(noise(3 * MiB));
        controller.error(new Error("mine"));
      },
    });
    await storage.saveStream("c", failing).catch(() => undefined);
    const database = await lookInto(name);
    await expect.poll(() => database.count("chunks")).toBe(2);
    expect(await database.count("unowned")).toBe(0);
    database.close();
  });

  it("are written in the order of the calls, however long they take", async () => {
    const storage = await openStore();
    await Promise.all([
      storage.save("a", noise(3 * MiB)),
      storage.save("a", "small"),
      storage.save("b", noise(3 * MiB)),
    ]);
    const deleting = [storage.save("b", noise(2 * MiB)), storage.delete("b")];
    const batches = [
      storage.batch([
        { type: "save", key: "c", data: noise(2 * MiB) },
        { type: "save", key: "d", data: 1 },
      ]),
      storage.save("d", 2),
      storage.save("c", "last"),
    ];
    await Promise.all([...deleting, ...batches]);
    expect(await storage.load("a")).toBe("small");
    expect(await storage.exists("b")).toBe(false);
    expect([await storage.load("c"), await storage.load("d")]).toEqual(["last", 2]);
  });

  it("are kept as long as somebody reads them, and freed then", async () => {
    const storage = await openStore();
    const body = noise(3 * MiB);
    await storage.save("a", body);
    const reader = (await storage.loadStream("a"))?.getReader();
    const read = [(await reader?.read())?.value ?? new Uint8Array()];
    await storage.delete("a");
    const database = await lookInto(await nameOf(storage));
    expect(await database.count("chunks")).toBe(3);
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) read.push(next.value);
    expect(new Uint8Array(await new Blob(read as Uint8Array<ArrayBuffer>[]).arrayBuffer())).toEqual(body);
    await expect.poll(() => database.count("chunks")).toBe(0);
    database.close();
  });

  it("are read on by who has the reader of a stream alone, and freed when nobody has", async () => {
    const storage = await openStore();
    const bytes = noise(3 * MiB);
    for (const key of ["held", "dropped"]) await storage.save(key, bytes);
    const begin = async (key: string) => {
      const reader = (await storage.loadStream(key))?.getReader();
      return { reader, first: await reader?.read() };
    };
    const { reader, first } = await begin("held");
    await begin("dropped");
    // What is young is collected by other rules than what is old: more than fits into their part of the heap.
    const litter = Array.from({ length: 40 }, () => Array.from({ length: 50_000 }, (_, index) => ({ index })).length);
    expect(litter).toHaveLength(40);
    for (const key of ["held", "dropped"]) await storage.delete(key);
    const database = await lookInto(await nameOf(storage));
    await expect
      .poll(async () => {
        await commands.collectGarbage();
        return database.count("chunks");
      })
      .toBe(3);
    const read = [first?.value];
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) read.push(piece.value);
    expect(read).toEqual([0, 1, 2].map((index) => bytes.subarray(index * MiB, (index + 1) * MiB)));
    await expect.poll(() => database.count("chunks")).toBe(0);
    database.close();
  });

  it("and those of a batch burden no transaction with more than 1 MiB, small ones aside", async () => {
    const storage = await openStore();
    const carried = new Map<IDBTransaction, number>();
    const { put } = IDBObjectStore.prototype;
    const spy = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      ...[value, key]
    ) {
      if (this.name === "chunks")
        carried.set(this.transaction, (carried.get(this.transaction) ?? 0) + value.byteLength);
      return put.call(this, value, key);
    });
    const bodies = Array.from({ length: 25 }, (_, index) => noise(index % 5 === 0 ? 10_000 : 100_000));
    await storage.batch(bodies.map((data, index) => ({ type: "save", key: `k${index}`, data })));
    spy.mockRestore();
    const loads = [...carried.values()];
    expect(Math.max(...loads)).toBeLessThanOrEqual(MiB + 5 * 10_000);
    expect(loads.reduce((sum, bytes) => sum + bytes)).toBe(5 * 10_000 + 20 * 100_000);
    expect(await Promise.all(bodies.map((_, index) => storage.load(`k${index}`)))).toEqual(bodies);
    const database = await lookInto(await nameOf(storage));
    const unowned = await database.count("unowned");
    database.close();
    expect(unowned).toBe(0);
  });

  it("are not stored at all where the app cannot say whether they may be evicted", async () => {
    const evictable = () => {
      throw new RangeError("mine");
    };
    const storage = await openStore({ evictable });
    const name = await nameOf(storage);
    const data = noise(3 * MiB);
    const refused = await Promise.allSettled([
      storage.save("a", data),
      storage.batch([{ type: "save", key: "b", data }]),
      storage.saveStream("c", pieces(3)),
    ]);
    expect(refused).toEqual(refused.map(() => ({ status: "rejected", reason: expect.any(Error) })));
    expect((await navigator.locks.query()).held?.filter((lock) => lock.name?.includes(name))).toEqual([]);
    const database = await lookInto(name);
    const chunks = await database.count("chunks");
    database.close();
    expect(chunks).toBe(0);
  });

  it("are let go when they cannot be read on", async () => {
    const storage = await openStore({}, { retry: false });
    const name = await nameOf(storage);
    await storage.save("a", noise(3 * MiB));
    const held = async () => (await navigator.locks.query()).held?.filter((lock) => lock.name?.includes(name)).length;
    const reader = (await storage.loadStream("a"))?.getReader();
    await reader?.read();
    expect(await held()).toBe(1);
    // A newer tab takes the database over.
    (await openDB(name, 1_000_000)).close();
    await expect(reader?.read().then(() => reader.read())).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await held()).toBe(0);
  });

  it("that a dead tab left half written are freed by the next opening, and the item is as it was", async () => {
    const name = newName();
    const first = await openStore({ name });
    await first.save("a", "standing");
    await first.close();
    const channel = new BroadcastChannel(`half:${name}`);
    const written = new Promise((resolve) => channel.addEventListener("message", resolve));
    const tab = await commands.openTab("/test/support/half-written.ts", name);
    await written;
    channel.close();
    const database = await lookInto(name);
    expect(await database.count("chunks")).toBeGreaterThan(2);
    await commands.crashTab(tab);
    const storage = await openStore({ name });
    await expect.poll(() => database.count("chunks")).toBe(0);
    expect(await database.count("unowned")).toBe(0);
    database.close();
    expect(await storage.load("a")).toBe("standing");
    expect(await storage.list()).toHaveLength(1);
  });

  it("of a tab that is alive are not touched by another opening", async () => {
    const name = newName();
    const channel = new BroadcastChannel(`half:${name}`);
    const written = new Promise((resolve) => channel.addEventListener("message", resolve));
    const tab = await commands.openTab("/test/support/half-written.ts", name);
    await written;
    const storage = await openStore({ name });
    await storage.save("x", noise(MiB + 1));
    await storage.delete("x");
    const done = new Promise((resolve) => channel.addEventListener("message", resolve));
    channel.postMessage("finish");
    await done;
    channel.close();
    expect((await storage.stat("a"))?.size).toBe(4 * MiB);
    expect(await storage.verify()).toMatchObject({ ok: true, items: 1 });
    await commands.closeTab(tab);
  });
});
