import {
  type Change,
  type HistoryLimits,
  openStorage,
  type StorageEngine,
  StorageError,
  type StorageSettings,
} from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { collect } from "../codec/samples.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

interface Opened {
  readonly adapter: RememberingAdapter;
  readonly storage: StorageEngine;
  readonly ports: FakePorts;
}

async function opened(history: StorageSettings["history"] = true): Promise<Opened> {
  const adapter = new RememberingAdapter();
  const ports = new FakePorts();
  return { adapter, ports, storage: await openStorage(adapter, { ports, history }) };
}

const OTHER = "0123456789ab-0000-0123456789ab";

describe("the setting history", () => {
  it("reaches the adapter as limits, as false or as undefined", async () => {
    for (const [given, limits] of [
      [undefined, undefined],
      [false, false],
      [true, { versions: 10, age: Number.POSITIVE_INFINITY }],
      [
        { versions: 3, age: 60_000 },
        { versions: 3, age: 60_000 },
      ],
    ] as [StorageSettings["history"], HistoryLimits | false | undefined][]) {
      const adapter = new RememberingAdapter();
      await openStorage(adapter, { history: given });
      expect(adapter.context?.history).toEqual(limits);
    }
  });

  it("is UNSUPPORTED where nothing can be kept, unless it is off", async () => {
    const adapter = new MapAdapter();
    for (const history of [true, {}, { versions: 1 }]) {
      await expect(openStorage(adapter, { history })).rejects.toMatchObject({ code: "UNSUPPORTED", adapter: "map" });
    }
    expect(adapter.calls).toEqual([]);
    await openStorage(adapter, { history: false });
  });
});

describe("history", () => {
  it("lists previous versions, newest first, of a standing and of a deleted key", async () => {
    const { storage, ports } = await opened();
    const first = await storage.save("k", 1, { tags: ["t"], metadata: { m: 1 } });
    const start = ports.time;
    ports.time += 1_000;
    const second = await storage.save("k", "two");
    ports.time += 1_000;
    const previous = [{ ...first, replaced: new Date(start + 1_000) }];
    expect(await storage.history("k")).toEqual(previous);
    await storage.delete("k");
    expect(await storage.history("k")).toEqual([{ ...second, replaced: new Date(start + 2_000) }, ...previous]);
    expect(await storage.history("never")).toEqual([]);
  });

  it("has the keys of the namespace", async () => {
    const { storage } = await opened();
    const view = storage.namespace("n");
    const { version } = await view.save("k", 1);
    await view.save("k", 2);
    expect(await view.history("k")).toMatchObject([{ key: "k", version }]);
    expect(await view.load("k", { version })).toBe(1);
    expect(await view.diff("k", version)).toHaveLength(1);
    expect((await view.restore("k", version)).key).toBe("k");
    expect(await storage.load("n/k")).toBe(1);
    expect(await storage.history("k")).toEqual([]);
  });

  it("is CORRUPT when the adapter answers for another key", async () => {
    const { adapter, storage } = await opened();
    const { version } = await storage.save("a", 1);
    await storage.save("a", 2);
    adapter.kept.set("b", adapter.kept.get("a") ?? []);
    await expect(storage.history("b")).rejects.toMatchObject({ code: "CORRUPT", key: "b" });
    await expect(storage.load("b", { version })).rejects.toMatchObject({ code: "CORRUPT", key: "b" });
    await expect(storage.loadStream("b", { version })).rejects.toMatchObject({ code: "CORRUPT", key: "b" });
  });
});

