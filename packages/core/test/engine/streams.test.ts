import {
  type BodyWriter,
  createMigrator,
  openStorage,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  type StorageEngine,
  type StoredStream,
  type WriteRecord,
} from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { collect, cut, MIB, noise } from "../codec/samples.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";

/** Streams chunks in and out; `broken` makes one of its steps fail. */
class StreamingAdapter extends MapAdapter {
  readonly bodies: Map<string, { header: RecordHeader; chunkHashes: Uint8Array; chunks: Uint8Array[] }> = new Map();
  readonly ends: string[] = [];
  broken: "open" | "write" | "commit" | "abort" | "read" | undefined;

  async writeStream(key: string): Promise<BodyWriter> {
    if (this.broken === "open") throw new Error("broken open");
    const chunks: Uint8Array[] = [];
    return {
      write: async (chunk: Uint8Array): Promise<void> => {
        if (this.broken === "write") throw new Error("broken write");
        chunks.push(chunk);
      },
      commit: async (record: Omit<WriteRecord, "body">, condition: PutCondition): Promise<PutOutcome> => {
        if (this.broken === "commit") throw new Error("broken commit");
        const outcome = await this.put({ ...record, body: new Uint8Array(0) }, condition);
        if (outcome.outcome === "written")
          this.bodies.set(key, { header: outcome.header, chunkHashes: record.chunkHashes, chunks });
        this.ends.push(outcome.outcome);
        return outcome;
      },
      abort: (): void => {
        this.ends.push("abort");
        if (this.broken === "abort") throw new Error("broken abort");
      },
    };
  }

  async readStream(key: string, options: ReadOptions): Promise<StoredStream | undefined> {
    const stored = this.bodies.get(key);
    if (stored === undefined || (await this.stat(key, options)) === undefined) return undefined;
    const { header, chunkHashes, chunks } = stored;
    const failing = () => this.broken === "read";
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks) {
        yield chunk;
        if (failing()) throw new Error("broken read");
      }
    }
    return { header, chunkHashes, body: body() };
  }
}

const ADAPTERS = [
  { name: "streams", adapter: () => new StreamingAdapter() },
  { name: "does not stream", adapter: () => new MapAdapter() },
];

function open(adapter: MapAdapter): Promise<StorageEngine> {
  return openStorage(adapter, { ports: new FakePorts() });
}

async function loaded(storage: StorageEngine, key: string): Promise<Uint8Array | undefined> {
  const stream = await storage.loadStream(key);
  return stream === undefined ? undefined : collect(stream);
}

/** A stream that gives one chunk and then never answers again; `stuck` resolves when it has been asked to. */
function hanging(): { source: ReadableStream<Uint8Array>; cancelled: () => void; stuck: Promise<void> } {
  const cancelled = vi.fn();
  const stuck = Promise.withResolvers<void>();
  const never = new Promise<void>(() => undefined);
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (pulls++ === 0) return controller.enqueue(noise(1_000));
        stuck.resolve();
        await never;
      },
      cancel: cancelled,
    },
    { highWaterMark: 0 },
  );
  return { source, cancelled, stuck: stuck.promise };
}

