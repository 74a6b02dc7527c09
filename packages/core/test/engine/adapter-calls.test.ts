import {
  type AdapterWrite,
  type Capabilities,
  openStorage,
  type ParsedQuery,
  type RecordHeader,
  StorageError,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";
import { StreamingAdapter } from "../support/streaming-adapter.js";

function announcing(capabilities: Partial<Capabilities>): MapAdapter {
  const adapter = new MapAdapter();
  return Object.assign(adapter, { capabilities: { ...adapter.capabilities, ...capabilities } });
}

describe("what an adapter is given", () => {
  it("is terms only where it has an index", async () => {
    for (const [query, terms] of [
      ["native", ["a", "blue"]],
      ["scan", []],
    ] as const) {
      const adapter = announcing({ query });
      const put = vi.spyOn(adapter, "put");
      const storage = await openStorage(adapter);
      await storage.save("a", 1, { tags: ["Blue"] });
      expect(put.mock.calls[0]?.[0].terms).toEqual(terms);
    }
  });

  it("is the query with the namespace before its prefix, the instant and the signal", async () => {
    const ports = new FakePorts();
    const found: RecordHeader[] = [];
    const asked: [ParsedQuery, object][] = [];
    const adapter = Object.assign(announcing({ query: "native" }), {
      query: (query: ParsedQuery, options: object) => {
        asked.push([query, options]);
        return found;
      },
      count: (query: ParsedQuery, options: object) => {
        asked.push([query, options]);
        return 7;
      },
    });
    const storage = await openStorage(adapter, { ports });
    const view = storage.namespace("n");
    await view.save("b/a", 1);
    found.push(...(await adapter.list({ prefix: "", after: undefined, limit: 9 }, { now: ports.time })));
    const { signal } = new AbortController();
    expect((await view.search({ prefix: "b", signal })).map(({ key }) => key)).toEqual(["b/a"]);
    expect(await view.count({ prefix: "c", signal })).toBe(7);
    expect(asked.map(([{ prefix }]) => prefix)).toEqual(["n/b", "n/c"]);
    for (const [, options] of asked) expect(options).toEqual({ now: ports.time, signal });
  });

  it("is no query that can match nothing", async () => {
    const query = vi.fn(() => []);
    const count = vi.fn(() => 0);
    const storage = await openStorage(Object.assign(announcing({ query: "native" }), { query, count }));
    expect(await storage.search({ text: "…" })).toEqual([]);
    expect(await storage.count({ text: "…" })).toBe(0);
    expect(query).not.toHaveBeenCalled();
    expect(count).not.toHaveBeenCalled();
  });

  it("is the condition and the signal with a record", async () => {
    const ports = new FakePorts();
    const adapter = new MapAdapter();
    const put = vi.spyOn(adapter, "put");
    const { signal } = new AbortController();
    await (await openStorage(adapter, { ports })).save("a", 1, { ifVersion: null, signal });
    expect(put).toHaveBeenCalledExactlyOnceWith(expect.anything(), { expect: "absent", now: ports.time }, { signal });
  });

  it("is whole milliseconds, whatever the clock says", async () => {
    const ports = new FakePorts();
    ports.time += 0.9;
    const adapter = new MapAdapter();
    const stat = vi.spyOn(adapter, "stat");
    const storage = await openStorage(adapter, { ports });
    const item = await storage.save("a", 1);
    await storage.stat("a");
    expect(stat).toHaveBeenCalledWith("a", { now: Math.floor(ports.time), signal: undefined });
    expect(item.modified.getTime()).toBe(Math.floor(ports.time));
  });
});

describe("restoring the version that stands", () => {
  it("looks it up with the instant and the signal", async () => {
    const ports = new FakePorts();
    const adapter = new RememberingAdapter();
    const storage = await openStorage(adapter, { ports });
    const { version } = await storage.save("a", 1);
    const stat = vi.spyOn(adapter, "stat");
    const { signal } = new AbortController();
    await storage.restore("a", version, { signal });
    expect(stat).toHaveBeenCalledWith("a", { now: ports.time, signal });
    expect(await storage.load("a")).toBe(1);
  });
});

describe("a value larger than the adapter takes whole", () => {
  it("is refused from the first byte too many on", async () => {
    const adapter = announcing({ limits: { body: 1_000, bufferedBody: 10 } });
    const storage = await openStorage(adapter);
    const refusal = { code: "QUOTA_EXCEEDED", key: "a", message: "map holds values of up to 10 bytes" };
    expect((await storage.save("a", new Uint8Array(10))).size).toBe(10);
    await expect(storage.save("a", new Uint8Array(11))).rejects.toMatchObject(refusal);
    const batch = (size: number) => storage.batch([{ type: "save", key: "a", data: new Uint8Array(size) }]);
    expect(await batch(10)).toMatchObject([{ size: 10 }]);
    await expect(batch(11)).rejects.toMatchObject(refusal);
    const stream = async function* () {
      yield new Uint8Array(11);
    };
    await expect(storage.saveStream("a", stream())).rejects.toMatchObject(refusal);
  });

  it("is refused with advice where it can come as a stream", async () => {
    const adapter = Object.assign(new StreamingAdapter(), {
      capabilities: { ...new MapAdapter().capabilities, limits: { body: 20, bufferedBody: 10 } },
    });
    const storage = await openStorage(adapter);
    const advice = { code: "UNSUPPORTED", key: "a", message: expect.stringContaining("use saveStream") };
    const data = new Uint8Array(11);
    await expect(storage.save("a", data)).rejects.toMatchObject(advice);
    await expect(storage.batch([{ type: "save", key: "a", data }])).rejects.toMatchObject(advice);
    expect(await storage.exists("a")).toBe(false);
    const stream = (size: number) => new Blob([new Uint8Array(size)]).stream();
    expect(await storage.saveStream("a", stream(20))).toMatchObject({ size: 20 });
    await expect(storage.saveStream("a", stream(21))).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: "map holds values of up to 20 bytes",
    });
  });
});