describe("load of a version", () => {
  it("is that of a kept or of the standing one, and undefined for any other", async () => {
    const { storage } = await opened();
    const first = await storage.save("k", { a: 1 }, { format: "yaml", compress: true });
    const second = await storage.save("k", new Uint8Array([1, 2]));
    expect(await storage.load("k", { version: first.version })).toEqual({ a: 1 });
    expect(await storage.load("k", { version: second.version })).toEqual(new Uint8Array([1, 2]));
    expect(await storage.load("k", { version: undefined })).toEqual(new Uint8Array([1, 2]));
    for (const version of [OTHER, "v1", ""]) {
      expect(await storage.load("k", { version })).toBe(undefined);
      expect(await storage.loadStream("k", { version })).toBe(undefined);
    }
    expect(await storage.load("other", { version: first.version })).toBe(undefined);
    await storage.delete("k");
    expect(await storage.load("k")).toBe(undefined);
    expect(await storage.load("k", { version: second.version })).toEqual(new Uint8Array([1, 2]));
    expect(await collect((await storage.loadStream("k", { version: first.version })) ?? [])).toEqual(
      new TextEncoder().encode("a: 1\n"),
    );
  });

  it("is verified like any other", async () => {
    const { adapter, storage } = await opened();
    const { version } = await storage.save("k", "text");
    await storage.save("k", "other");
    const body = adapter.kept.get("k")?.[0]?.record.body ?? new Uint8Array();
    body[1] = 0;
    const corrupt = { code: "CORRUPT", key: "k", adapter: "map" };
    await expect(storage.load("k", { version })).rejects.toMatchObject(corrupt);
    await expect(storage.diff("k", version)).rejects.toMatchObject(corrupt);
    await expect(storage.restore("k", version)).rejects.toMatchObject(corrupt);
    const stream = await storage.loadStream("k", { version });
    await expect(collect(stream ?? [])).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
    expect(await storage.load("k")).toBe("other");
  });

  it("is CORRUPT when the adapter answers with another version", async () => {
    const { adapter, storage } = await opened();
    const { version } = await storage.save("k", 1);
    const { version: standing } = await storage.save("k", 2);
    Object.assign(adapter.history, { get: async () => structuredClone(adapter.records.get("k")) });
    expect(await storage.load("k", { version: standing })).toBe(2);
    await expect(storage.load("k", { version })).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
  });
});

