import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  createMigrator,
  type OperationEvent,
  openStorage,
  type StorageEngine,
  StorageError,
  type StorageSettings,
} from "@holdfast/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";

/** A storage that was never asked for more than events with plain keys. */
async function observed(
  settings: StorageSettings = {},
  adapter: MapAdapter = new MapAdapter(),
): Promise<{ storage: StorageEngine; events: OperationEvent[] }> {
  const events: OperationEvent[] = [];
  const onOperation = (event: OperationEvent) => events.push(event);
  const storage = await openStorage(adapter, { onOperation, operationKeys: "plain", ...settings });
  return { storage, events };
}

/** Lets a read take simulated milliseconds, or fail first. */
class WeakAdapter extends MapAdapter {
  failures = 0;

  constructor(wait: () => void = () => undefined) {
    super();
    const { get } = this;
    this.get = async (...values) => {
      wait();
      if (this.failures-- > 0) throw new Error("the line is dead");
      return get.apply(this, values);
    };
    Object.assign(this, { classify: () => ({ code: "UNAVAILABLE", message: "not now" }) });
  }
}

async function uncaught(work: () => Promise<unknown>): Promise<unknown> {
  const surfaced = Promise.withResolvers<unknown>();
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", surfaced.resolve);
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  });
  await work();
  return surfaced.promise;
}

describe("onOperation", () => {
  it("tells of each operation when it has ended, with the bytes that were stored", async () => {
    const { storage, events } = await observed();
    await storage.save("a", "x".repeat(100_000), { compress: true });
    const stored = (await storage.stat("a"))?.storedSize;
    await storage.load("a");
    await storage.list();
    expect(events).toEqual(
      [
        { op: "save", key: "a", bytes: stored },
        { op: "stat", key: "a", bytes: 0 },
        { op: "load", key: "a", bytes: stored },
        { op: "list", bytes: 0 },
      ].map((event) => ({ ...event, adapter: "map", outcome: "ok", retries: 0, milliseconds: expect.any(Number) })),
    );
    expect(stored).toBeLessThan(1_000);
  });

  it("counts what each kind of operation reads and writes", async () => {
    const { storage, events } = await observed();
    const bytes = new Uint8Array(10);
    await storage.save("a", bytes);
    await storage.update<Uint8Array>("a", () => new Uint8Array(7));
    await storage.batch([
      { type: "save", key: "b", data: bytes },
      { type: "delete", key: "a" },
    ]);
    await storage.saveStream("c", new Blob([bytes, bytes]).stream());
    await (await storage.loadStream("c"))?.cancel();
    await storage.verify();
    expect(events.map(({ op, bytes }) => [op, bytes])).toEqual([
      ["save", 10],
      ["update", 17],
      ["batch", 10],
      ["saveStream", 20],
      ["loadStream", 20],
      ["verify", 30],
    ]);
  });

  it("tells each page of a scan, and only those that were read", async () => {
    const { storage, events } = await observed();
    await storage.batch(Array.from({ length: 1_001 }, (_, at) => ({ type: "save" as const, key: `k${at}`, data: at })));
    events.length = 0;
    const items = storage.scan()[Symbol.asyncIterator]();
    await items.next();
    expect(events.map(({ op }) => op)).toEqual(["scan"]);
    for (let item = await items.next(); item.done !== true; item = await items.next());
    expect(events.map(({ op }) => op)).toEqual(["scan", "scan", "scan"]);
  });

  it("measures from the call to the end, by a clock that jumps do not touch", async () => {
    const ports = new FakePorts();
    let elapsed = 0;
    const adapter = new WeakAdapter(() => {
      elapsed += 25;
      ports.time -= 3_600_000;
    });
    const clock = { now: ports.clock.now, elapsed: () => elapsed };
    const { storage, events } = await observed({ ports: { clock } }, adapter);
    await storage.load("a");
    expect(events[0]?.milliseconds).toBe(25);
  });

  it("never tells a time below zero where only a wall clock is there to measure by", async () => {
    const ports = new FakePorts();
    const adapter = new WeakAdapter(() => {
      ports.time -= 3_600_000;
    });
    const { storage, events } = await observed({ ports }, adapter);
    await storage.load("a");
    expect(events[0]?.milliseconds).toBe(0);
  });

  it("counts retries, and the waiting between them", async () => {
    const ports = new FakePorts();
    const adapter = new WeakAdapter();
    adapter.failures = 2;
    const { storage, events } = await observed({ ports }, adapter);
    await storage.load("a");
    expect(events).toMatchObject([{ op: "load", outcome: "ok", retries: 2 }]);
    expect(events[0]?.milliseconds).toBeCloseTo(
      ports.waits.reduce((sum, wait) => sum + wait, 0),
      1,
    );

    adapter.failures = Number.POSITIVE_INFINITY;
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(events[1]).toMatchObject({ outcome: "UNAVAILABLE", retries: 3 });
  });

  it("tells how an operation failed", async () => {
    const { storage, events } = await observed();
    const aborted = AbortSignal.abort();
    await Promise.allSettled([
      storage.save("a", 1, { ifVersion: "none such" }),
      storage.save("/", 1),
      storage.load("a", { signal: aborted }),
      storage.update("a", () => {
        throw new RangeError("the app's own");
      }),
      // Such as that of another item which it loads.
      storage.update("b", () => {
        throw new StorageError("CORRUPT", "the app's own");
      }),
    ]);
    expect(Object.fromEntries(events.map(({ op, key, outcome }) => [`${op} ${key}`, outcome]))).toEqual({
      "save a": "CONFLICT",
      "save /": "INVALID_KEY",
      "load a": "ABORTED",
      "update a": "CALLER",
      "update b": "CALLER",
    });
  });

  it("ends what close gives up, and tells nothing of calls on a closed storage", async () => {
    const adapter = new MapAdapter();
    adapter.get = () => new Promise(() => undefined);
    const { storage, events } = await observed({ ports: new FakePorts(), closeTimeout: 10 }, adapter);
    const stuck = storage.load("a").catch(() => undefined);
    await storage.close().catch(() => undefined);
    await stuck;
    await storage.load("b").catch(() => undefined);
    expect(events).toMatchObject([{ op: "load", key: "a", outcome: "CLOSED" }]);
  });

  it("names keys as the store has them, or by their hash, or not at all", async () => {
    for (const [operationKeys, named] of [
      ["plain", { key: "users/ann" }],
      [undefined, { keyHash: createHash("sha256").update("users/ann").digest("hex").slice(0, 16) }],
      ["none", {}],
    ] as const) {
      const { storage, events } = await observed({ operationKeys });
      await storage.namespace("users").exists("ann");
      await storage.list();
      const [{ key, keyHash } = {}, listed] = events;
      expect({ ...(key && { key }), ...(keyHash && { keyHash }) }).toEqual(named);
      expect(listed).not.toHaveProperty("key");
      expect(listed).not.toHaveProperty("keyHash");
    }
  });

  it("goes on when the listener throws, and reports the error as uncaught", async () => {
    const error = new Error("the listener is broken");
    const { storage } = await observed({
      onOperation: () => {
        throw error;
      },
    });
    expect(await uncaught(() => storage.save("a", 1))).toBe(error);
    expect(await storage.load("a")).toBe(1);
  });

  it("tells both storages of a migration, which reads, writes and reads again", async () => {
    const from = await observed();
    const to = await observed();
    await from.storage.save("a", new Uint8Array(12));
    await createMigrator(from.storage, to.storage).migrate();
    expect(from.events.at(-1)).toMatchObject({ op: "migrate", bytes: 36, outcome: "ok" });
    expect(to.events).toMatchObject([{ op: "migrate", bytes: 36, outcome: "ok" }]);
  });
});

