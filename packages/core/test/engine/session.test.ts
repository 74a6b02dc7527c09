import {
  openStorage,
  type PutOutcome,
  SPI_VERSION,
  type StoredRecord,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";
import { SlowAdapter } from "../support/slow-adapter.js";

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

  it("closes an adapter whose newest version is none that can be", async () => {
    const adapter = new MapAdapter();
    const close = vi.fn(() => Promise.reject(new Error("cannot close either")));
    Object.assign(adapter, { close, open: () => ({ lastVersion: "ffffffffffff-0000-000000000000" }) });
    await expect(openStorage(adapter)).rejects.toMatchObject({
      code: "CORRUPT",
      adapter: "map",
      message: expect.stringContaining("restore the store from a backup"),
    });
    expect(close).toHaveBeenCalledOnce();
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