describe("restore", () => {
  it("writes what was stored as a new version, and keeps what it replaces", async () => {
    const { adapter, storage, ports } = await opened();
    const expiration = new Date(ports.time + 60_000);
    const old = await storage.save("k", "x".repeat(500), {
      compress: true,
      tags: ["t"],
      metadata: { m: 1 },
      expiration,
    });
    Object.assign(adapter.records.get("k")?.header ?? {}, { schema: "notes@1.0.0", fields: { stars: 3 } });
    ports.time += 1_000;
    const standing = await storage.save("k", 2, { tags: ["u"] });
    ports.time += 1_000;
    const restored = await storage.restore("k", old.version);
    expect(restored).toEqual({
      ...old,
      version: restored.version,
      created: old.created,
      modified: new Date(ports.time),
      schema: "notes@1.0.0",
    });
    expect(restored.version > standing.version).toBe(true);
    expect(await storage.stat("k")).toEqual(restored);
    expect(await storage.load("k")).toBe("x".repeat(500));
    expect(adapter.records.get("k")?.header).toMatchObject({ compression: "gzip", fields: { stars: 3 } });
    const versions = (await storage.history("k")).map(({ version }) => version);
    expect(versions).toEqual([standing.version, old.version]);
  });

  it("brings a deleted item back, with its own creation", async () => {
    const { storage, ports } = await opened();
    const old = await storage.save("k", 1);
    ports.time += 1_000;
    await storage.delete("k");
    expect(await storage.restore("k", old.version)).toMatchObject({
      created: old.created,
      modified: new Date(ports.time),
    });
    ports.time += 1_000;
    await storage.delete("k");
    const again = await storage.save("k", 2);
    expect((await storage.restore("k", old.version)).created).toEqual(again.created);
  });

  it("takes the standing version too", async () => {
    const { storage } = await opened();
    const { version } = await storage.save("k", 1);
    expect((await storage.restore("k", version)).version > version).toBe(true);
    expect(await storage.load("k")).toBe(1);
  });

  it("heeds its precondition", async () => {
    const { storage } = await opened();
    const first = await storage.save("k", 1);
    const second = await storage.save("k", 2);
    const conflict = { code: "CONFLICT", key: "k", current: second.version };
    await expect(storage.restore("k", first.version, { ifVersion: first.version })).rejects.toMatchObject(conflict);
    await expect(storage.restore("k", first.version, { ifVersion: null })).rejects.toMatchObject(conflict);
    expect(await storage.load("k")).toBe(2);
    await storage.restore("k", first.version, { ifVersion: second.version });
    expect(await storage.load("k")).toBe(1);
    await storage.delete("k");
    await storage.restore("k", second.version, { ifVersion: null });
    expect(await storage.load("k")).toBe(2);
  });

  it("is NOT_FOUND for a version that is not kept, and for one that has expired", async () => {
    const { storage, ports } = await opened({ versions: 1 });
    const first = await storage.save("k", 1);
    await storage.save("k", 2);
    const expiring = await storage.save("k", 3, { expiration: new Date(ports.time + 1_000) });
    await storage.save("k", 4);
    for (const version of [first.version, OTHER, "v1"]) {
      const error = await storage.restore("k", version).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "NOT_FOUND", key: "k", resync: undefined });
      const named = version === "v1" ? "no such version" : `no version "${version}"`;
      expect((error as Error).message).toContain(`"k" has ${named}: history() lists`);
    }
    ports.time += 1_000;
    await expect(storage.restore("k", expiring.version)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await storage.load("k")).toBe(4);
  });

  it("keeps its place among writes of the key", async () => {
    const { storage } = await opened();
    const { version } = await storage.save("k", 1);
    await storage.save("k", 2);
    await Promise.all([storage.restore("k", version), storage.save("k", 3)]);
    expect(await storage.load("k")).toBe(3);
    await Promise.all([storage.save("k", "x".repeat(9_000), { compress: true }), storage.restore("k", version)]);
    expect(await storage.load("k")).toBe(1);
  });

  it("is an entry of the feed like any write", async () => {
    const { storage } = await opened();
    const { version } = await storage.save("k", 1);
    await storage.save("k", 2);
    const { cursor } = await storage.getInfo();
    const restored = await storage.restore("k", version);
    const seen: Change[] = [];
    for await (const change of storage.changes(cursor)) seen.push(change);
    expect(seen).toMatchObject([{ type: "save", key: "k", version: restored.version, origin: "self" }]);
  });
});