describe.each(ADAPTERS)("on an adapter that $name", ({ adapter: make }) => {
  it.each([0, 1, MIB, 2 * MIB, 2 * MIB + 77])("a stream of %i bytes comes back", async (size) => {
    const bytes = noise(size);
    for (const compress of [false, true]) {
      const storage = await open(make());
      const item = await storage.saveStream("k", cut(bytes, [123_457]), { compress, tags: ["t"], metadata: { a: 1 } });
      expect(item).toMatchObject({ key: "k", size, format: "binary", tags: ["t"], metadata: { a: 1 } });
      expect(await storage.stat("k")).toEqual(item);
      expect(Buffer.compare((await loaded(storage, "k")) ?? noise(3), bytes)).toBe(0);
    }
  });

  it("the bytes that go through are counted as they are stored", async () => {
    const counted: [op: string, bytes: number][] = [];
    const storage = await openStorage(make(), { onOperation: ({ op, bytes }) => counted.push([op, bytes]) });
    const { storedSize } = await storage.saveStream("k", cut(new Uint8Array(100_000), [9_999]), { compress: true });
    await loaded(storage, "k");
    await storage.loadStream("absent");
    expect(storedSize).toBeLessThan(1_000);
    expect(counted).toEqual([
      ["saveStream", storedSize],
      ["loadStream", storedSize],
      ["loadStream", 0],
    ]);
  });

  it("takes a ReadableStream, also where that cannot be iterated", async () => {
    const storage = await open(make());
    const source = new Blob([new Uint8Array(noise(MIB + 5))]).stream();
    Object.defineProperty(source, Symbol.asyncIterator, { value: undefined });
    await storage.saveStream("k", source);
    expect(Buffer.compare((await loaded(storage, "k")) ?? noise(3), noise(MIB + 5))).toBe(0);
  });

  it("has nothing to stream under an absent key", async () => {
    expect(await (await open(make())).loadStream("k")).toBe(undefined);
  });

  it("keeps what was there, and lets the error out as it is, when the source fails in the middle", async () => {
    const storage = await open(make());
    await storage.saveStream("k", cut(noise(10), [10]));
    const failure = new TypeError("of the source");
    for (const compress of [false, true]) {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(3 * MIB);
        throw failure;
      }
      await expect(storage.saveStream("k", failing(), { compress })).rejects.toBe(failure);
      const sudden: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next() {
            throw failure;
          },
        }),
      };
      await expect(storage.saveStream("k", sudden, { compress })).rejects.toBe(failure);
    }
    expect(Buffer.compare((await loaded(storage, "k")) ?? noise(3), noise(10))).toBe(0);
    expect(await storage.list()).toHaveLength(1);
  });

  it.each([[undefined], [null], ["text"], [noise(3)], [[noise(3)]], [{}], [new Blob(["x"])], [() => undefined]])(
    "refuses what is no stream: %o",
    async (source) => {
      const storage = await open(make());
      await expect(storage.saveStream("k", source as never)).rejects.toMatchObject({ code: "INVALID_VALUE", key: "k" });
      expect(await storage.exists("k")).toBe(false);
    },
  );

  it("refuses a stream that somebody else reads", async () => {
    const source = new Blob(["x"]).stream();
    source.getReader();
    await expect((await open(make())).saveStream("k", source)).rejects.toMatchObject({ code: "INVALID_VALUE" });
  });

  it("refuses a chunk that is not bytes, by its index, and cancels the source", async () => {
    const storage = await open(make());
    for (const wrong of ["text", 5, undefined, [1], new Uint16Array(1), new ArrayBuffer(2)]) {
      const cancelled = vi.fn();
      const source = new ReadableStream({
        start(controller) {
          for (const chunk of [noise(1), Buffer.from("x"), wrong]) controller.enqueue(chunk);
        },
        cancel: cancelled,
      });
      await expect(storage.saveStream("k", source)).rejects.toMatchObject({
        code: "INVALID_VALUE",
        message: expect.stringContaining("chunk 2 of the stream"),
      });
      expect(cancelled).toHaveBeenCalledOnce();
    }
    expect(await storage.exists("k")).toBe(false);
  });

  it.each([false, true])("gives a hanging source up when the signal fires (compress: %s)", async (compress) => {
    const storage = await open(make());
    const { source, cancelled, stuck } = hanging();
    const controller = new AbortController();
    const saving = storage.saveStream("k", source, { compress, signal: controller.signal });
    await stuck;
    controller.abort();
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "k" });
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce());
    expect(await storage.exists("k")).toBe(false);
    await storage.close();
  });

  it("conflicts without a trace, whoever stands there", async () => {
    const storage = await open(make());
    await storage.saveStream("k", cut(noise(5), [5]));
    await expect(storage.saveStream("k", cut(noise(9), [9]), { ifVersion: null })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(Buffer.compare((await loaded(storage, "k")) ?? noise(3), noise(5))).toBe(0);
  });

  it("has its bodies verified by verify", async () => {
    const storage = await open(make());
    await storage.saveStream("k", cut(noise(2 * MIB), [MIB]));
    if (storage.getCapabilities().native.streams === "buffered") {
      expect(await storage.verify()).toMatchObject({ items: 1 });
    }
  });
});

