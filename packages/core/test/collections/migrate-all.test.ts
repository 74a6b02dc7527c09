import { type Progress, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { failure, type Opened, open } from "./opened.js";

const schema = z.object({ n: z.number() });
const any = z.any();

/** From 0.9 over 1.0 to 2.0: n is negated, then doubled. */
const migrations = [
  { from: "0.9", to: "1.0", up: ({ m }: { m: number }) => ({ n: -m }), down: ({ n }: { n: number }) => ({ m: -n }) },
  {
    from: "1.0",
    to: "2.0",
    up: ({ n }: { n: number }) => ({ n: 2 * n }),
    down: ({ n }: { n: number }) => ({ n: n / 2 }),
  },
];

function things({ storage }: Opened, more: object = {}) {
  return storage.collection("things", { schema, version: "2.0", migrations, ...more });
}

/** Items of 0.9 (k0, k3, …), 1.0 (k1, …) and 2.0 (k2, …), all the same once upgraded. */
async function mixed(opened: Opened, count: number): Promise<void> {
  for (let place = 0; place < count; place++) {
    const [version, data] =
      [
        ["0.9", { m: -place }],
        ["1.0", { n: place }],
        ["2.0", { n: 2 * place }],
      ][place % 3] ?? [];
    await opened.storage.collection("things", { schema: any, version: String(version) }).save(`k${place}`, data);
  }
}

describe("migrateAll", () => {
  it("brings everything to the code's version, and reports it", async () => {
    const opened = await open();
    await mixed(opened, 30);
    await opened.storage.save("other", 1);
    const report = await things(opened).migrateAll();
    expect(report).toEqual({
      ok: true,
      dryRun: false,
      version: "2.0",
      items: 30,
      versions: { "0.9": 10, "1.0": 10, "2.0": 10 },
      migrated: 20,
      unchanged: 10,
      gone: 0,
      remaining: 0,
      failures: [],
      milliseconds: 0,
    });
    expect(await things(opened).status()).toEqual({
      name: "things",
      version: "2.0",
      items: 30,
      versions: { "2.0": 30 },
      current: 30,
    });
    for (let place = 0; place < 30; place++) {
      expect(await opened.storage.load(`things/k${place}`)).toEqual({ n: 2 * place });
    }
    expect(await things(opened).migrateAll()).toMatchObject({ migrated: 0, unchanged: 30 });
  });

  it("of nothing is done", async () => {
    expect(await things(await open()).migrateAll()).toMatchObject({ ok: true, items: 0, versions: {} });
  });

  it("writes nothing when it only tries", async () => {
    const opened = await open();
    await mixed(opened, 6);
    await opened.storage.save("things/raw", 1);
    const before = structuredClone(opened.adapter.records);
    const report = await things(opened).migrateAll({ dryRun: true });
    expect(report).toMatchObject({ ok: false, dryRun: true, migrated: 4, unchanged: 2, remaining: 1 });
    expect(opened.adapter.records).toEqual(before);
  });

  it("goes on behind items that fail, names them, and leaves them as they were", async () => {
    const opened = await open();
    await mixed(opened, 6);
    await opened.storage.save("things/raw", { n: 1 });
    await opened.storage.collection("things", { schema: any, version: "1.0" }).save("wrong", { n: "x" });
    await opened.storage.collection("things", { schema: any, version: "3.0" }).save("newer", { n: 1 });
    const report = await things(opened, { migrations }).migrateAll();
    expect(report).toMatchObject({
      ok: false,
      items: 9,
      migrated: 4,
      unchanged: 2,
      remaining: 3,
      versions: { "0.9": 2, "1.0": 3, "2.0": 2, "3.0": 1, unversioned: 1 },
    });
    expect(report.failures).toEqual([
      { key: "newer", code: "SCHEMA", message: expect.stringContaining("newer than the code's 2.0") },
      { key: "raw", code: "SCHEMA", message: expect.stringContaining("unversioned") },
      { key: "wrong", code: "SCHEMA", message: expect.stringContaining("$.n") },
    ]);
    expect(await opened.storage.stat("things/wrong")).toMatchObject({ schema: "things@1.0" });
  });

  it("goes on behind headers that are damaged, and names their items", async () => {
    const opened = await open();
    await mixed(opened, 9);
    const { list } = opened.adapter;
    opened.adapter.list = async (range, options) => {
      const page = await list.call(opened.adapter, range, options);
      const damaged = page.find(({ key }) => key === "things/k0" || key === "things/k4");
      if (damaged === undefined) return page;
      throw new StorageError("CORRUPT", "the header is damaged", { key: damaged.key });
    };
    const seen: Progress[] = [];
    const report = await things(opened).migrateAll({ progress: (progress) => seen.push(progress) });
    expect(report).toMatchObject({ ok: false, items: 9, migrated: 4, unchanged: 3, remaining: 2 });
    expect(report.versions).toEqual({ "0.9": 2, "1.0": 2, "2.0": 3 });
    expect(report.failures).toEqual([
      { key: "k0", code: "CORRUPT", message: "the header is damaged" },
      { key: "k4", code: "CORRUPT", message: "the header is damaged" },
    ]);
    expect(seen[0]).toMatchObject({ items: 0, totalItems: 9 });
    expect(seen.at(-1)).toMatchObject({ items: 9, totalItems: 9 });
    opened.adapter.list = async () => {
      throw new StorageError("CORRUPT", "the store is damaged");
    };
    expect(await failure(things(opened).migrateAll())).toMatchObject({ code: "CORRUPT" });
  });

  it("counts versions that are written otherwise and are the same as one, as the code writes them", async () => {
    const opened = await open();
    for (const [place, version] of ["2", "2.0", "2.0.0", "1", "1.0.0", "0.9.0", "3", "3.0"].entries()) {
      await opened.storage.collection("things", { schema: any, version }).save(`k${place}`, { n: 1, m: 1 });
    }
    await opened.storage.collection("other", { schema: any, version: "2" }).save("a", 1);
    const versions = { "2.0": 3, "1.0": 2, "0.9": 1, "3": 1, "3.0": 1 };
    expect(await things(opened).status()).toMatchObject({ versions, current: 3 });
    expect(await things(opened).migrateAll()).toMatchObject({ versions, unchanged: 3, migrated: 3 });
  });

  it("brings newer items down only when told to", async () => {
    const opened = await open();
    await mixed(opened, 6);
    const old = opened.storage.collection("things", { schema, version: "1.0", migrations });
    const report = await old.migrateAll();
    expect(report).toMatchObject({ ok: false, migrated: 2, unchanged: 2, remaining: 2 });
    expect(report.failures[0]).toMatchObject({ key: "k2", message: expect.stringContaining('"down: true"') });
    expect(await old.migrateAll({ down: true })).toMatchObject({ ok: true, migrated: 2, unchanged: 4 });
    for (let place = 0; place < 6; place++) expect(await opened.storage.load(`things/k${place}`)).toEqual({ n: place });
  });

  it("tells how far it is", async () => {
    const opened = await open();
    await mixed(opened, 5);
    const seen: Progress[] = [];
    await things(opened).migrateAll({ progress: (progress) => seen.push(progress) });
    expect(seen[0]).toMatchObject({ phase: "migrate", items: 0, totalItems: 5 });
    expect(seen.at(-1)).toMatchObject({ phase: "migrate", items: 5, totalItems: 5 });
    const progress = () => {
      throw new Error("own");
    };
    expect(await failure(things(opened).migrateAll({ progress }))).toMatchObject({ message: "own" });
  });

  it("keeps no more items in flight than it was told", async () => {
    const opened = await open();
    await mixed(opened, 12);
    let [inFlight, most] = [0, 0];
    const up = async (data: unknown) => {
      most = Math.max(most, ++inFlight);
      await new Promise(setImmediate);
      inFlight--;
      return data;
    };
    const slow = [
      { from: "0.9", to: "1.0", up: ({ m }: { m: number }) => ({ n: -m }) },
      { from: "1.0", to: "2.0", up },
    ];
    await things(opened, { migrations: slow }).migrateAll({ concurrency: 3 });
    expect(most).toBe(3);
  });

  it("reads again what somebody else wrote in between", async () => {
    const opened = await open();
    await mixed(opened, 3);
    const other = opened.storage.collection("things", { schema: any, version: "1.0" });
    let left = 3;
    const up = async ({ n }: { n: number }) => {
      if (left-- > 0) await other.save("k1", { n: 10 + left });
      return { n: 2 * n };
    };
    const racing = [migrations[0], { from: "1.0", to: "2.0", up }];
    const report = await things(opened, { migrations: racing }).migrateAll({ concurrency: 1 });
    expect(report).toMatchObject({ ok: true, migrated: 2 });
    expect(await opened.storage.load("things/k1")).toEqual({ n: 20 });
  });

  it("counts what is gone before its turn", async () => {
    const opened = await open();
    await mixed(opened, 3);
    const get = opened.adapter.get.bind(opened.adapter);
    vi.spyOn(opened.adapter, "get").mockImplementationOnce(async (key, options) => {
      await opened.storage.delete("things/k0");
      return get(key, options);
    });
    expect(await things(opened).migrateAll({ concurrency: 1 })).toMatchObject({ ok: true, gone: 1, migrated: 1 });
  });

  it("ends at once on what no other item could escape", async () => {
    for (const code of ["QUOTA_EXCEEDED", "UNAUTHORIZED"] as const) {
      const opened = await open({ retry: false });
      await mixed(opened, 9);
      const put = vi.spyOn(opened.adapter, "put").mockRejectedValue(new StorageError(code, "no"));
      expect(await failure(things(opened).migrateAll({ concurrency: 1 }))).toMatchObject({ code });
      expect(put).toHaveBeenCalledOnce();
    }
  });

  it("stops at its signal, and goes on from there when it is run again", async () => {
    const opened = await open();
    await mixed(opened, 30);
    const controller = new AbortController();
    let turns = 0;
    const up = ({ n }: { n: number }) => {
      if (++turns === 7) controller.abort();
      return { n: 2 * n };
    };
    const stopping = [migrations[0], { from: "1.0", to: "2.0", up }];
    const all = things(opened, { migrations: stopping });
    const error = await failure(all.migrateAll({ signal: controller.signal, concurrency: 2 }));
    expect(error).toMatchObject({ code: "ABORTED" });
    const { current } = await all.status();
    expect(current).toBeGreaterThan(10);
    expect(current).toBeLessThan(20);
    expect(await all.migrateAll()).toMatchObject({ ok: true, unchanged: current, migrated: 30 - current });
    for (let place = 0; place < 30; place++) {
      expect(await opened.storage.load(`things/k${place}`)).toEqual({ n: 2 * place });
    }
  });
});