describe("a batch", () => {
  it.each(["none", "bulk"] as const)("is refused where batches are %s", async (batch) => {
    const storage = await openStorage(announcing({ batch }));
    await expect(storage.batch([{ type: "delete", key: "a" }])).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it.each([
    ["a value that no format holds", { data: { x: new Date() } }, "INVALID_VALUE"],
    ["a misspelt option", { data: 1, options: { expiraton: 1 } }, "INVALID_OPTION"],
    ["a type that there is not", { type: "put", data: 1 }, "INVALID_OPTION"],
  ])("names the key of %s, as the namespace has it", async (_, wrong, code) => {
    const storage = (await openStorage(new MapAdapter())).namespace("n");
    const operations = [
      { type: "save", key: "a", data: 1 },
      { type: "save", key: "b", ...wrong },
    ] as never;
    await expect(storage.batch(operations)).rejects.toMatchObject({ code, key: "b", adapter: "map" });
    expect(await storage.exists("a")).toBe(false);
  });

  it("is refused where the adapter has none, whatever it announces", async () => {
    const storage = await openStorage(Object.assign(new MapAdapter(), { batch: undefined }) as never);
    await expect(storage.batch([{ type: "delete", key: "a" }])).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("of nothing does not trouble the adapter", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    expect(await storage.batch([])).toEqual([]);
    expect(adapter.calls).toEqual(["open"]);
  });

  it("encodes as a save does, with its own options and those of the storage", async () => {
    const storage = await openStorage(new MapAdapter(), { compress: true, json: "pretty" });
    const text = "word ".repeat(100);
    const data = { list: [1, text] };
    const all = [{}, { compress: false }, { format: "yaml" as const, compress: false }, { format: "yaml" as const }];
    for (const options of all) {
      const saved = await storage.save("a", data, options);
      const [batched] = await storage.batch([{ type: "save", key: "b", data, options }]);
      const { format, size, storedSize, checksum, compressed } = saved;
      expect(batched).toMatchObject({ format, size, storedSize, checksum, compressed });
      expect(await storage.load("b")).toEqual(data);
    }
  });

  it("takes a greater version for the one write that was refused as stale, until it is not", async () => {
    const ports = new FakePorts();
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { ports });
    const ahead = new FakePorts();
    ahead.time += 60_000;
    const other = await openStorage(peerOf(adapter), { ports: ahead });
    await other.save("b", "theirs");
    await other.save("c", "theirs");
    const batch = vi.spyOn(adapter, "batch");
    const results = await storage.batch([
      { type: "save", key: "a", data: "mine" },
      { type: "save", key: "b", data: "mine" },
      { type: "delete", key: "c" },
    ]);
    expect(results).toMatchObject([{ key: "a" }, { key: "b" }, true]);
    expect(await storage.load("b")).toBe("mine");
    const versionOf = (write: AdapterWrite): Version =>
      write.type === "put" ? write.record.header.version : write.version;
    const tries = batch.mock.calls.map(([writes]) => writes.map(versionOf));
    expect(tries).toHaveLength(3);
    // Each try changes the version of one write and leaves the others.
    expect(tries[1]?.map((version, index) => version === tries[0]?.[index])).toEqual([true, false, true]);
    expect(tries[2]?.map((version, index) => version === tries[1]?.[index])).toEqual([true, true, false]);
  });

  it("stops ticking when its signal fires", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const controller = new AbortController();
    let tries = 0;
    adapter.batch = async (writes) => {
      tries++;
      controller.abort();
      const floor = (writes[0] as { record: WriteRecord }).record.header.version;
      return { outcome: "refused", index: 0, reason: { outcome: "stale", floor } };
    };
    const { signal } = controller;
    await expect(storage.batch([{ type: "save", key: "a", data: 1 }], { signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await storage.close();
    expect(tries).toBe(1);
  });

  it.each<[unknown, string]>([
    [{ type: "save" }, "array"],
    [[{ type: "patch", key: "a" }], "patch"],
    [[null], "operation 0"],
    [
      [
        { type: "delete", key: "a" },
        { type: "delete", key: "b", extra: 1 },
      ],
      "extra",
    ],
    [[{ type: "delete", key: "a", options: { tags: [] } }], "tags"],
    [
      [
        { type: "save", key: "n", data: 1 },
        { type: "delete", key: "n" },
      ],
      '"n"',
    ],
  ])("of %j is refused, naming %s", async (operations, named) => {
    const adapter = new MapAdapter();
    const view = (await openStorage(adapter)).namespace("space");
    await expect(view.batch(operations as never)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(named),
    });
    expect(adapter.calls).toEqual(["open"]);
  });
});

describe("a save that is refused as stale", () => {
  it("is the same but for its version when it is tried again", async () => {
    const adapter = announcing({ query: "native" });
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const ahead = new FakePorts();
    ahead.time += 60_000;
    const { version } = await (await openStorage(peerOf(adapter), { ports: ahead })).save("a", 1);
    const put = vi.spyOn(adapter, "put");
    await storage.save("a", new Uint8Array(2 ** 20 + 1), { tags: ["blue"] });
    const [first, second] = put.mock.calls.map(([record]) => record);
    expect(second?.terms).toEqual(["a", "blue"]);
    expect(second?.chunkHashes).toHaveLength(64);
    expect(second).toEqual({ ...first, header: { ...first?.header, version: second?.header.version } });
    expect((second?.header.version ?? "") > version).toBe(true);
  });
});

describe("a deletion that is refused as stale", () => {
  it("takes a version above what stands", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const ahead = new FakePorts();
    ahead.time += 60_000;
    const { version } = await (await openStorage(peerOf(adapter), { ports: ahead })).save("a", 1);
    expect(await storage.delete("a")).toBe(true);
    expect((adapter.tombstones.get("a") ?? "") > version).toBe(true);
  });

  it("stops when its signal fires", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const controller = new AbortController();
    adapter.delete = async (_key, { version }) => {
      adapter.calls.push("delete");
      controller.abort();
      return { outcome: "stale", floor: version };
    };
    await expect(storage.delete("a", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(adapter.calls.filter((call) => call === "delete")).toHaveLength(1);
  });
});

describe("a repetition", () => {
  it("waits no longer than the longest delay, and at least half of it", async () => {
    const ports = new FakePorts();
    const adapter = new MapAdapter();
    let failures = 6;
    const get = adapter.get.bind(adapter);
    adapter.get = async (key, options) => {
      if (failures-- > 0) throw Object.assign(new Error("busy"), { busy: true });
      return get(key, options);
    };
    Object.assign(adapter, { classify: () => ({ code: "UNAVAILABLE", message: "busy" }) });
    const storage = await openStorage(adapter, { ports, retry: { retries: 6, minDelay: 100, maxDelay: 400 } });
    expect(await storage.load("a")).toBeUndefined();
    const ceilings = [100, 200, 400, 400, 400, 400];
    expect(ports.waits).toHaveLength(6);
    for (const [index, wait] of ports.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual((ceilings[index] ?? 0) / 2);
      expect(wait).toBeLessThanOrEqual(ceilings[index] ?? 0);
    }
  });

  it.each([
    [0, 50],
    [1 - Number.EPSILON, 100],
  ])("is spread over the second half of its delay: %d gives %d ms", async (fraction, milliseconds) => {
    const ports = new FakePorts();
    const adapter = new MapAdapter();
    let failures = 1;
    adapter.get = async () => {
      if (failures-- > 0) throw new StorageError("UNAVAILABLE", "the link is down");
      return undefined;
    };
    const random = { ...ports.random, fraction: () => fraction };
    const { clock, timers } = ports;
    const storage = await openStorage(adapter, { ports: { clock, timers, random }, retry: { minDelay: 100 } });
    await storage.load("a");
    expect(ports.waits).toHaveLength(1);
    expect(ports.waits[0]).toBeCloseTo(milliseconds, 5);
  });

  it("is not made of a failure that will not pass, nor of one that has waited already", async () => {
    for (const [code, retryable] of [
      ["QUOTA_EXCEEDED", false],
      ["LOCKED", true],
      ["TIMEOUT", true],
    ] as const) {
      const adapter = new MapAdapter();
      let tries = 0;
      adapter.get = async () => {
        tries++;
        throw new Error("foreign");
      };
      Object.assign(adapter, { classify: () => ({ code, message: "no", retryable }) });
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      await expect(storage.load("a")).rejects.toMatchObject({ code, retryable });
      expect(tries).toBe(1);
    }
  });

  it("ends when a later try fails for good", async () => {
    const adapter = new MapAdapter();
    const codes = ["UNAVAILABLE", "CORRUPT", "UNAVAILABLE"];
    adapter.get = async () => {
      throw new Error("foreign");
    };
    Object.assign(adapter, { classify: () => ({ code: codes.shift(), message: "no" }) });
    const ports = new FakePorts();
    const storage = await openStorage(adapter, { ports });
    await expect(storage.load("a")).rejects.toMatchObject({ code: "CORRUPT", key: "a", adapter: "map" });
    expect(codes).toEqual(["UNAVAILABLE"]);
    // Nobody waits for a try that will not be made.
    expect(ports.waits).toHaveLength(1);
  });
});

describe("a scan", () => {
  it("asks for pages of a thousand, each behind the last key, and no more than it needs", async () => {
    const adapter = new MapAdapter();
    const ranges: object[] = [];
    const page = async (range: { after: string | undefined; limit: number }): Promise<RecordHeader[]> => {
      ranges.push(range);
      const from = range.after === undefined ? 0 : Number(range.after.slice(2)) + 1;
      const length = Math.max(0, Math.min(range.limit, 2_500 - from));
      const { header } = adapter.records.get("n/0000") ?? {};
      if (header === undefined) throw new Error("nothing is stored");
      return Array.from({ length }, (_, index) => ({ ...header, key: `n/${String(from + index).padStart(4, "0")}` }));
    };
    const storage = await openStorage(adapter);
    await storage.save("n/0000", 1);
    adapter.list = page;
    const view = storage.namespace("n");
    const items = await view.list("", { limit: 1_700 });
    expect(items.map(({ key }) => Number(key))).toEqual(Array.from({ length: 1_700 }, (_, index) => index));
    expect(ranges).toEqual([
      { prefix: "n/", after: undefined, limit: 1_000 },
      { prefix: "n/", after: "n/0999", limit: 700 },
    ]);
    ranges.length = 0;
    expect(await view.list("", { after: "0499", limit: 0 })).toEqual([]);
    expect(ranges).toEqual([]);
    let scanned = 0;
    for await (const { key } of view.scan("", { after: "0499" })) expect(Number(key)).toBe(500 + scanned++);
    expect(scanned).toBe(2_000);
    expect(ranges.at(-1)).toEqual({ prefix: "n/", after: "n/2499", limit: 1_000 });
  });

  it("asks for no further page when its signal has fired", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    const { header } = adapter.records.get("a") ?? {};
    if (header === undefined) throw new Error("nothing is stored");
    const controller = new AbortController();
    const list = vi.fn(async () => {
      controller.abort();
      return new Array<RecordHeader>(1_000).fill(header);
    });
    adapter.list = list;
    await expect(storage.list("", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(list).toHaveBeenCalledOnce();
  });

  it("of a prefix with half a character finds nothing and does not ask", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    adapter.calls.length = 0;
    expect(await storage.list("\ud83d")).toEqual([]);
    expect(adapter.calls).toEqual([]);
  });
});
