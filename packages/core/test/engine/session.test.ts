import {
  openStorage,
  type PutOutcome,
  SPI_VERSION,
  type StorageEngine,
  type StoredRecord,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";

/** Holds every `get` and `put` back until it is released. */
class SlowAdapter extends MapAdapter {
  readonly #gate = Promise.withResolvers<void>();
  readonly release = this.#gate.resolve;

  constructor() {
    super();
    const { get, put } = this;
    this.get = async (...values) => {
      await this.#gate.promise;
      return get.apply(this, values);
    };
    this.put = async (...values) => {
      await this.#gate.promise;
      return put.apply(this, values);
    };
  }
}

/** Answers `get` and `put` without a promise. */
class SynchronousAdapter extends MapAdapter {
  readonly #records = new Map<string, StoredRecord>();
  answer = (record: WriteRecord): PutOutcome => {
    this.#records.set(record.header.key, record);
    return { outcome: "written", header: record.header };
  };

  constructor() {
    super();
    const synchronous = {
      get: (key: string) => {
        this.calls.push(`get ${key}`);
        return this.#records.get(key);
      },
      put: (record: WriteRecord) => {
        this.calls.push(`put ${record.header.key}`);
        return this.answer(record);
      },
    };
    Object.assign(this, synchronous);
  }
}

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

describe("a signal", () => {
  it("gives up an operation whose adapter hangs", async () => {
    const storage = await openStorage(new SlowAdapter());
    const controller = new AbortController();
    const loading = storage.load("a", { signal: controller.signal });
    controller.abort();
    await expect(loading).rejects.toMatchObject({ code: "ABORTED", key: "a" });
  });

  it("that timed out makes it TIMEOUT", async () => {
    const storage = await openStorage(new SlowAdapter());
    await expect(storage.load("a", { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("that has fired already keeps the adapter from being asked", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await expect(storage.save("a", 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(adapter.calls).toEqual(["open"]);
  });

  it("keeps what was given up from being written later", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const controller = new AbortController();
    const going = Promise.withResolvers<number>();
    const updating = storage.update("a", () => going.promise, { signal: controller.signal });
    const given = expect(updating).rejects.toMatchObject({ code: "ABORTED" });
    // Loaded by now: the signal fires while the caller's function is at work.
    await storage.load("b");
    controller.abort();
    await given;
    going.resolve(1);
    await storage.save("c", 1);
    expect([...adapter.records.keys()]).toEqual(["c"]);
  });

  it.each<[string, MapAdapter]>([
    ["hangs", new SlowAdapter()],
    ["answers at once", new SynchronousAdapter()],
  ])("that fires in the caller's own code gives up an operation whose adapter %s", async (_, adapter) => {
    const storage = await openStorage(adapter);
    const controller = new AbortController();
    const value = {
      get aborts() {
        controller.abort();
        return true;
      },
    };
    const saving = storage.save("a", value, { signal: controller.signal });
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "a" });
  });

  it("that fires right after the call gives up an operation whose adapter has answered at once", async () => {
    const storage = await openStorage(new SynchronousAdapter());
    await storage.save("a", 1);
    const controller = new AbortController();
    const calls = [
      storage.save("a", 2, { signal: controller.signal }),
      storage.load("a", { signal: controller.signal }),
    ];
    controller.abort();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "ABORTED", key: "a" });
  });

  it("that is none is refused", async () => {
    const storage = await openStorage(new MapAdapter());
    await expect(storage.load("a", { signal: {} as AbortSignal })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("an adapter that answers at once", () => {
  it("has been asked when the call returns", async () => {
    const adapter = new SynchronousAdapter();
    const storage = await openStorage(adapter);
    const saving = storage.save("a", { n: 1 });
    expect(adapter.calls).toEqual(["open", "put a"]);
    const loading = storage.load("a");
    expect(adapter.calls).toEqual(["open", "put a", "get a"]);
    expect([(await saving).key, await loading]).toEqual(["a", { n: 1 }]);
  });

  it("has what it throws, and what the caller did wrong, as rejections", async () => {
    const adapter = new SynchronousAdapter();
    const storage = await openStorage(adapter, { retry: false });
    await expect(storage.save("a", Number.NaN)).rejects.toMatchObject({ code: "INVALID_VALUE", key: "a" });
    await expect(storage.load("", {})).rejects.toMatchObject({ code: "INVALID_KEY" });
    adapter.answer = () => {
      throw new Error("torn");
    };
    await expect(storage.save("a", 1)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching("torn"),
    });
  });

  it("and refuses every version is told to be broken after a thousand", async () => {
    const adapter = new SynchronousAdapter();
    const storage = await openStorage(adapter);
    adapter.answer = ({ header }) => ({ outcome: "stale", floor: `${header.version.slice(0, -1)}g` as Version });
    await expect(storage.save("a", 1)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("refused 1000 versions"),
    });
    expect(adapter.calls.filter((call) => call === "put a")).toHaveLength(1_000);
  });

  it("and refuses some versions gets one that it takes", async () => {
    const adapter = new SynchronousAdapter();
    const storage = await openStorage(adapter);
    const put = adapter.answer;
    let refusals = 3;
    adapter.answer = (record) =>
      refusals-- > 0 ? { outcome: "stale", floor: record.header.version.replace(/.$/, "g") as Version } : put(record);
    expect(await storage.save("a", 1)).toMatchObject({ key: "a" });
    expect(adapter.calls.filter((call) => call === "put a")).toHaveLength(4);
  });
});

describe("writes of one key", () => {
  it("take effect in the order of the calls, also when the first takes longer to encode", async () => {
    const storage = await openStorage(new MapAdapter());
    // The first yaml save loads its codec in the background.
    const saves = [storage.save("a", "first", { format: "yaml" }), storage.save("a", "second")];
    const [first, second] = await Promise.all(saves);
    expect(await storage.load("a")).toBe("second");
    expect((second?.version ?? "") > (first?.version ?? "")).toBe(true);

    const last = storage.save("a", "third", { format: "yaml" });
    const removal = storage.delete("a");
    const batch = storage.batch([{ type: "save", key: "a", data: "fourth" }]);
    expect(await Promise.all([last, removal, batch])).toMatchObject([{ key: "a" }, true, [{ key: "a" }]]);
    expect(await storage.load("a")).toBe("fourth");
  });

  it("go on after one that could not be encoded", async () => {
    const storage = await openStorage(new MapAdapter());
    const bad = storage.save("a", Number.NaN, { format: "yaml" });
    const good = storage.save("a", 1);
    await expect(bad).rejects.toMatchObject({ code: "INVALID_VALUE" });
    await good;
    expect(await storage.load("a")).toBe(1);
  });
});

describe("openStorage", () => {
  it("refuses what is no adapter", async () => {
    for (const wrong of [undefined, null, {}, "memory"]) {
      await expect(openStorage(wrong as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
  });

  it("refuses an adapter of another interface", async () => {
    const adapter = Object.assign(new MapAdapter(), { spi: SPI_VERSION + 1 });
    await expect(openStorage(adapter as never)).rejects.toMatchObject({ code: "UNSUPPORTED", adapter: "map" });
  });

  it.each([
    [{ compres: true }, "compres"],
    [{ compress: "yes" }, "compress"],
    [{ json: "tight" }, "json"],
    [{ closeTimeout: -1 }, "closeTimeout"],
    [{ retry: { retries: Number.NaN } }, "retries"],
    [{ retry: { tries: 1 } }, "tries"],
    ["memory", "object"],
  ])("refuses the settings %j, naming the culprit", async (settings, culprit) => {
    await expect(openStorage(new MapAdapter(), settings as never)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(culprit),
    });
  });

  it("turns a failure to open into a StorageError", async () => {
    const adapter = new MapAdapter();
    adapter.open = () => {
      throw new Error("no such device");
    };
    await expect(openStorage(adapter)).rejects.toMatchObject({
      code: "INTERNAL",
      adapter: "map",
      message: expect.stringContaining("open failed"),
    });
  });
});

describe("watch", () => {
  it("ends with its namespace also when it has only begun", async () => {
    const storage = await openStorage(new MapAdapter());
    const view = storage.namespace("a");
    const seen = vi.fn();
    const watching = expect(view.watch("", seen)).rejects.toMatchObject({ code: "CLOSED" });
    await view.close();
    await watching;
    await storage.save("a/b", 1);
    expect(seen).not.toHaveBeenCalled();
    await storage.close();
  });

  it("tells own writes from those of peers and from external ones", async () => {
    const adapter = new MapAdapter();
    const [mine, theirs] = [await openStorage(adapter), await openStorage(adapter)];
    const origins: string[] = [];
    await mine.watch("", ({ key, origin }) => origins.push(`${key} ${origin}`));
    await mine.save("a", 1);
    const { version } = await theirs.save("b", 1);
    adapter.announce({ type: "save", key: "c", version: version as never, external: true });
    expect(origins).toEqual(["a self", "b peer", "c external"]);
  });

  it("serves the other listeners when one throws, and reports its error as uncaught", async () => {
    const storage = await openStorage(new MapAdapter());
    const reports: (() => void)[] = [];
    const queue = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((report) => void reports.push(report));
    const seen = vi.fn();
    await storage.watch("", () => {
      throw new Error("listener");
    });
    await storage.watch("", seen);
    await storage.save("a", 1);
    queue.mockRestore();
    expect(reports).toHaveLength(1);
    expect(reports[0]).toThrow("listener");
    expect(seen).toHaveBeenCalledOnce();
  });
});
