import { openStorage, StorageError, type WriteRecord } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";

const unavailable = () => new StorageError("UNAVAILABLE", "the link is down");

/** Fails the first `times` calls of a method, before or after its effect. */
class FlakyAdapter extends MapAdapter {
  constructor(
    readonly method: "stat" | "get" | "put" | "delete" | "list" | "batch",
    readonly when: "before" | "after",
    public times: number,
  ) {
    super();
    const original = (this[method] as (...values: unknown[]) => Promise<unknown>).bind(this);
    Object.defineProperty(this, method, {
      value: async (...values: unknown[]) => {
        if (this.times > 0 && this.when === "before") {
          this.times--;
          throw unavailable();
        }
        const result = await original(...values);
        if (this.times > 0) {
          this.times--;
          throw unavailable();
        }
        return result;
      },
    });
  }
}

describe("a passing failure of the adapter", () => {
  it("is retried with doubling, jittered pauses", async () => {
    const ports = new FakePorts();
    const storage = await openStorage(new FlakyAdapter("get", "before", 3), { ports });
    await storage.save("a", 1);
    ports.waits.length = 0;
    expect(await storage.load("a")).toBe(1);
    expect(ports.waits).toHaveLength(3);
    for (const [index, wait] of ports.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(25 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(50 * 2 ** index);
    }
  });

  it("comes out when it does not pass", async () => {
    const adapter = new FlakyAdapter("get", "before", 1_000);
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    await expect(storage.load("a")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      key: "a",
      adapter: "map",
      retryable: true,
    });
    expect(adapter.times).toBe(1_000 - 4);
  });

  it("is not retried when retry is off", async () => {
    const adapter = new FlakyAdapter("get", "before", 1);
    const storage = await openStorage(adapter, { retry: false });
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("stops being retried when the signal fires", async () => {
    const storage = await openStorage(new FlakyAdapter("get", "before", 1_000), {
      retry: { retries: 100, minDelay: 5_000 },
    });
    const controller = new AbortController();
    const loading = storage.load("a", { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(loading).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
  });

  describe("after the effect", () => {
    it("does not make a save conflict with itself", async () => {
      const adapter = new FlakyAdapter("put", "after", 1);
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      const item = await storage.save("a", 1, { ifVersion: null });
      expect(await storage.stat("a")).toEqual(item);
      adapter.times = 1;
      const next = await storage.save("a", 2, { ifVersion: item.version });
      expect(await storage.stat("a")).toEqual(next);
      expect(next.created).toEqual(item.created);
    });

    it("writes an unconditional save once", async () => {
      const adapter = new FlakyAdapter("put", "after", 2);
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      const seen: string[] = [];
      await storage.watch("", ({ version }) => seen.push(version));
      const item = await storage.save("a", 1);
      expect(seen).toEqual([item.version]);
    });

    it("still tells that a delete removed something", async () => {
      const adapter = new FlakyAdapter("delete", "after", 0);
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      await storage.save("a", 1);
      adapter.times = 1;
      expect(await storage.delete("a")).toBe(true);
      const { version } = await storage.save("a", 2);
      adapter.times = 1;
      expect(await storage.delete("a", { ifVersion: version })).toBe(true);
    });

    it("is an unknown outcome, not a conflict, when somebody else wrote before the next try", async () => {
      const adapter = new MapAdapter();
      const other = await openStorage(peerOf(adapter));
      const put = adapter.put.bind(adapter);
      let lost = false;
      adapter.put = async (record, condition) => {
        const outcome = await put(record, condition);
        if (lost || condition.expect === "any") return outcome;
        lost = true;
        await other.save("n", 10);
        throw unavailable();
      };
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      await other.save("n", 1);
      const updating = storage.update<number>("n", (count = 0) => count + 1);
      await expect(updating).rejects.toMatchObject({ code: "UNAVAILABLE", key: "n", retryable: false });
      await expect(updating).rejects.toMatchObject({ current: (await other.stat("n"))?.version });
      expect(await other.load("n")).toBe(10);
    });

    it("is an unknown outcome also when somebody else deleted before the next try", async () => {
      const adapter = new MapAdapter();
      const other = await openStorage(peerOf(adapter));
      const { version } = await other.save("n", 1);
      const put = adapter.put.bind(adapter);
      let lost = false;
      adapter.put = async (record, condition) => {
        const outcome = await put(record, condition);
        if (lost) return outcome;
        lost = true;
        await other.delete("n");
        throw unavailable();
      };
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      await expect(storage.save("n", 2, { ifVersion: version })).rejects.toMatchObject({
        code: "UNAVAILABLE",
        retryable: false,
        current: null,
      });
    });

    it("is handed to the caller of a batch, whose answer cannot be told again", async () => {
      const adapter = new FlakyAdapter("batch", "after", 1);
      const storage = await openStorage(adapter, { ports: new FakePorts() });
      await expect(storage.batch([{ type: "save", key: "a", data: 1 }])).rejects.toMatchObject({
        code: "UNAVAILABLE",
        retryable: true,
      });
    });
  });
});

describe("the funnel", () => {
  it("asks the adapter what a foreign error means", async () => {
    const adapter = new MapAdapter();
    adapter.get = async () => {
      throw Object.assign(new Error("disk I/O error"), { code: "EIO" });
    };
    Object.assign(adapter, {
      classify: () => ({ code: "QUOTA_EXCEEDED", message: "the disk is full: free some space" }),
    });
    const storage = await openStorage(adapter);
    await expect(storage.load("a")).rejects.toMatchObject({
      name: "StorageError",
      code: "QUOTA_EXCEEDED",
      key: "a",
      adapter: "map",
      retryable: false,
      message: expect.stringContaining("free some space"),
      cause: { code: "EIO" },
    });
  });

  it("calls what nobody knows INTERNAL, with its cause", async () => {
    const adapter = new MapAdapter();
    adapter.stat = async () => {
      throw new TypeError("x is not a function");
    };
    const storage = await openStorage(adapter);
    await expect(storage.exists("a")).rejects.toMatchObject({ code: "INTERNAL", cause: expect.any(TypeError) });
  });

  it("lets errors of the caller's own code out as they are", async () => {
    const storage = await openStorage(new MapAdapter());
    const own = new RangeError("mine");
    await expect(
      storage.update("a", () => {
        throw own;
      }),
    ).rejects.toBe(own);
    await expect(storage.update("a", () => Promise.reject(own))).rejects.toBe(own);
  });

  it("names the key as the caller of a namespace wrote it", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("n/a", 1);
    await expect(storage.namespace("n").save("a", 2, { ifVersion: null })).rejects.toMatchObject({
      code: "CONFLICT",
      key: "a",
    });
  });

  it("refuses an answer that is about another key", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    const get = adapter.get.bind(adapter);
    adapter.get = (_key, options) => get("a", options);
    await expect(storage.load("b")).rejects.toMatchObject({ code: "CORRUPT", key: "b" });
  });

  it("ends with INTERNAL on an adapter that refuses every version", async () => {
    const adapter = new MapAdapter();
    adapter.put = async ({ header }: WriteRecord) => ({
      outcome: "stale",
      floor: header.version.replace(/-[0-9a-f]{4}-/, "-ffff-") as typeof header.version,
    });
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    await expect(storage.save("a", 1)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("versions in a row"),
    });
  });

  it("calls a store that holds an impossible version CORRUPT", async () => {
    const adapter = new MapAdapter();
    adapter.put = async ({ header }: WriteRecord) => ({
      outcome: "stale",
      floor: `${"f".repeat(12)}${header.version.slice(12)}` as typeof header.version,
    });
    const storage = await openStorage(adapter);
    await expect(storage.save("a", 1)).rejects.toMatchObject({ code: "CORRUPT", key: "a" });
  });
});
