import { type Collection, openStorage, type StorageEngine } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { SlowAdapter } from "../support/slow-adapter.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Things = Collection<number, number, never>;

describe("close", () => {
  it("waits for work in flight", async () => {
    const adapter = new SlowAdapter();
    const storage = await openStorage(adapter);
    const saving = storage.save("a", 1);
    const closing = storage.close();
    adapter.release();
    expect((await saving).key).toBe("a");
    await closing;
    expect(adapter.calls.at(-1)).toBe("close");
  });

  it("waits for an operation in whose own code it is called", async () => {
    const adapter = new SlowAdapter();
    const storage = await openStorage(adapter);
    let closing: Promise<void> | undefined;
    const value = {
      get closes() {
        closing ??= storage.close();
        return true;
      },
    };
    const saving = storage.save("a", value);
    await new Promise((resolve) => setTimeout(resolve));
    expect(adapter.calls).not.toContain("close");
    adapter.release();
    expect((await saving).key).toBe("a");
    await closing;
    expect(adapter.calls.at(-1)).toBe("close");
  });

  describe.each(["cold", "warm"])("of a collection that is %s", (state) => {
    it.each<[string, (things: Things) => Promise<unknown>, unknown]>([
      ["save", (things) => things.save("a", 2), { key: "a" }],
      ["load", (things) => things.load("a"), 1],
      ["stat", (things) => things.stat("a"), { key: "a" }],
      ["delete", (things) => things.delete("a"), true],
      ["list", (things) => things.list(), [{ key: "a" }]],
      ["scan", (things) => things.scan()[Symbol.asyncIterator]().next(), { value: { key: "a" } }],
      ["update", (things) => things.update("a", (current = 0) => current + 1), { key: "a" }],
      ["batch", (things) => things.batch([{ type: "save", key: "b", data: 3 }]), [{ key: "b" }]],
      ["search", (things) => things.search({}), [{ data: 1 }]],
      ["count", (things) => things.count(), 1],
      ["status", (things) => things.status(), { items: 1 }],
    ])("waits for %s", async (_, call, outcome) => {
      const adapter = new MapAdapter();
      const definition = { schema: z.number(), version: "1.0" };
      const writer = await openStorage(adapter);
      await writer.collection("things", definition).save("a", 1);
      await writer.close();
      const storage = await openStorage(adapter);
      const things = storage.collection("things", definition);
      if (state === "warm") await things.exists("a");
      const answer = call(things);
      const closing = storage.close();
      await expect(things.load("a")).rejects.toMatchObject({ code: "CLOSED" });
      if (typeof outcome === "object") expect(await answer).toMatchObject(outcome as object);
      else expect(await answer).toBe(outcome);
      await closing;
      expect(adapter.calls.at(-1)).toBe("close");
    });
  });

  it("does not wait for a call of a collection that its signal has given up", async () => {
    const storage = await openStorage(new MapAdapter());
    const things = storage.collection("things", { schema: z.number(), version: "1.0" });
    const controller = new AbortController();
    const saving = things.save("a", 1, { signal: controller.signal });
    controller.abort();
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "a" });
    expect(await storage.exists("things/a")).toBe(false);
    await storage.close();
  });

  it("gives up after closeTimeout, names what remained and lets its callers go", async () => {
    const storage = await openStorage(new SlowAdapter(), { ports: new FakePorts(), closeTimeout: 300 });
    const loading = storage.load("b");
    const stuck = expect(loading).rejects.toMatchObject({ code: "CLOSED", key: "b" });
    await expect(storage.close()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining('load "b"'),
    });
    await stuck;
  });

  it("is bounded also where the adapter itself does not come to an end", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 300 });
    Object.assign(adapter, { close: () => new Promise(() => undefined) });
    await expect(storage.close()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("adapter"),
    });
  });

  it("closes the adapter once, however often it is called", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await Promise.all([storage.close(), storage.close()]);
    await storage[Symbol.asyncDispose]();
    expect(adapter.calls.filter((call) => call === "close")).toHaveLength(1);
  });

  it("ends watching, then writes out what is behind, then closes the adapter", async () => {
    const adapter = new MapAdapter();
    const done: string[] = [];
    // Each takes less time than the one before: only who waits keeps their order.
    const slowly = (name: string, turns: number) => async () => {
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      done.push(name);
    };
    Object.assign(adapter, { watch: () => slowly("watch", 3), flush: slowly("flush", 2), close: slowly("close", 1) });
    const storage = await openStorage(adapter);
    await storage.watch("", vi.fn());
    await storage.close();
    expect(done).toEqual(["watch", "flush", "close"]);
  });

  it("lets go of the adapter also where that cannot let go of its watch", async () => {
    const adapter = new MapAdapter();
    const failing = () => {
      throw new Error("raw");
    };
    const storage = await openStorage(Object.assign(adapter, { watch: () => failing }));
    await storage.watch("", vi.fn());
    await expect(storage.close()).rejects.toMatchObject({ code: "INTERNAL" });
    expect(adapter.calls.at(-1)).toBe("close");
  });

  it("lets go of the adapter also where that never begins to watch, and of a watch that begins later", async () => {
    const adapter = new MapAdapter();
    const begun = Promise.withResolvers<() => void>();
    Object.assign(adapter, { watch: () => begun.promise });
    const storage = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 300 });
    const stuck = expect(storage.watch("", vi.fn())).rejects.toMatchObject({ code: "CLOSED" });
    await expect(storage.close()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.not.stringContaining("adapter"),
    });
    await stuck;
    expect(adapter.calls.at(-1)).toBe("close");
    const released = vi.fn();
    begun.resolve(released);
    await turn();
    expect(released).toHaveBeenCalledOnce();
  });

  it("says that it was closing that failed", async () => {
    const adapter = new MapAdapter();
    adapter.close = () => {
      throw new Error("the disk is gone");
    };
    await expect((await openStorage(adapter)).close()).rejects.toMatchObject({
      code: "INTERNAL",
      adapter: "map",
      message: expect.stringContaining("close failed"),
    });
  });

  it("is what the end of its scope does", async () => {
    const adapter = new MapAdapter();
    {
      await using storage = await openStorage(adapter);
      await storage.save("a", 1);
    }
    expect(adapter.calls.at(-1)).toBe("close");
  });

  it("of a namespace waits until its watch is let go of", async () => {
    let released = false;
    const release = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      released = true;
    };
    const storage = await openStorage(Object.assign(new MapAdapter(), { watch: () => release }));
    const view = storage.namespace("n");
    await view.watch("", vi.fn());
    await view.close();
    expect(released).toBe(true);
  });

  it("of a namespace ends its watches and leaves the rest open", async () => {
    const storage = await openStorage(new MapAdapter());
    const view = storage.namespace("n");
    const nested = view.namespace("m");
    const seen = vi.fn();
    await view.watch("", seen);
    await view.close();
    await expect(view.load("a")).rejects.toMatchObject({ code: "CLOSED" });
    await expect(nested.load("a")).rejects.toMatchObject({ code: "CLOSED" });
    await storage.save("n/a", 1);
    expect(seen).not.toHaveBeenCalled();
    expect(await storage.load("n/a")).toBe(1);
  });

  it("of a namespace ends the watches of what lies in it too, also those that just begin", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const view = storage.namespace("n");
    const seen = vi.fn();
    const things = view.collection("things", { schema: z.number(), version: "1.0" });
    const unwatch = await view.namespace("m").watch("", seen);
    await things.watch("", seen);
    const ended = vi.fn();
    adapter.watch = () => ended;
    const beginning = view.namespace("m").watch("", seen);
    await view.close();
    await expect(beginning).rejects.toMatchObject({ code: "CLOSED" });
    await storage.save("n/m/a", 1);
    await storage.save("n/things/a", 1);
    expect(seen).not.toHaveBeenCalled();
    await unwatch();
  });

  it("asks nothing more of the adapter, whatever comes of work that it gave up", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 300 });
    const going = Promise.withResolvers<number>();
    const updating = expect(storage.update("a", () => going.promise)).rejects.toMatchObject({ code: "CLOSED" });
    const source = (async function* () {
      await going.promise;
      yield new Uint8Array(1);
    })();
    const streaming = expect(storage.saveStream("b", source)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    await Promise.all([updating, streaming]);
    going.resolve(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(adapter.calls.at(-1)).toBe("close");
  });
});