describe("diff", () => {
  it("compares two versions, or one with what stands, whatever their format", async () => {
    const { storage } = await opened();
    const first = await storage.save("k", { a: 1, list: [1] });
    const second = await storage.save("k", { a: 1, list: [1, 2] }, { format: "yaml" });
    await storage.save("k", { a: 2, list: [1, 2] });
    const added = { path: ["list", 1], type: "added", after: 2 };
    expect(await storage.diff("k", first.version, second.version)).toEqual([added]);
    expect(await storage.diff("k", first.version)).toEqual([
      { path: ["a"], type: "changed", before: 1, after: 2 },
      added,
    ]);
    expect(await storage.diff("k", second.version, second.version)).toEqual([]);
  });

  it("is NOT_FOUND where one of them is not there, UNSUPPORTED where one is binary", async () => {
    const { storage } = await opened();
    const json = await storage.save("k", 1);
    const binary = await storage.save("k", new Uint8Array(3));
    await expect(storage.diff("k", OTHER)).rejects.toMatchObject({ code: "NOT_FOUND", key: "k" });
    await expect(storage.diff("k", json.version, OTHER)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(storage.diff("k", json.version)).rejects.toMatchObject({ code: "UNSUPPORTED", key: "k" });
    await expect(storage.diff("k", binary.version, json.version)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await storage.delete("k");
    await expect(storage.diff("k", json.version)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("sweep", () => {
  it("has the adapter drop versions below its namespace, after the items, and counts items only", async () => {
    const { adapter, storage, ports } = await opened();
    adapter.history.sweep = async (prefix, { now }) => {
      adapter.calls.push(`history.sweep ${prefix} ${now}`);
      return 7;
    };
    await storage.save("n/k", 1, { expiration: new Date(ports.time + 1) });
    ports.time += 1;
    expect(await storage.namespace("n").sweep()).toBe(1);
    expect(adapter.calls.slice(-2)).toEqual(["delete n/k", `history.sweep n/ ${ports.time}`]);
    expect(await storage.sweep()).toBe(0);
    expect(adapter.calls.at(-1)).toBe(`history.sweep  ${ports.time}`);
    expect(adapter.kept.size).toBe(0);
  });
});

describe("calls about versions", () => {
  const calls: Record<string, (storage: StorageEngine) => Promise<unknown>> = {
    history: (storage) => storage.history("k"),
    load: (storage) => storage.load("k", { version: OTHER }),
    loadStream: (storage) => storage.loadStream("k", { version: OTHER }),
    restore: (storage) => storage.restore("k", OTHER),
    diff: (storage) => storage.diff("k", OTHER),
  };

  it.each(Object.entries(calls))("%s is UNSUPPORTED where none are kept, and changes nothing", async (_name, call) => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("k", 1);
    const entries = structuredClone(adapter.records);
    await expect(call(storage)).rejects.toMatchObject({ code: "UNSUPPORTED", key: "k", adapter: "map" });
    expect(adapter.records).toEqual(entries);
  });

  it.each(Object.entries(calls))("%s is CLOSED afterwards", async (_name, call) => {
    const { storage } = await opened();
    await storage.close();
    await expect(call(storage)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it.each<[name: string, code: string, call: (storage: StorageEngine) => Promise<unknown>]>([
    ["a version that is no string", "INVALID_OPTION", (storage) => storage.load("k", { version: 1 as never })],
    ["a version that is null", "INVALID_OPTION", (storage) => storage.loadStream("k", { version: null as never })],
    ["no version", "INVALID_OPTION", (storage) => storage.restore("k", undefined as never)],
    ["no version to compare", "INVALID_OPTION", (storage) => storage.diff("k", undefined as never)],
    ["a second version that is none", "INVALID_OPTION", (storage) => storage.diff("k", OTHER, 1 as never)],
    [
      "an ifVersion that is none",
      "INVALID_OPTION",
      (storage) => storage.restore("k", OTHER, { ifVersion: 1 as never }),
    ],
    ["an unknown option", "INVALID_OPTION", (storage) => storage.restore("k", OTHER, { tags: [] } as never)],
    ["an unknown option of load", "INVALID_OPTION", (storage) => storage.load("k", { versoin: OTHER } as never)],
    ["an unknown option of history", "INVALID_OPTION", (storage) => storage.history("k", { limit: 1 } as never)],
    ["an unknown option of diff", "INVALID_OPTION", (storage) => storage.diff("k", OTHER, OTHER, { to: "" } as never)],
    ["a wrong key", "INVALID_KEY", (storage) => storage.history("a//b")],
    ["a wrong key to restore", "INVALID_KEY", (storage) => storage.restore("", OTHER)],
    ["a wrong key to compare", "INVALID_KEY", (storage) => storage.diff("..", OTHER)],
    ["a fired signal", "ABORTED", (storage) => storage.restore("k", OTHER, { signal: AbortSignal.abort() })],
  ])("refuse %s (%s)", async (_name, code, call) => {
    const { storage } = await opened();
    const error = await call(storage).catch((reason: unknown) => reason);
    expect(StorageError.is(error) && error.code).toBe(code);
  });

  it("ask again after a passing failure", async () => {
    const { adapter, storage } = await opened();
    const { version } = await storage.save("k", 1);
    await storage.save("k", 2);
    for (const method of ["list", "get"] as const) {
      const asked = adapter.history[method].bind(adapter.history) as (...given: unknown[]) => Promise<never>;
      let failures = 1;
      adapter.history[method] = async (...given: unknown[]) => {
        if (failures-- > 0) throw new StorageError("UNAVAILABLE", "away");
        return asked(...given);
      };
    }
    await storage.restore("k", version);
    expect(await storage.load("k")).toBe(1);
  });
});
