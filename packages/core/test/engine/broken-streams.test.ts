import { openStorage, type PutOutcome, type WriteRecord } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { collect, cut, MIB, noise } from "../codec/samples.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { open, StreamingAdapter } from "../support/streaming-adapter.js";

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

describe("a stream that waits for its turn", () => {
  /** A save of the same key that takes until `go`, a stream behind it that has come to its end, and what was asked of the adapter. */
  async function waiting(settings: Parameters<typeof openStorage>[1], signal?: AbortSignal) {
    const adapter = new StreamingAdapter();
    const storage = await openStorage(adapter, settings);
    const commit = vi.fn();
    const writeStream = adapter.writeStream.bind(adapter);
    adapter.writeStream = async (key) => ({ ...(await writeStream(key)), commit });
    const go = Promise.withResolvers<void>();
    const schema = z.number().refine(() => go.promise.then(() => true));
    const things = storage.collection("k", { schema, version: "1.0" });
    await things.exists("a");
    const first = things.save("a", 1);
    await new Promise((resolve) => setTimeout(resolve));
    const ended = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield noise(3);
      ended.resolve();
    }
    const saving = storage.saveStream("k/a", source(), { signal });
    await ended.promise;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { adapter, storage, commit, first, saving, go: go.resolve };
  }

  it("is not committed once its signal has fired", async () => {
    const controller = new AbortController();
    const { storage, commit, first, saving, go } = await waiting({}, controller.signal);
    controller.abort();
    await expect(saving).rejects.toMatchObject({ code: "ABORTED", key: "k/a" });
    go();
    await first;
    await storage.close();
    expect(commit).not.toHaveBeenCalled();
    expect(await storage.load("k/a").catch(({ code }) => code)).toBe("CLOSED");
  });

  it("is not committed once close has given it up", async () => {
    const { adapter, storage, commit, first, saving, go } = await waiting({ closeTimeout: 1 });
    const stuck = Promise.allSettled([first, saving]);
    await expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await stuck).toMatchObject([{ reason: { code: "CLOSED" } }, { reason: { code: "CLOSED" } }]);
    go();
    await vi.waitFor(() => expect(adapter.ends).toEqual(["abort"]));
    expect(commit).not.toHaveBeenCalled();
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
