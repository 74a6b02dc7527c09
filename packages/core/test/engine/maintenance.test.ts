import { type Capabilities, openStorage, type Problem, type Progress, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";

const problem = (key?: string): Problem => ({
  ...(key === undefined ? {} : { key }),
  code: "CORRUPT",
  message: "an index is torn",
  repairable: true,
});

function limitTo(adapter: MapAdapter, limits: Partial<Capabilities["limits"]>): void {
  const { capabilities } = adapter;
  Object.assign(adapter, { capabilities: { ...capabilities, limits: { ...capabilities.limits, ...limits } } });
}

/** Flips a bit of what is stored under the key. */
function damage(adapter: MapAdapter, key: string): void {
  const body = adapter.records.get(key)?.body;
  if (body?.[0] === undefined) throw new Error(`nothing is stored under ${key}`);
  body[0] ^= 1;
}

describe("verify", () => {
  it("adds what the adapter finds of these items to what it finds itself, keys as the namespace has them", async () => {
    const adapter = new MapAdapter();
    const check = vi.fn(async () => [problem(), problem("n/a"), problem("n/b/a"), problem("b/other")]);
    Object.assign(adapter, { maintain: { check } });
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const view = storage.namespace("n");
    await view.save("a", 1);
    await view.save("b/c", "four");
    await view.save("b/d", "five!");
    damage(adapter, "n/b/c");
    const { signal } = new AbortController();
    const report = await view.verify("b/", { signal });
    expect(check).toHaveBeenCalledExactlyOnceWith({ signal });
    expect(report).toMatchObject({ ok: false, items: 2, bytes: 6 + 7 });
    expect(report.problems.map(({ key, code, repairable }) => [key, code, repairable])).toEqual([
      [undefined, "CORRUPT", true],
      ["b/a", "CORRUPT", true],
      ["b/c", "CORRUPT", false],
    ]);
    expect(report.problems[2]?.message).toContain((await view.stat("b/c"))?.version);
    expect((await view.verify()).problems.map(({ key }) => key)).toEqual([undefined, "a", "b/a", "b/c"]);
    expect(await storage.namespace("other").verify()).toMatchObject({ ok: false, problems: [problem()] });
    check.mockResolvedValue([problem("n/a")]);
    expect(await storage.namespace("other").verify()).toMatchObject({ ok: true, problems: [] });
  });

  it("is content with a store in which all is well, and tells how far it is", async () => {
    const storage = await openStorage(new MapAdapter(), { ports: new FakePorts() });
    await storage.save("a", 1);
    await storage.save("b", 22);
    const seen: Progress[] = [];
    expect(await storage.verify("", { progress: (progress) => void seen.push(progress) })).toEqual({
      ok: true,
      items: 2,
      bytes: 3,
      problems: [],
    });
    const total = { phase: "verify", totalItems: 2, totalBytes: 3, bytesPerSecond: 0 };
    expect(seen[0]).toEqual({ ...total, items: 0, bytes: 0 });
    expect(seen.at(-1)).toEqual({ ...total, items: 2, bytes: 3, remaining: 0 });
  });

  it("tells of what it will read alone", async () => {
    const storage = await openStorage(new MapAdapter());
    for (const key of ["a/1", "n/a", "n/b/1", "n/b/2"]) await storage.save(key, 1);
    const seen: Progress[] = [];
    await storage.namespace("n").verify("b/", { progress: (progress) => void seen.push(progress) });
    expect(seen[0]).toMatchObject({ items: 0, totalItems: 2, totalBytes: 2 });
  });

  it("takes a function to tell it to, and no other option", async () => {
    const storage = await openStorage(new MapAdapter());
    for (const options of [{ progress: 5 }, { onProgress: () => undefined }, null]) {
      await expect(storage.verify("", options as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
  });

  it("reads a value that is too large to hold in pieces", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("good", new Uint8Array(100));
    await storage.save("bad", new Uint8Array(100));
    await storage.save("small", new Uint8Array(99));
    damage(adapter, "bad");
    limitTo(adapter, { bufferedBody: 99 });
    adapter.calls.length = 0;
    const { problems, items } = await storage.verify();
    expect(items).toBe(3);
    expect(problems).toMatchObject([{ key: "bad", code: "CORRUPT", repairable: false }]);
  });

  it("passes over an item that is deleted meanwhile", async () => {
    for (const method of ["stat", "get"] as const) {
      const adapter = new MapAdapter();
      const storage = await openStorage(adapter);
      await storage.save("a", 1);
      adapter[method] = async () => undefined;
      expect(await storage.verify()).toMatchObject({ ok: true, problems: [] });
    }
  });

  it("finds an answer that is about another key", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    await storage.save("b", 1);
    const get = adapter.get.bind(adapter);
    adapter.get = (_key, options) => get("a", options);
    expect((await storage.verify()).problems).toMatchObject([{ key: "b", code: "CORRUPT", repairable: false }]);
  });

  it("ends with an error that is no damage, naming the item", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { retry: false });
    await storage.save("a", 1);
    const cause = new StorageError("UNAUTHORIZED", "not yours");
    adapter.get = async () => {
      throw cause;
    };
    await expect(storage.verify()).rejects.toMatchObject({ code: "UNAUTHORIZED", key: "a", adapter: "map" });
    await storage.delete("a");
    const view = storage.namespace("n");
    await view.save("b", 1);
    await expect(view.verify()).rejects.toMatchObject({ code: "UNAUTHORIZED", key: "b" });
  });

  it("stops when its signal fires", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    await storage.save("b", 1);
    const controller = new AbortController();
    const get = adapter.get.bind(adapter);
    adapter.get = (key, options) => {
      controller.abort();
      return get(key, options);
    };
    await expect(storage.verify("", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(adapter.calls.filter((call) => call.startsWith("get"))).toEqual(["get a"]);
  });
});

describe("repair", () => {
  it("tells what the adapter mended and what is still wrong", async () => {
    const adapter = new MapAdapter();
    const repair = vi.fn(async () => ({ repaired: [problem("n/x"), problem("x"), problem()], remaining: [] }));
    Object.assign(adapter, { maintain: { repair } });
    const storage = await openStorage(adapter);
    const view = storage.namespace("n");
    await view.save("a", 1);
    damage(adapter, "n/a");
    const { signal } = new AbortController();
    const report = await view.repair({ signal });
    expect(repair).toHaveBeenCalledExactlyOnceWith({ signal });
    expect(report.repaired).toEqual([problem("x"), problem()]);
    expect(report.remaining).toMatchObject([{ key: "a", code: "CORRUPT" }]);
  });

  it("mends nothing where the adapter has nothing to mend", async () => {
    for (const adapter of [new MapAdapter(), Object.assign(new MapAdapter(), { maintain: {} })]) {
      const storage = await openStorage(adapter);
      expect(await storage.repair()).toEqual({ repaired: [], remaining: [] });
    }
  });
});

describe("flush", () => {
  it("waits for the adapter, where it has something to wait for", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.flush();
    const gate = Promise.withResolvers<void>();
    const flush = vi.fn(() => gate.promise);
    Object.assign(adapter, { flush });
    const { signal } = new AbortController();
    let done = false;
    const flushing = storage.flush({ signal }).then(() => {
      done = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    gate.resolve();
    await flushing;
    expect(flush).toHaveBeenCalledExactlyOnceWith({ signal });
    await storage.close();
    expect(flush).toHaveBeenLastCalledWith({ signal: undefined });
  });

  it("that fails at close is told of, and the adapter is let go of all the same", async () => {
    const adapter = new MapAdapter();
    const flush = () => Promise.reject(new StorageError("TIMEOUT", "two items are not in their files yet"));
    const close = vi.fn();
    Object.assign(adapter, { flush, close });
    const storage = await openStorage(adapter);
    await expect(storage.close()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("two items"),
    });
    expect(close).toHaveBeenCalledOnce();
  });
});

describe("getInfo", () => {
  it("counts what the whole store holds where the adapter tells nothing, also for a namespace", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    await storage.save("n/a", "four");
    await storage.save("n/b", 22);
    expect(await storage.namespace("n").getInfo()).toEqual({ adapter: "map", items: 3, bytes: 9, details: {} });
  });

  it("hands on what the adapter tells", async () => {
    const about = { items: 7, bytes: 70, location: "here", details: { pages: 3 } };
    const info = vi.fn(() => about);
    const ports = new FakePorts();
    const storage = await openStorage(Object.assign(new MapAdapter(), { info }), { ports });
    const { signal } = new AbortController();
    expect(await storage.getInfo({ signal })).toEqual({ adapter: "map", ...about });
    expect(info).toHaveBeenCalledExactlyOnceWith({ now: ports.time, signal });
  });
});