describe("an adapter", () => {
  const refused = { code: "INVALID_OPTION", adapter: "map", message: expect.stringContaining("open already") };

  it("that is open, or being opened, serves no second storage, and the first one goes on", async () => {
    const adapter = new MapAdapter();
    const opening = openStorage(adapter);
    await expect(openStorage(adapter)).rejects.toMatchObject(refused);
    const storage = await opening;
    await expect(openStorage(adapter, { compress: true })).rejects.toMatchObject(refused);
    await storage.save("a", 1);
    expect(await storage.load("a")).toBe(1);
    expect(adapter.calls.filter((call) => /open|close/.test(call))).toEqual(["open"]);
    await storage.close();
  });

  it("that is being closed may be opened again once it is closed", async () => {
    const adapter = new MapAdapter();
    const gate = Promise.withResolvers<void>();
    const first = await openStorage(Object.assign(adapter, { close: () => gate.promise }));
    const closing = first.close();
    await expect(openStorage(adapter)).rejects.toMatchObject(refused);
    gate.resolve();
    await closing;
    await expect(openStorage(adapter)).resolves.toBeDefined();
  });

  it("that did not come to an end in time may be opened again once it has", async () => {
    const adapter = new MapAdapter();
    const gate = Promise.withResolvers<void>();
    Object.assign(adapter, { close: () => gate.promise });
    const first = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 300 });
    await expect(first.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(openStorage(adapter)).rejects.toMatchObject(refused);
    gate.resolve();
    await turn();
    await expect(openStorage(adapter)).resolves.toBeDefined();
  });

  it.each(["open", "close"] as const)("whose %s fails may be opened again", async (method) => {
    const adapter = new MapAdapter();
    const works = adapter[method];
    const broken = Object.assign(adapter, {
      [method]: () => {
        throw new Error("raw");
      },
    });
    const failing = openStorage(broken).then((storage) => storage.close());
    await expect(failing).rejects.toMatchObject({ code: "INTERNAL" });
    Object.assign(adapter, { [method]: works });
    await expect(openStorage(adapter)).resolves.toBeDefined();
  });
});

