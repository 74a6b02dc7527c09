import { type Fault, faultsByMethod, faulty } from "@holdfast/conformance";
import { openStorage, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { simpleAdapter } from "./simple-adapter.js";
import { createSimpleStore } from "./simple-store.js";

const quick = { retry: { retries: 2, minDelay: 0 } };

function simple() {
  return simpleAdapter(createSimpleStore());
}

describe("faulty", () => {
  it("does what the adapter does where no fault is planned", async () => {
    const adapter = faulty(simple());
    const storage = await openStorage(adapter);
    await storage.save("k", [1, "a"]);
    expect(await storage.load("k")).toEqual([1, "a"]);
    expect(adapter.log).toEqual([]);
    expect(adapter.calls.map(({ method, key }) => [method, key])).toEqual([
      ["open", undefined],
      ["put", "k"],
      ["get", "k"],
    ]);
  });

  it("leaves out what the adapter leaves out", () => {
    const adapter = faulty({ ...simple(), batch: undefined as never, history: undefined as never });
    const { batch, query, readStream, history } = adapter;
    expect([batch, query, readStream, history]).toEqual([undefined, undefined, undefined, undefined]);
    expect(faulty(simple()).history?.readStream).toBeUndefined();
  });

  it("meets the calls that it is told to meet, and logs them", async () => {
    const adapter = faulty(simple(), {
      faults: [
        { method: "put", fault: "before", key: "b", call: 2 },
        { method: "get", fault: "before", times: 2 },
      ],
    });
    const storage = await openStorage(adapter, { retry: false });
    for (const key of ["a", "b", "a"]) await storage.save(key, 1);
    await expect(storage.save("b", 2)).rejects.toMatchObject({ code: "UNAVAILABLE", key: "b" });
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.load("b")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await storage.load("b")).toBe(1);
    expect(adapter.log).toEqual([
      { method: "put", fault: "before", key: "b", call: 4 },
      { method: "get", fault: "before", key: "a", call: 1 },
      { method: "get", fault: "before", key: "b", call: 2 },
    ]);
  });

  it("loses the answer after the effect", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "put", fault: "after" }] });
    const storage = await openStorage(adapter, { retry: false });
    await expect(storage.save("k", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await storage.load("k")).toBe(1);
  });

  it("hangs until the signal fires or the adapter is closed, and has no effect", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "put", fault: "hang", times: 2 }] });
    const storage = await openStorage(adapter, { closeTimeout: 1 });
    const controller = new AbortController();
    const first = storage.save("k", 1, { signal: controller.signal });
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: "ABORTED" });
    const second = storage.save("k", 2);
    expect(await storage.exists("k")).toBe(false);
    const closing = storage.close();
    await expect(closing).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(second).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("makes a call twice", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "delete", fault: "duplicate" }] });
    const storage = await openStorage(adapter);
    await storage.save("k", 1);
    expect(await storage.delete("k")).toBe(true);
    expect(adapter.log).toHaveLength(1);
  });

  it("answers from the past, once there is a past", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "get", fault: "stale", times: 2 }] });
    const storage = await openStorage(adapter);
    await storage.save("k", "old");
    expect(await storage.load("k")).toBe("old");
    await storage.save("k", "new");
    expect(await storage.load("k")).toBe("old");
    expect(await storage.load("k")).toBe("new");
    expect(adapter.log.map(({ call }) => call)).toEqual([2]);
  });

  it.each(["short", "bitflip", "torn"] as const)("damages a body: %s", async (fault) => {
    const adapter = faulty(simple());
    const storage = await openStorage(adapter);
    await storage.save("k", "old");
    await storage.load("k");
    await storage.save("k", "new");
    adapter.inject({ method: "get", fault });
    await expect(storage.load("k")).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
    expect(await storage.load("k")).toBe("new");
  });

  it("cuts a list", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "list", fault: "short" }] });
    const storage = await openStorage(adapter);
    for (const key of ["a", "b", "c"]) await storage.save(key, 1);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["a"]);
    expect(await storage.list()).toHaveLength(3);
  });

  it("cuts a page of the feed", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "changes", fault: "short" }] });
    const storage = await openStorage(adapter);
    for (const key of ["a", "b", "c", "d"]) await storage.save(key, 1);
    const page = await adapter.changes?.({ after: undefined, limit: 10 }, { signal: undefined });
    expect(page).toMatchObject({ outcome: "page", changes: [{ key: "a" }, { key: "b" }] });
    const keys: string[] = [];
    for await (const { key } of storage.changes()) keys.push(key);
    expect(keys).toEqual(["a", "b", "c", "d"]);
  });

  it("meets calls of the history by their own names", async () => {
    const adapter = faulty(simple(), {
      faults: [
        { method: "history.get", fault: "bitflip", key: "k" },
        { method: "history.list", fault: "before", times: Number.POSITIVE_INFINITY },
        { method: "lastCursor", fault: "before", times: Number.POSITIVE_INFINITY },
      ],
    });
    const storage = await openStorage(adapter, { ...quick, history: true });
    const { version } = await storage.save("k", "old");
    await storage.save("k", "new");
    await expect(storage.load("k", { version })).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
    expect(await storage.load("k", { version })).toBe("old");
    await expect(storage.history("k")).rejects.toMatchObject({ code: "UNAVAILABLE", key: "k" });
    await expect(storage.getInfo()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(adapter.calls.map(({ method }) => method)).toContain("history.get");
  });

  it("throws what it is given, for the adapter to classify", async () => {
    const error = new Error("EIO");
    const sound = simple();
    const adapter = faulty(
      { ...sound, classify: (each) => (each === error ? { code: "CORRUPT", message: "the disk is worn" } : undefined) },
      { faults: [{ method: "stat", fault: "before", error }] },
    );
    const storage = await openStorage(adapter);
    await expect(storage.stat("k")).rejects.toMatchObject({ code: "CORRUPT", cause: error });
  });

  it("repeats its chances by seed", async () => {
    const run = async (seed: number) => {
      const faults: Fault[] = [{ method: "put", fault: "before", probability: 0.5 }];
      const adapter = faulty(simple(), { seed, faults });
      const storage = await openStorage(adapter, { retry: false });
      for (let index = 0; index < 40; index++) await storage.save(`${index}`, index).catch(() => undefined);
      return adapter.log.map(({ call }) => call);
    };
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
    expect((await run(7)).length).toBeGreaterThan(5);
    expect((await run(7)).length).toBeLessThan(35);
  });

  it("stops when it is healed", async () => {
    const adapter = faulty(simple(), { faults: [{ method: "get", fault: "before", times: Number.POSITIVE_INFINITY }] });
    const storage = await openStorage(adapter, quick);
    await expect(storage.load("k")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    adapter.heal();
    expect(await storage.load("k")).toBeUndefined();
  });

  it("refuses a fault that makes no sense", () => {
    const plan = { faults: [{ method: "put", fault: "stale" } as never] };
    expect(() => faulty(simple(), plan)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    expect(() => faulty(simple(), plan)).toThrow(StorageError);
    expect(Object.keys(faultsByMethod)).toContain("put");
  });
});