describe("getCapabilities", () => {
  it("gives what the adapter announces, as the caller's own", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const { native, effective } = storage.getCapabilities();
    expect(native).toEqual(adapter.capabilities);
    expect(effective).toEqual(adapter.capabilities);
    Object.assign(native.limits, { body: 1 });
    expect(effective.limits.body).toBe(2 ** 30);
    expect(adapter.capabilities.limits.body).toBe(2 ** 30);
  });

  it.each(["bulk", "none"] as const)("offers no batch where those of the adapter are %s", async (batch) => {
    const adapter = new MapAdapter();
    Object.assign(adapter, { capabilities: { ...adapter.capabilities, batch } });
    const { native, effective } = (await openStorage(adapter)).getCapabilities();
    expect([native.batch, effective.batch]).toEqual([batch, "none"]);
  });
});

describe("sweep", () => {
  it("deletes what has expired, up to this very instant, and counts it", async () => {
    const adapter = new MapAdapter();
    const ports = new FakePorts();
    const storage = await openStorage(adapter, { ports });
    await storage.save("n/a", 1, { expiration: new Date(ports.time + 1) });
    await storage.save("n/b", 1, { expiration: new Date(ports.time + 2) });
    await storage.save("n/c", 1);
    await storage.save("other", 1, { expiration: new Date(ports.time + 1) });
    ports.time += 1;
    expect(await storage.namespace("n").sweep()).toBe(1);
    expect([...adapter.records.keys()]).toEqual(["n/b", "n/c", "other"]);
    expect([...adapter.tombstones.keys()]).toEqual(["n/a"]);
  });

  it("deletes also what was written by a clock that is ahead", async () => {
    const adapter = new MapAdapter();
    const [ports, ahead] = [new FakePorts(), new FakePorts()];
    ahead.time += 60_000;
    const storage = await openStorage(adapter, { ports });
    const other = await openStorage(peerOf(adapter), { ports: ahead });
    await other.save("a", 1, { expiration: new Date(ports.time + 1) });
    ports.time += 1;
    expect(await storage.sweep()).toBe(1);
    expect([...adapter.records.keys()]).toEqual([]);
  });

  it("does not count what somebody rewrote or deleted meanwhile, nor what it could not delete", async () => {
    const ports = new FakePorts();
    for (const outcome of [
      { outcome: "conflict", current: undefined },
      { outcome: "stale", floor: "" },
      { outcome: "absent", tombstone: undefined },
    ]) {
      const adapter = new MapAdapter();
      const storage = await openStorage(adapter, { ports });
      await storage.save("a", 1, { expiration: new Date(ports.time + 1) });
      ports.time += 1;
      adapter.delete = async () => outcome as never;
      expect(await storage.sweep()).toBe(0);
    }
  });
});