describe("a closed storage", () => {
  it.each<[string, (storage: StorageEngine) => unknown]>([
    ["save", (storage) => storage.save("a", 1)],
    ["load", (storage) => storage.load("a")],
    ["stat", (storage) => storage.stat("a")],
    ["exists", (storage) => storage.exists("a")],
    ["delete", (storage) => storage.delete("a")],
    ["list", (storage) => storage.list()],
    ["scan", (storage) => storage.scan()[Symbol.asyncIterator]().next()],
    ["search", (storage) => storage.search({})],
    ["count", (storage) => storage.count()],
    ["update", (storage) => storage.update("a", () => 1)],
    ["batch", (storage) => storage.batch([])],
    ["saveStream", (storage) => storage.saveStream("a", new Blob([]).stream())],
    ["loadStream", (storage) => storage.loadStream("a")],
    ["watch", (storage) => storage.watch("", () => undefined)],
    ["verify", (storage) => storage.verify()],
    ["repair", (storage) => storage.repair()],
    ["sweep", (storage) => storage.sweep()],
    ["flush", (storage) => storage.flush()],
    ["getInfo", (storage) => storage.getInfo()],
  ])("refuses %s, by that name", async (name, call) => {
    const storage = await openStorage(new MapAdapter());
    await storage.close();
    await expect(call(storage)).rejects.toMatchObject({
      code: "CLOSED",
      adapter: "map",
      message: expect.stringMatching(new RegExp(`^${name}\\b`)),
    });
  });
});

describe("close", () => {
  it("waits for all that is in flight, then takes its own time limit back", async () => {
    const adapter = new MapAdapter();
    const gates = new Map(["a", "b"].map((key) => [key, Promise.withResolvers<undefined>()]));
    adapter.get = async (key) => gates.get(key)?.promise;
    const cancelled = vi.fn();
    const timers = { schedule: vi.fn((..._values: unknown[]) => cancelled) };
    const storage = await openStorage(adapter, { ports: { timers } });
    const loading = [storage.load("a"), storage.load("b")];
    let closed = false;
    const closing = storage.close().then(() => {
      closed = true;
    });
    gates.get("a")?.resolve(undefined);
    await turn();
    expect(closed).toBe(false);
    expect(cancelled).not.toHaveBeenCalled();
    gates.get("b")?.resolve(undefined);
    await closing;
    expect(await Promise.all(loading)).toEqual([undefined, undefined]);
    // One limit for what is in flight, one for the adapter's own closing.
    expect(timers.schedule.mock.calls).toEqual(Array(2).fill([expect.any(Function), 10_000, "foreground"]));
    expect(cancelled).toHaveBeenCalledTimes(2);
  });

  it("waits for the adapter alone where nothing is in flight", async () => {
    const timers = { schedule: vi.fn(() => () => undefined) };
    await (await openStorage(new MapAdapter(), { ports: { timers } })).close();
    expect(timers.schedule).toHaveBeenCalledOnce();
  });

  it("names what remained, with its key where it has one", async () => {
    const adapter = new MapAdapter();
    adapter.get = () => new Promise(() => undefined);
    adapter.list = () => new Promise(() => undefined);
    const storage = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 1 });
    const stuck = [storage.load("a"), storage.list()].map((one) =>
      expect(one).rejects.toMatchObject({ code: "CLOSED" }),
    );
    await expect(storage.close()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining('on load "a", list;'),
    });
    await Promise.all(stuck);
  });
});
