import { openStorage } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { cut, MIB, noise } from "../codec/samples.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { hanging, loaded, open, StreamingAdapter } from "../support/streaming-adapter.js";

const ADAPTERS = [
  { name: "streams", adapter: () => new StreamingAdapter() },
  { name: "does not stream", adapter: () => new MapAdapter() },
];

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