describe("a stream of an adapter", () => {
  it("is asked for with the instant and the signal", async () => {
    const adapter = new StreamingAdapter();
    const ports = new FakePorts();
    const storage = await openStorage(adapter, { ports });
    await storage.saveStream("k", cut(noise(5), [5]));
    const readStream = vi.spyOn(adapter, "readStream");
    const { signal } = new AbortController();
    await (await storage.loadStream("k", { signal }))?.cancel();
    expect(readStream).toHaveBeenCalledExactlyOnceWith("k", { now: ports.time, signal });
  });
});

describe("a stream of an adapter that is left", () => {
  const endings: [string, ((released: () => void) => Promise<never>) | undefined][] = [
    [
      "lets its body go first",
      async (released) => {
        await new Promise((resolve) => setImmediate(resolve));
        released();
        return undefined as never;
      },
    ],
    ["asks nothing of a body that cannot be returned", undefined],
  ];

  it.each(endings)("%s", async (_, end) => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    await storage.saveStream("k", cut(noise(3 * MIB), [MIB]));
    const released = vi.fn();
    const readStream = adapter.readStream.bind(adapter);
    adapter.readStream = async (key, options) => {
      const stream = await readStream(key, options);
      if (stream === undefined) return undefined;
      const iterator = stream.body[Symbol.asyncIterator]();
      const next = () => iterator.next();
      const body = end === undefined ? { next } : { next, return: () => end(released) };
      return { ...stream, body: { [Symbol.asyncIterator]: () => body } };
    };
    const reader = (await storage.loadStream("k"))?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(released).toHaveBeenCalledTimes(end === undefined ? 0 : 1);
  });
});

describe("a migration between adapters that stream", () => {
  async function migrated(damage: (chunks: Uint8Array[]) => void) {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const source = await openStorage(from, { ports: new FakePorts(), metrics: true });
    const destination = await open(to);
    const item = await source.saveStream("k", cut(noise(4 * MIB), [MIB]), { tags: ["t"] });
    damage(from.bodies.get("k")?.chunks ?? []);
    const report = await createMigrator(source, destination).migrate();
    return { report, item, to, source, destination };
  }

  it("moves a large value chunk by chunk, header and all", async () => {
    const { report, item, to, source, destination } = await migrated(() => undefined);
    expect(report).toMatchObject({ ok: true, copied: 1, verified: 1, failures: [] });
    // Read, written, and read once more to be sure.
    expect(source.getMetrics()?.operations["migrate"]?.bytes).toBe(3 * 4 * MIB);
    expect(to.ends).toEqual(["written"]);
    expect(to.bodies.get("k")?.chunks).toHaveLength(4);
    expect(await destination.stat("k")).toEqual(item);
    expect(Buffer.compare((await loaded(destination, "k")) ?? noise(3), noise(4 * MIB))).toBe(0);
  });

  it("moves a smaller value in one piece", async () => {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const [source, destination] = [await open(from), await open(to)];
    await source.save("k", noise(4 * MIB - 1));
    const report = await createMigrator(source, destination).migrate({ validate: false });
    expect(report).toMatchObject({ ok: true, copied: 1 });
    expect(to.ends).toEqual([]);
    expect(await destination.load("k")).toHaveLength(4 * MIB - 1);
  });

  it("lets the source go where the destination cannot even begin", async () => {
    const [from, to] = [new StreamingAdapter(), new StreamingAdapter()];
    const source = await open(from);
    await source.saveStream("k", cut(noise(4 * MIB), [MIB]));
    const readStream = from.readStream.bind(from);
    const next = vi.fn();
    let released = false;
    const iterator = {
      next,
      async return() {
        await new Promise((resolve) => setImmediate(resolve));
        released = true;
        return { done: true as const, value: undefined };
      },
    };
    from.readStream = async (key, options) => {
      const stream = await readStream(key, options);
      return stream && { ...stream, body: { [Symbol.asyncIterator]: () => iterator } };
    };
    to.broken = "open";
    const report = await createMigrator(source, await open(to)).migrate();
    expect(report.failures).toMatchObject([{ key: "k", code: "INTERNAL" }]);
    expect(released).toBe(true);
    expect(next).not.toHaveBeenCalled();
  });

  it("leaves nothing of one that is damaged", async () => {
    const { report, to, destination } = await migrated((chunks) => chunks[2]?.fill(0));
    expect(report).toMatchObject({ ok: false, copied: 0, failures: [{ key: "k", code: "CORRUPT" }] });
    expect(to.ends).toEqual(["abort"]);
    expect(await destination.exists("k")).toBe(false);
  });
});