describe("getMetrics", () => {
  it("is undefined unless it was asked for", async () => {
    const storage = await openStorage(new MapAdapter());
    expect(storage.getMetrics()).toBeUndefined();
  });

  it("counts operations, errors, bytes and retries, also through namespaces, and can be read after close", async () => {
    const adapter = new WeakAdapter();
    const ports = new FakePorts();
    const storage = await openStorage(adapter, { metrics: true, ports });
    await storage.save("a", new Uint8Array(5));
    adapter.failures = 1;
    await storage.load("a");
    const view = storage.namespace("below");
    await view.save("a", new Uint8Array(6));
    for (const value of [1, 2]) await expect(view.save("a", value, { ifVersion: null })).rejects.toThrow();
    const metrics = storage.getMetrics();
    expect(metrics).toEqual({
      adapter: "map",
      since: new Date(Date.UTC(2026, 0, 1)),
      operations: {
        save: { count: 4, errors: { CONFLICT: 2 }, bytes: 13, retries: 0, milliseconds: expect.anything() },
        load: { count: 1, errors: {}, bytes: 5, retries: 1, milliseconds: expect.anything() },
      },
    });
    const { max, total } = metrics?.operations["load"]?.milliseconds ?? {};
    expect(max).toBeCloseTo(ports.waits[0] ?? Number.NaN, 1);
    expect(total).toBe(max);
    await storage.close();
    expect(view.getMetrics()).toEqual(metrics);
  });

  it("hands out copies", async () => {
    const storage = await openStorage(new MapAdapter(), { metrics: true });
    await storage.exists("a");
    const first = storage.getMetrics();
    for (const counted of Object.values(first?.operations ?? {})) counted.count = 99;
    expect(storage.getMetrics()?.operations["exists"]?.count).toBe(1);
  });
});

describe("the diagnostics channel", () => {
  it("carries the events of every storage, without any setting, while somebody is subscribed", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("a", 1);
    const heard = vi.fn();
    subscribe("holdfast:operation", heard);
    onTestFinished(() => void unsubscribe("holdfast:operation", heard));
    await storage.load("a");
    unsubscribe("holdfast:operation", heard);
    await storage.load("a");
    expect(heard.mock.calls.map(([event]) => event)).toMatchObject([
      { op: "load", adapter: "map", outcome: "ok", keyHash: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
  });

  it("leaves the operation alone when a subscriber throws", async () => {
    const storage = await openStorage(new MapAdapter());
    const error = new Error("the subscriber is broken");
    const broken = () => {
      throw error;
    };
    subscribe("holdfast:operation", broken);
    onTestFinished(() => void unsubscribe("holdfast:operation", broken));
    expect(await uncaught(() => storage.save("a", 1))).toBe(error);
  });
});

describe("when nobody asked", () => {
  it("measures nothing", async () => {
    const ports = new FakePorts();
    const elapsed = vi.fn(() => 0);
    const storage = await openStorage(new MapAdapter(), { ports: { clock: { ...ports.clock, elapsed } } });
    await storage.save("a", 1);
    await storage.load("a");
    expect(elapsed).not.toHaveBeenCalled();
  });
});
