import { createMigrator, type MigrationEvent, openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

async function pair() {
  const source = new RememberingAdapter();
  const destination = new RememberingAdapter();
  const settings = { history: { versions: 100 } };
  return {
    source,
    destination,
    from: await openStorage(source, settings),
    to: await openStorage(destination, settings),
  };
}

const keysOf = async (storage: StorageEngine) => (await storage.list()).map(({ key }) => key);
const writesOf = ({ calls }: MapAdapter) => calls.filter((call) => /^(put|delete|batch|writeStream)/.test(call));

/** Calls `work` before the first call of an adapter's method: `get` of the destination is the first reading back. */
function once(adapter: MapAdapter, method: "get", work: () => Promise<unknown>): void {
  const call = adapter[method].bind(adapter);
  let first = true;
  adapter[method] = async (...args) => {
    const isFirst = first;
    first = false;
    if (isFirst) await work();
    return call(...args);
  };
}

it.each(["stop", "skip", "newer", "overwrite", "keep-both"] as const)(
  "%s decides also on what was there already, and equal until the source changed",
  async (conflict) => {
    const ports = new FakePorts();
    const destination = new RememberingAdapter();
    const [from, to] = [
      await openStorage(new RememberingAdapter(), { ports }),
      await openStorage(destination, { ports }),
    ];
    await from.save("a", "equal");
    await createMigrator(from, to).migrate();
    once(destination, "get", () => {
      ports.time += 10;
      return from.save("a", "changed");
    });
    const report = await createMigrator(from, to).migrate({ conflict });
    expect(report.conflicts).toEqual(conflict === "stop" ? ["a"] : []);
    expect(report.skipped).toBe(conflict === "skip" ? 1 : 0);
    expect(await to.load("a")).toBe(conflict === "newer" || conflict === "overwrite" ? "changed" : "equal");
    expect(await keysOf(to)).toEqual(conflict === "keep-both" ? ["a", "a~migrated"] : ["a"]);
  },
);

describe("keep-both", () => {
  it("leaves what stands and puts the source's item beside it, once", async () => {
    const { from, to } = await pair();
    await from.save("a", "source");
    await from.save("b", "equal on neither side");
    await to.save("a", "destination");
    const migrator = createMigrator(from, to);
    expect(await migrator.migrate({ conflict: "keep-both" })).toMatchObject({
      ok: true,
      copied: 2,
      verified: 2,
      keptBoth: [{ key: "a", as: "a~migrated" }],
    });
    expect(await Promise.all(["a", "a~migrated"].map((key) => to.load(key)))).toEqual(["destination", "source"]);
    expect(await migrator.migrate({ conflict: "keep-both" })).toMatchObject({
      ok: true,
      copied: 0,
      unchanged: 2,
      verified: 2,
    });
    expect(await keysOf(to)).toEqual(["a", "a~migrated", "b"]);
  });

  it("takes the next name where yet another item has that one", async () => {
    const { from, to } = await pair();
    await from.save("a", "source");
    await to.save("a", "destination");
    await to.save("a~migrated", "of an earlier migration");
    const report = await createMigrator(from, to).migrate({ conflict: "keep-both" });
    expect(report.keptBoth).toEqual([{ key: "a", as: "a~migrated-2" }]);
    expect(await to.load("a~migrated-2")).toBe("source");
  });

  it("lists a key that becomes too long by it", async () => {
    const { from, to } = await pair();
    const key = "k".repeat(1_020);
    await from.save(key, "source");
    await to.save(key, "destination");
    const report = await createMigrator(from, to).migrate({ conflict: "keep-both" });
    expect(report).toMatchObject({ ok: false, failures: [{ key, code: "INVALID_KEY" }] });
  });
});

describe("a backup", () => {
  it("holds what was replaced, and puts it back", async () => {
    const { from, to } = await pair();
    const backup = (await openStorage(new MapAdapter())).namespace("before");
    for (const key of ["a", "b", "c"]) await from.save(key, "source");
    await to.save("a", "destination's a", { tags: ["kept"], metadata: { stars: 3 } });
    await to.save("b", "destination's b");
    const before = await to.stat("a");
    const report = await createMigrator(from, to).migrate({ conflict: "overwrite", backup });
    expect(report).toMatchObject({ ok: true, copied: 3, backedUp: 2 });
    expect(await to.load("a")).toBe("source");
    expect(await keysOf(backup)).toEqual(["a", "b"]);
    await createMigrator(backup, to).migrate({ conflict: "overwrite" });
    expect(await to.load("a")).toBe("destination's a");
    const { version: _, ...after } = (await to.stat("a")) ?? {};
    expect({ ...after, version: before?.version }).toEqual(before);
  });

  it("holds what was there already, and equal until the source changed", async () => {
    const { from, to, destination } = await pair();
    const backup = await openStorage(new MapAdapter());
    await from.save("a", "equal");
    await from.save("b", "equal");
    await createMigrator(from, to).migrate();
    once(destination, "get", () => from.save("a", "changed"));
    const report = await createMigrator(from, to).migrate({ conflict: "overwrite", backup });
    expect(report).toMatchObject({ ok: true, unchanged: 2, backedUp: 1, changed: { saved: 1 } });
    expect([await to.load("a"), await backup.load("a")]).toEqual(["changed", "equal"]);
  });

  it("is not asked for what this migration itself wrote, and deletes as the source does", async () => {
    const { from, to, destination } = await pair();
    const backup = await openStorage(new MapAdapter());
    await from.save("a", "source");
    await from.save("b", "source");
    await to.save("a", "destination");
    once(destination, "get", async () => {
      await from.delete("a");
      await from.delete("b");
    });
    const report = await createMigrator(from, to).migrate({ conflict: "overwrite", backup });
    expect(report).toMatchObject({ ok: true, failures: [], backedUp: 1, changed: { deleted: 2 } });
    expect(await keysOf(to)).toEqual([]);
    expect(await backup.load("a")).toBe("destination");
  });

  it("is refused when it holds something, before anything is replaced", async () => {
    const { from, to } = await pair();
    const backup = await openStorage(new MapAdapter());
    await backup.save("z", "of an earlier migration");
    await from.save("a", "source");
    await to.save("a", "destination");
    const migration = createMigrator(from, to).migrate({ conflict: "overwrite", backup });
    await expect(migration).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await to.load("a")).toBe("destination");
  });

  it("is no part of either side", async () => {
    const { from, to } = await pair();
    for (const backup of [from, from.namespace("x"), to]) {
      await expect(createMigrator(from, to).migrate({ backup })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    await expect(createMigrator(from, to).migrate({ backup: {} as never })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});

describe("what the destination cannot hold", () => {
  it("is found in the plan: a key that is too long there, a body above its limit", async () => {
    const { from, destination } = await pair();
    const small = { ...destination.capabilities, limits: { body: 100, bufferedBody: 100 } };
    Object.assign(destination, { capabilities: small });
    const to = (await openStorage(peerOf(destination))).namespace("a/namespace");
    const long = "k".repeat(1_020);
    await from.save(long, 1);
    await from.save("large", "x".repeat(200));
    await from.save("small", 1);
    const failures = [
      { key: long, code: "INVALID_KEY", message: expect.stringContaining("longer than 1024 bytes") },
      { key: "large", code: "UNSUPPORTED", message: expect.stringContaining("up to 100 bytes, and this one has 202") },
    ];
    const planned = await createMigrator(from, to).migrate({ dryRun: true });
    expect(planned).toMatchObject({ ok: false, copied: 1, failures: expect.arrayContaining(failures) });
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, planned: { items: 3 }, copied: 1, verified: 1 });
    expect(report.failures).toHaveLength(2);
    expect(report.failures).toEqual(expect.arrayContaining(failures));
  });

  it("is said of previous versions before anything is done", async () => {
    const { from } = await pair();
    const to = await openStorage(new MapAdapter());
    await from.save("a", 1);
    await expect(createMigrator(from, to).migrate({ history: true })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(await to.list()).toEqual([]);
  });
});

describe("previous versions", () => {
  it("go along on request, with their own versions and times, and are verified", async () => {
    const { from, to, destination } = await pair();
    for (const text of ["first", "second", "third"]) await from.save("a", text, { tags: [text] });
    await from.save("b", "only one");
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({
      ok: true,
      copied: 2,
      verified: 2,
    });
    const without = (items: object[]) => items.map((item) => ({ ...item, replaced: undefined }));
    expect(without(await to.history("a"))).toEqual(without(await from.history("a")));
    expect(await to.list()).toEqual(await from.list());
    const [, first] = await to.history("a");
    expect(await to.load("a", { version: first?.version })).toBe("first");
    const kept = destination.kept.get("a")?.[0]?.record;
    kept?.body.fill(0);
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({
      ok: false,
      failures: [{ key: "a", code: "CORRUPT" }],
    });
  });

  it("are missed where the destination drops them", async () => {
    const { from, destination } = await pair();
    const to = await openStorage(peerOf(destination), { history: { versions: 1 } });
    for (const text of ["first", "second", "third"]) await from.save("a", text);
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({
      ok: false,
      copied: 1,
      failures: [{ key: "a", code: "NOT_FOUND", message: expect.stringContaining("is not kept") }],
    });
  });

  it("stay behind unless they are asked for, and those from before a deletion always", async () => {
    const { from, to } = await pair();
    await from.save("a", "an earlier life");
    await from.delete("a");
    await new Promise((resolve) => setTimeout(resolve, 2));
    await from.save("a", "first");
    await from.save("a", "second");
    await createMigrator(from, to.namespace("without")).migrate();
    expect(await to.history("without/a")).toEqual([]);
    expect(await createMigrator(from, to.namespace("with")).migrate({ history: true })).toMatchObject({ ok: true });
    expect(await to.history("with/a")).toHaveLength(1);
  });
});

describe("a dry run", () => {
  it("makes no write call, to the destination, the backup or the journal", async () => {
    const { from, to, source, destination } = await pair();
    const kept = new MapAdapter();
    for (let index = 0; index < 40; index++) await from.save(`k${index}`, index);
    await to.save("k1", "another");
    const calls = (adapter: MapAdapter) => writesOf(adapter).length;
    const before = [calls(source), calls(destination)];
    const journal = {
      read: () => {
        throw new Error("not even read");
      },
      append: () => Promise.reject(new Error("written")),
      clear: () => Promise.reject(new Error("cleared")),
    };
    for (const conflict of ["stop", "skip", "overwrite", "newer", "keep-both"] as const) {
      await using backup = await openStorage(kept);
      const report = await createMigrator(from, to).migrate({ dryRun: true, conflict, backup, journal });
      expect(report).toMatchObject({ dryRun: true, planned: { items: 40 }, verified: 0, backedUp: 0 });
      expect(report.conflicts).toEqual(conflict === "stop" ? ["k1"] : []);
      expect(report.copied + report.skipped).toBe(conflict === "stop" ? 39 : 40);
    }
    expect([calls(source), calls(destination), calls(kept)]).toEqual([...before, 0]);
  });
});

describe("limits", () => {
  it("let through so many bytes a second, in the copy and in the verification", async () => {
    const ports = new FakePorts();
    const from = await openStorage(new MapAdapter(), { ports });
    const to = await openStorage(new MapAdapter(), { ports });
    for (let index = 0; index < 10; index++) await from.save(`k${index}`, new Uint8Array(1_000));
    const began = ports.time;
    const report = await createMigrator(from, to).migrate({ bandwidth: 2_000, concurrency: 4 });
    expect(report).toMatchObject({ ok: true, verified: 10 });
    // 20,000 bytes in all, the last of which waits for those before it.
    expect(ports.time - began).toBeGreaterThanOrEqual(9_500);
    expect(ports.waits.length).toBeGreaterThan(10);
  });

  it("can be left while it waits for its turn", async () => {
    const from = await openStorage(new MapAdapter());
    const to = await openStorage(new MapAdapter());
    for (let index = 0; index < 3; index++) await from.save(`k${index}`, new Uint8Array(1_000));
    const controller = new AbortController();
    const migration = createMigrator(from, to).migrate({ bandwidth: 1, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(migration).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("keep so many items in flight and no more", async () => {
    const { from, to, source } = await pair();
    for (let index = 0; index < 50; index++) await from.save(`k${index}`, index);
    let [now, most] = [0, 0];
    const get = source.get.bind(source);
    source.get = async (...call) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return get(...call);
    };
    expect(await createMigrator(from, to).migrate({ concurrency: 3 })).toMatchObject({ ok: true, copied: 50 });
    expect(most).toBe(3);
  });
});

describe("a store that is out of reach", () => {
  it("costs single items, and ends the migration when it lasts", async () => {
    const destination = new MapAdapter();
    const from = await openStorage(new MapAdapter());
    const to = await openStorage(destination, { retry: false });
    for (let index = 100; index < 300; index++) await from.save(`k${index}`, index);
    const { batch, put } = destination;
    destination.batch = destination.put = async () => {
      throw new StorageError("UNAVAILABLE", "the network is away");
    };
    await expect(createMigrator(from, to).migrate()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    destination.batch = batch;
    destination.put = put;
    const call = destination.batch.bind(destination);
    destination.batch = async (writes, options) => {
      if (writes.length > 1) throw new StorageError("UNAVAILABLE", "for a moment");
      return call(writes, options);
    };
    expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: true, copied: 200, verified: 200 });
  });
});

describe("events", () => {
  it("tell of each conflict and failure, also beyond what the report lists", async () => {
    const { from, to } = await pair();
    for (const key of ["a", "b"]) await from.save(key, "source");
    await to.save("b", "destination");
    const events: MigrationEvent[] = [];
    const onEvent = async (event: MigrationEvent) => void events.push(event);
    await createMigrator(from, to).migrate({ onEvent });
    expect(events).toEqual([{ type: "conflict", key: "b" }]);
    events.length = 0;
    const backup = await openStorage(new MapAdapter());
    await createMigrator(from, to).migrate({ onEvent, conflict: "overwrite", backup });
    expect(events).toEqual([{ type: "backed-up", key: "b" }]);
    events.length = 0;
    await to.save("b", "destination");
    await createMigrator(from, to).migrate({ onEvent, conflict: "keep-both" });
    expect(events).toEqual([{ type: "kept-both", key: "b", as: "b~migrated" }]);
  });
});

describe("the caller's functions", () => {
  it("may be asynchronous filters, and answer true or false", async () => {
    const { from, to } = await pair();
    for (const key of ["a", "b"]) await from.save(key, key);
    expect(await createMigrator(from, to).migrate({ filter: async ({ key }) => key === "b" })).toMatchObject({
      ok: true,
      planned: { items: 1 },
    });
    expect(await keysOf(to)).toEqual(["b"]);
    const migration = createMigrator(from, to).migrate({ filter: (() => "yes") as never });
    await expect(migration).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("filter"),
    });
  });

  it.each(["progress", "onEvent", "filter", "transform"] as const)("end it when %s rejects", async (name) => {
    const { from, to } = await pair();
    await from.save("a", 1);
    await to.save("a", 2);
    const own = new Error("mine");
    const reject = () => Promise.reject(own);
    await expect(createMigrator(from, to).migrate({ [name]: reject })).rejects.toBe(own);
  });

  it("cannot begin from or into a view that is closed", async () => {
    const { from, to } = await pair();
    await from.save("n/a", 1);
    const view = from.namespace("n");
    const parent = from.namespace("m");
    const child = parent.namespace("x");
    await view.close();
    await parent.close();
    for (const [source, destination] of [
      [view, to],
      [to, view],
      [child, to],
    ] as const) {
      await expect(createMigrator(source, destination).migrate()).rejects.toMatchObject({ code: "CLOSED" });
    }
    const backup = to.namespace("backup");
    await backup.close();
    await expect(createMigrator(from, to.namespace("x")).migrate({ backup })).rejects.toMatchObject({ code: "CLOSED" });
    expect(await to.list()).toEqual([]);
  });
});
