import { createMigrator, openStorage, type RecordHeader, type StorageEngine } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

async function pair() {
  const source = new RememberingAdapter();
  const destination = new RememberingAdapter();
  return { source, destination, from: await openStorage(source), to: await openStorage(destination) };
}

/** Calls `work` once, before the first time that an adapter's method is called for the `at`-th time. */
function before(
  adapter: MapAdapter,
  method: "get" | "batch" | "stat" | "list",
  at: number,
  work: () => Promise<unknown>,
): void {
  const call = adapter[method].bind(adapter) as (...args: unknown[]) => Promise<never>;
  let calls = 0;
  adapter[method] = (async (...args: unknown[]) => {
    if (++calls === at) await work();
    return call(...args);
  }) as never;
}

/** But for versions: what replaces an earlier copy gets a new one. */
async function same(a: StorageEngine, b: StorageEngine): Promise<void> {
  const headers = async (storage: StorageEngine) => (await storage.list()).map((item) => ({ ...item, version: "" }));
  expect(await headers(b)).toEqual(await headers(a));
  for (const { key } of await a.list()) expect(await b.load(key)).toEqual(await a.load(key));
}

describe("injected damage in the destination", () => {
  const damages: [
    string,
    (header: { -readonly [N in keyof RecordHeader]: RecordHeader[N] }, body: Uint8Array) => void,
  ][] = [
    ["a bit of the body", (_, body) => body.set([(body[0] ?? 0) ^ 1])],
    [
      "version",
      (header) =>
        Object.assign(header, { version: header.version.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) }),
    ],
    ["created", (header) => header.created--],
    ["modified", (header) => header.modified++],
    ["expiration", (header) => Object.assign(header, { expiration: (header.expiration ?? 0) + 1 })],
    ["no expiration", (header) => Object.assign(header, { expiration: null })],
    ["tags", (header) => Object.assign(header, { tags: header.tags.slice(1) })],
    ["metadata", (header) => Object.assign(header, { metadata: { n: 8 } })],
    [
      "checksum",
      (header) =>
        Object.assign(header, { checksum: header.checksum.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }),
    ],
    ["format", (header) => Object.assign(header, { format: "yaml" })],
    ["size", (header) => header.size++],
    ["compression", (header) => Object.assign(header, { compression: "gzip" })],
    ["schema", (header) => Object.assign(header, { schema: "other@1.0" })],
    ["a property of later versions", (header) => Object.assign(header, { later: 1 })],
  ];

  it.each(damages)("is found every time: %s", async (_name, damage) => {
    for (const conflict of ["stop", "overwrite", "skip", "newer", "keep-both"] as const) {
      const { from, to, destination } = await pair();
      const options = { tags: ["a", "b"], metadata: { n: 7 }, expiration: new Date(Date.now() + 3_600_000) };
      for (let index = 0; index < 5; index++) await from.save(`k${index}`, { index }, options);
      const put = destination.batch.bind(destination);
      destination.batch = async (...call) => {
        const outcome = await put(...call);
        const record = destination.records.get("k3");
        if (record !== undefined) damage(record.header, record.body);
        return outcome;
      };
      expect(await createMigrator(from, to).migrate({ conflict }), conflict).toMatchObject({
        ok: false,
        copied: 5,
        verified: 4,
        failures: [{ key: "k3", code: "CORRUPT" }],
      });
    }
  });

  it("is found where an item has gone", async () => {
    const { from, to, destination } = await pair();
    await from.save("a", 1);
    before(destination, "get", 1, async () => destination.records.delete("a"));
    expect(await createMigrator(from, to).migrate()).toMatchObject({
      ok: false,
      failures: [{ key: "a", code: "NOT_FOUND" }],
    });
  });
});

/** Flips a bit of a body, whose header stays as it is. */
function damage(adapter: MapAdapter, key: string): void {
  const body = adapter.records.get(key)?.body;
  if (body?.[0] === undefined) throw new Error(`nothing is stored under ${key}`);
  body[0] ^= 1;
}