describe("a stream that close has given up", () => {
  it("is not written on with, whatever comes of it", async () => {
    const adapter = new StreamingAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts(), closeTimeout: 300 });
    const write = vi.fn();
    const writeStream = adapter.writeStream.bind(adapter);
    adapter.writeStream = async (key) => ({ ...(await writeStream(key)), write });
    const [begun, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    async function* late(): AsyncGenerator<Uint8Array> {
      begun.resolve();
      await going.promise;
      yield noise(3);
    }
    const saving = expect(storage.saveStream("k", late())).rejects.toMatchObject({ code: "CLOSED", key: "k" });
    await begun.promise;
    await expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    await saving;
    going.resolve();
    await vi.waitFor(() => expect(adapter.ends).toEqual(["abort"]));
    expect(write).not.toHaveBeenCalled();
  });

  it("is not even begun where it had not been yet", async () => {
    const adapter = new StreamingAdapter();
    const writeStream = vi.spyOn(adapter, "writeStream");
    const timers = {
      schedule: (callback: () => void) => {
        callback();
        return () => undefined;
      },
    };
    const storage = await openStorage(adapter, { ports: { timers } });
    const released = vi.fn();
    const saving = storage.saveStream("k", new ReadableStream({ cancel: released }));
    const stuck = expect(saving).rejects.toMatchObject({ code: "CLOSED" });
    await expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    await stuck;
    await vi.waitFor(() => expect(released).toHaveBeenCalledOnce());
    expect(writeStream).not.toHaveBeenCalled();
  });
});

describe("a stream that is refused as stale", () => {
  it("is not committed again once its signal has fired", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    const controller = new AbortController();
    const writeStream = adapter.writeStream.bind(adapter);
    const commit = vi.fn(({ header }: Omit<WriteRecord, "body">): PutOutcome => {
      controller.abort();
      return { outcome: "stale", floor: `${header.version.slice(0, -1)}g` as typeof header.version };
    });
    adapter.writeStream = async (key) => ({ ...(await writeStream(key)), commit });
    const saving = storage.saveStream("k", cut(noise(5), [5]), { signal: controller.signal });
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "k" });
    await storage.close();
    expect(commit).toHaveBeenCalledOnce();
    expect(adapter.ends).toEqual(["abort"]);
  });
});