describe("a damaged body under a header that is as it should be", () => {
  it.each(["stop", "skip", "newer", "overwrite", "keep-both"] as const)(
    "is written anew by the next run, under %s",
    async (conflict) => {
      const { from, to, source, destination } = await pair();
      const backup = await openStorage(new MapAdapter());
      for (const key of ["a", "b", "c"]) await from.save(key, { key }, { tags: ["t"], metadata: { n: 1 } });
      expect(await createMigrator(from, to).migrate({ conflict })).toMatchObject({ ok: true, copied: 3 });
      damage(destination, "b");
      const report = await createMigrator(from, to).migrate({ conflict, backup });
      expect(report).toMatchObject({ ok: true, copied: 1, unchanged: 2, verified: 3, backedUp: 0, failures: [] });
      await same(from, to);
      expect((await to.stat("b"))?.version).not.toBe(source.records.get("b")?.header.version);
      expect(await createMigrator(from, to).migrate({ conflict })).toMatchObject({ ok: true, unchanged: 3 });
    },
  );

  it("is written anew beside its previous versions, which stay", async () => {
    const destination = new RememberingAdapter();
    const [from, to] = [
      await openStorage(new RememberingAdapter(), { history: true }),
      await openStorage(destination, { history: true }),
    ];
    for (const value of [1, 2, 3]) await from.save("a", { value });
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({ ok: true });
    damage(destination, "a");
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({ ok: true, copied: 1 });
    expect(await to.load("a")).toEqual({ value: 3 });
    const [, second, first] = await to.history("a");
    expect(await to.load("a", { version: second?.version })).toEqual({ value: 2 });
    expect(await to.load("a", { version: first?.version })).toEqual({ value: 1 });
    expect(await createMigrator(from, to).migrate({ history: true })).toMatchObject({ ok: true, unchanged: 1 });
  });

  it("is counted as saved meanwhile where it was, and not as found in the first place", async () => {
    const { from, to, source, destination } = await pair();
    await from.save("a", 1);
    before(source, "get", 1, async () => {
      await from.save("b", 2);
      await createMigrator(from, to).migrate({ prefix: "b" });
      damage(destination, "b");
    });
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: true, copied: 1, unchanged: 0, changed: { saved: 1 }, verified: 2 });
    expect(await to.load("b")).toBe(2);
  });

  it("is counted as written anew where it was found, also when it was saved meanwhile as it had been", async () => {
    const { from, to, source, destination } = await pair();
    await from.save("a", 1);
    await from.save("b", 2);
    await createMigrator(from, to).migrate({ prefix: "a" });
    damage(destination, "a");
    // The feed tells of it, and nothing is different.
    before(source, "get", 1, async () => {
      const told = source.entries.filter(({ key }) => key === "a");
      source.entries.push(...told.map((entry) => ({ ...entry, cursor: `c${source.entries.length + 1}` })));
    });
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: true, copied: 2, unchanged: 0, changed: { saved: 0 }, verified: 2 });
  });

  it("stays, and is listed, where the source cannot be read either, or nothing is verified", async () => {
    const { from, to, source, destination } = await pair();
    await from.save("a", { n: 1 });
    await createMigrator(from, to).migrate();
    damage(destination, "a");
    const before = structuredClone(destination.records.get("a"));
    expect(await createMigrator(from, to).migrate({ validate: false })).toMatchObject({ ok: true, unchanged: 1 });
    damage(source, "a");
    expect(await createMigrator(from, to).migrate()).toMatchObject({
      ok: false,
      copied: 0,
      unchanged: 1,
      failures: [{ key: "a", code: "CORRUPT" }],
    });
    expect(destination.records.get("a")).toEqual(before);
  });
});

describe("a source that changes meanwhile", () => {
  it("is caught up with: new, changed and deleted items, before they were passed and after", async () => {
    for (const at of [1, 20, 40, 41, 60]) {
      const { from, to, source } = await pair();
      for (let index = 10; index < 60; index++) await from.save(`k${index}`, index);
      before(source, "get", at, async () => {
        for (const key of ["k10", "k30", "k59"]) await from.save(key, "changed");
        for (const key of ["k11", "k31", "k58"]) await from.delete(key);
        for (const key of ["a", "k305", "z"]) await from.save(key, "new");
      });
      const report = await createMigrator(from, to).migrate({ concurrency: 1 });
      expect(report, `at read ${at}`).toMatchObject({ ok: true, conflicts: [], failures: [] });
      if (at <= 50) expect(report.changed.saved + report.changed.deleted).toBeGreaterThan(0);
      if (at <= 50) await same(from, to);
    }
  });

  it("is caught up with also while it is verified", async () => {
    const { from, to, destination } = await pair();
    for (let index = 10; index < 60; index++) await from.save(`k${index}`, index);
    before(destination, "get", 25, async () => {
      await from.save("k10", "changed behind the place");
      await from.save("k50", "changed ahead of it");
      await from.delete("k20");
      await from.delete("k51");
      await from.save("z", "new");
    });
    const report = await createMigrator(from, to).migrate({ concurrency: 1 });
    expect(report).toMatchObject({ ok: true, failures: [], changed: { saved: 3, deleted: 2, pending: false } });
    await same(from, to);
  });

  it("is left when it never rests, and that is said", async () => {
    const { from, to, source } = await pair();
    await from.save("a", 0);
    let count = 0;
    const changes = source.changes.bind(source);
    source.changes = async (...call) => {
      const page = await changes(...call);
      await from.save("a", ++count);
      return page;
    };
    await from.save("a", "first");
    before(source, "get", 1, () => from.save("a", ++count));
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, changed: { pending: true } });
    expect(count).toBeLessThan(100);
  });

  it("leaves alone what somebody else wrote in the destination, and what it never touched", async () => {
    const { from, to, source, destination } = await pair();
    for (const key of ["a", "b", "c"]) await from.save(key, "source");
    before(source, "get", 3, async () => {
      for (const key of ["a", "b", "c"]) await from.delete(key);
      await from.save("x", "new in the source");
    });
    await to.save("x", "the destination's own");
    before(destination, "stat", 1, () => to.save("a", "somebody else's"));
    const report = await createMigrator(from, to).migrate({ concurrency: 1 });
    expect(report.conflicts).toEqual(["x"]);
    expect((await to.list()).map(({ key }) => key)).toEqual(["a", "x"]);
    expect([await to.load("a"), await to.load("x")]).toEqual(["somebody else's", "the destination's own"]);
  });

  it("is gone over once more when its feed does not reach back", async () => {
    const { from, to, source } = await pair();
    for (let index = 10; index < 40; index++) await from.save(`k${index}`, index);
    before(source, "get", 25, async () => {
      await from.save("k10", "changed");
      source.forgotten = source.entries.length;
    });
    const report = await createMigrator(from, to).migrate({ concurrency: 1 });
    expect(report).toMatchObject({ ok: true, verified: 30 });
    await same(from, to);
  });

  it("ends also with a feed that never reaches back, and says that it is not known what changed", async () => {
    const { from, to, source } = await pair();
    await from.save("a", 1);
    let cursor = 0;
    source.changes = async () => ({ outcome: "resync" });
    source.lastCursor = async () => `c${++cursor}`;
    before(source, "get", 1, () => from.save("b", 2));
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, changed: { pending: true }, failures: [], verified: 2 });
    expect(await to.load("b")).toBe(2);
  });

  it("is told of as failures where it has no feed, and mended by the next run", async () => {
    const source = new MapAdapter();
    const from = await openStorage(source);
    const to = await openStorage(new MapAdapter());
    for (let index = 10; index < 40; index++) await from.save(`k${index}`, index);
    before(source, "get", 25, () => from.save("k10", "changed"));
    const first = await createMigrator(from, to).migrate({ concurrency: 1, conflict: "overwrite" });
    expect(first).toMatchObject({ ok: false, failures: [{ key: "k10", code: "CORRUPT" }] });
    expect(first.failures[0]?.message).toContain("or the source, was changed meanwhile");
    expect(await createMigrator(from, to).migrate({ conflict: "overwrite" })).toMatchObject({
      ok: true,
      copied: 1,
      unchanged: 29,
    });
  });
});

describe("a destination that changes meanwhile", () => {
  it("is decided on again, and never overwritten unseen", async () => {
    const { from, to, destination } = await pair();
    for (const key of ["a", "b"]) await from.save(key, "source");
    before(destination, "batch", 1, () => to.save("b", "somebody else's"));
    expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: false, copied: 1, conflicts: ["b"] });
    expect([await to.load("a"), await to.load("b")]).toEqual(["source", "somebody else's"]);
  });

  it("keeps what became newer just before it would have been replaced", async () => {
    for (const single of [false, true]) {
      const ports = new FakePorts();
      const destination = new RememberingAdapter();
      if (single) Object.assign(destination, { capabilities: { ...destination.capabilities, batch: "none" } });
      const [from, to] = [await openStorage(new MapAdapter(), { ports }), await openStorage(destination, { ports })];
      await to.save("a", "old");
      ports.time += 10;
      await from.save("a", "newer");
      ports.time += 10;
      const write = single ? "put" : "batch";
      const call = destination[write].bind(destination) as (...args: unknown[]) => Promise<never>;
      let first = true;
      destination[write] = (async (...args: unknown[]) => {
        if (first) {
          first = false;
          await to.save("a", "newest");
        }
        return call(...args);
      }) as never;
      expect(await createMigrator(from, to).migrate({ conflict: "newer" })).toMatchObject({
        ok: true,
        copied: 0,
        skipped: 1,
      });
      expect(await to.load("a")).toBe("newest");
    }
  });

  it("does not stop a batch whose answer was lost", async () => {
    const { from, to, destination } = await pair();
    for (const key of ["a", "b"]) await from.save(key, "source");
    const batch = destination.batch.bind(destination);
    destination.batch = async (...call) => {
      await batch(...call);
      throw new Error("the answer was lost");
    };
    expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: true, unchanged: 2, verified: 2 });
  });
});