describe("a signal that fires while the adapter writes", () => {
  it("also at the last chunk, leaves nothing behind", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    const controller = new AbortController();
    const writeStream = adapter.writeStream.bind(adapter);
    adapter.writeStream = async (key) => Object.assign(await writeStream(key), { write: () => controller.abort() });
    const saving = storage.saveStream("k", cut(noise(5), [5]), { signal: controller.signal });
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "k" });
    await storage.close();
    expect(adapter.ends).toEqual(["abort"]);
    expect(adapter.records.has("k")).toBe(false);
  });

  it("lets the source go without asking it for more", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    const controller = new AbortController();
    const writeStream = adapter.writeStream.bind(adapter);
    adapter.writeStream = async (key) => {
      const writer = await writeStream(key);
      return Object.assign(writer, { write: () => controller.abort() });
    };
    const next = vi.fn(async () => ({ done: false, value: noise(MIB) }));
    const released = vi.fn(async () => ({ done: true as const, value: undefined }));
    const source = { [Symbol.asyncIterator]: () => ({ next, return: released }) };
    const saving = storage.saveStream("k", source, { signal: controller.signal });
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "k" });
    await storage.close();
    expect(next).toHaveBeenCalledOnce();
    expect(released).toHaveBeenCalledOnce();
    expect(adapter.ends).toEqual(["abort"]);
  });
});

describe("a signal that fires while verify reads a large value", () => {
  it("lets its body go without reading on", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    await storage.saveStream("k", cut(noise(3 * MIB), [MIB]));
    Object.assign(adapter, { capabilities: { ...adapter.capabilities, limits: { body: 2 ** 30, bufferedBody: MIB } } });
    const controller = new AbortController();
    const chunks = adapter.bodies.get("k")?.chunks.values();
    const next = vi.fn(async () => {
      controller.abort();
      return chunks?.next() ?? { done: true as const, value: undefined };
    });
    const released = vi.fn(async () => ({ done: true as const, value: undefined }));
    const readStream = adapter.readStream.bind(adapter);
    adapter.readStream = async (key, options) => {
      const stream = await readStream(key, options);
      return stream && { ...stream, body: { [Symbol.asyncIterator]: () => ({ next, return: released }) } };
    };
    await expect(storage.verify("", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(next).toHaveBeenCalledOnce();
    expect(released).toHaveBeenCalledOnce();
  });
});

describe("an adapter that fails", () => {
  it.each(["open", "write", "commit"] as const)("at %s leaves nothing, and the writer is aborted", async (broken) => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    adapter.broken = broken;
    const cancelled = vi.fn();
    const source = new ReadableStream({ start: (to) => to.enqueue(noise(2 * MIB)), cancel: cancelled });
    const finite = broken === "commit" ? cut(noise(5), [5]) : source;
    await expect(storage.saveStream("k", finite)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining(`broken ${broken}`),
    });
    expect(adapter.ends).toEqual(broken === "open" ? [] : ["abort"]);
    if (broken !== "commit") await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce());
    expect(await storage.exists("k")).toBe(false);
  });

  it("at writing lets a source go that was begun, once, and does not begin it again", async () => {
    const adapter = new StreamingAdapter();
    adapter.broken = "write";
    const released = vi.fn(async () => ({ done: true as const, value: undefined }));
    const begin = vi.fn(() => ({ next: async () => ({ done: false, value: noise(MIB) }), return: released }));
    const storage = await open(adapter);
    await expect(storage.saveStream("k", { [Symbol.asyncIterator]: begin })).rejects.toMatchObject({
      code: "INTERNAL",
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(begin).toHaveBeenCalledOnce();
    expect(released).toHaveBeenCalledOnce();
  });

  it("at writing is told to abort before its caller hears of it", async () => {
    const adapter = new StreamingAdapter();
    adapter.broken = "write";
    const writeStream = adapter.writeStream.bind(adapter);
    let aborted = false;
    adapter.writeStream = async (key) => {
      const writer = await writeStream(key);
      const abort = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        aborted = true;
      };
      return { ...writer, abort };
    };
    await expect((await open(adapter)).saveStream("k", cut(noise(5), [5]))).rejects.toMatchObject({ code: "INTERNAL" });
    expect(aborted).toBe(true);
  });

  it("at abort does not hide what went wrong first", async () => {
    const adapter = new StreamingAdapter();
    adapter.broken = "abort";
    const failure = new Error("of the source");
    // biome-ignore lint/correctness/useYield: it fails before it gives anything
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw failure;
    }
    await expect((await open(adapter)).saveStream("k", failing())).rejects.toBe(failure);
    expect(adapter.ends).toEqual(["abort"]);
  });

  it("while it is read errors the stream with a StorageError", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    await storage.saveStream("k", cut(noise(3 * MIB), [MIB]));
    const stream = await storage.loadStream("k");
    adapter.broken = "read";
    await expect(collect(stream ?? cut(noise(1), [1]))).rejects.toMatchObject({
      code: "INTERNAL",
      key: "k",
      adapter: "map",
    });
  });

  it("by answering with another key's stream is found CORRUPT", async () => {
    const adapter = new StreamingAdapter();
    const storage = await open(adapter);
    await storage.saveStream("a", cut(noise(5), [5]));
    await storage.saveStream("b", cut(noise(6), [6]));
    const other = adapter.bodies.get("b");
    if (other !== undefined) adapter.bodies.set("a", other);
    await expect(storage.loadStream("a")).rejects.toMatchObject({ code: "CORRUPT" });
  });

  it("by answering with another key's item is found CORRUPT where it does not stream", async () => {
    const adapter = new MapAdapter();
    const storage = await open(adapter);
    await storage.saveStream("b", cut(noise(6), [6]));
    const get = adapter.get.bind(adapter);
    adapter.get = (_key, options) => get("b", options);
    await expect(storage.loadStream("a")).rejects.toMatchObject({ code: "CORRUPT", key: "a" });
  });
});

describe("limits", () => {
  class Narrow extends MapAdapter {
    override readonly capabilities = {
      ...new MapAdapter().capabilities,
      limits: { body: 3 * MIB, bufferedBody: 2 * MIB },
    };
  }
  class NarrowStreaming extends StreamingAdapter {
    override readonly capabilities = {
      ...new MapAdapter().capabilities,
      limits: { body: 3 * MIB, bufferedBody: 2 * MIB },
    };
  }

  it.each([
    ["what it holds in memory", () => new Narrow(), 2 * MIB],
    ["what a body may be", () => new NarrowStreaming(), 3 * MIB],
  ])("of an adapter end a stream that is more than %s", async (_, make, limit) => {
    const storage = await open(make());
    await storage.saveStream("fits", cut(new Uint8Array(limit), [MIB]));
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given++;
        yield noise(MIB);
      }
    }
    await expect(storage.saveStream("k", endless())).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(given).toBeLessThan(8);
    expect(await storage.exists("k")).toBe(false);
  });
});

describe("memory", () => {
  /** Keeps nothing of a body but its length, and makes it up again. */
  class ForgetfulAdapter extends StreamingAdapter {
    override async writeStream(key: string): Promise<BodyWriter> {
      const writer = await super.writeStream(key);
      return {
        write: () => undefined,
        commit: (record, condition) => writer.commit(record, condition),
        abort: () => writer.abort(),
      };
    }
    override async readStream(key: string): Promise<StoredStream | undefined> {
      const stored = this.bodies.get(key);
      return stored === undefined ? undefined : { ...stored, body: generated() };
    }
  }
  const CHUNKS = 256;
  async function* generated(): AsyncGenerator<Uint8Array> {
    const piece = noise(MIB);
    for (let index = 0; index < CHUNKS; index++) {
      piece[0] = index;
      yield piece;
    }
  }

  it("stays flat while 256 MiB go in and out", async () => {
    const storage = await open(new ForgetfulAdapter());
    let peak = 0;
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    async function* measured(): AsyncGenerator<Uint8Array> {
      for await (const piece of generated()) {
        peak = Math.max(peak, held() - before);
        yield piece;
      }
    }
    const item = await storage.saveStream("k", measured());
    expect(item.size).toBe(CHUNKS * MIB);
    let arrived = 0;
    for await (const piece of (await storage.loadStream("k")) ?? []) {
      arrived += piece.length;
      peak = Math.max(peak, held() - before);
    }
    expect(arrived).toBe(CHUNKS * MIB);
    expect(peak).toBeLessThan(128 * MIB);
  }, 30_000);
});
