import { createMigrator, openStorage, type Progress, type StorageEngine } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";

async function pair(): Promise<{
  from: StorageEngine;
  to: StorageEngine;
  source: MapAdapter;
  destination: MapAdapter;
}> {
  const source = new MapAdapter();
  const destination = new MapAdapter();
  return { from: await openStorage(source), to: await openStorage(destination), source, destination };
}

async function fill(storage: StorageEngine, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await storage.save(`k/${index}`, { index }, { tags: ["t"], metadata: { index }, compress: index % 2 === 0 });
  }
}

describe("createMigrator", () => {
  it("moves headers and bytes whole, versions and times included, and verifies them", async () => {
    const { from, to } = await pair();
    await fill(from, 2_500);
    await from.save("blob", new Uint8Array([1, 2, 3]), { expiration: new Date(Date.now() + 3_600_000) });
    await from.save("text.yaml", { a: "yes" }, { format: "yaml" });
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({
      ok: true,
      dryRun: false,
      copied: 2_502,
      verified: 2_502,
      conflicts: [],
      failures: [],
    });
    expect(report.planned.items).toBe(2_502);
    expect(await to.list()).toEqual(await from.list());
    expect(await to.load("text.yaml")).toEqual({ a: "yes" });
  });

  it("copies nothing twice", async () => {
    const { from, to } = await pair();
    await fill(from, 20);
    await createMigrator(from, to).migrate();
    expect(await createMigrator(from, to).migrate()).toMatchObject({
      ok: true,
      copied: 0,
      unchanged: 20,
      verified: 20,
    });
  });

  it("gives a new version where a later deletion stands, an old one where the key was never used", async () => {
    const { from, to } = await pair();
    const { version } = await from.save("a", 1);
    await to.save("a", "other");
    await to.delete("a");
    await createMigrator(from, to).migrate();
    const moved = await to.stat("a");
    expect((moved?.version ?? "") > version).toBe(true);
  });

  it("does not keep a version from a clock gone wild", async () => {
    const wild = new FakePorts();
    wild.time = Date.UTC(2150, 0, 1);
    const from = await openStorage(new MapAdapter(), { ports: wild });
    const to = await openStorage(new MapAdapter());
    const { version } = await from.save("a", 1);
    expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: true, copied: 1, verified: 1 });
    expect(((await to.stat("a"))?.version ?? "~") < version).toBe(true);
  });

  it("maps namespaces onto each other", async () => {
    const { from, to } = await pair();
    await from.save("old/a", 1);
    await from.save("other", 2);
    await createMigrator(from.namespace("old"), to.namespace("new/home")).migrate();
    expect((await to.list()).map(({ key }) => key)).toEqual(["new/home/a"]);
  });

  it("refuses to move a place onto itself", async () => {
    const { from } = await pair();
    await expect(createMigrator(from, from).migrate()).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(createMigrator(from, from.namespace("a")).migrate()).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await createMigrator(from.namespace("a"), from.namespace("b")).migrate()).toMatchObject({ ok: true });
  });

  describe("where the destination holds something else", () => {
    async function conflicting() {
      const both = await pair();
      await both.from.save("a", "source");
      await both.from.save("b", "source");
      await both.to.save("b", "destination");
      return both;
    }

    it("stops before it copies anything, and says where", async () => {
      const { from, to } = await conflicting();
      expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: false, copied: 0, conflicts: ["b"] });
      expect(await to.list()).toHaveLength(1);
    });

    it("skips, when told to", async () => {
      const { from, to } = await conflicting();
      const report = await createMigrator(from, to).migrate({ conflict: "skip" });
      expect(report).toMatchObject({ ok: true, copied: 1, skipped: 1, verified: 1 });
      expect(await to.load("b")).toBe("destination");
    });

    it("overwrites, when told to, with a version above the one that stood", async () => {
      const { from, to } = await conflicting();
      const before = await to.stat("b");
      expect(await createMigrator(from, to).migrate({ conflict: "overwrite" })).toMatchObject({
        ok: true,
        copied: 2,
        verified: 2,
      });
      expect(await to.load("b")).toBe("source");
      expect(((await to.stat("b"))?.version ?? "") > (before?.version ?? "")).toBe(true);
    });

    it("keeps the newer, when told to", async () => {
      const ports = new FakePorts();
      const from = await openStorage(new MapAdapter(), { ports });
      const to = await openStorage(new MapAdapter(), { ports });
      for (const [key, first, second] of [
        ["x", from, to],
        ["y", to, from],
      ] as const) {
        await first.save(key, "older");
        ports.time += 10;
        await second.save(key, "newer");
      }
      expect(await createMigrator(from, to).migrate({ conflict: "newer" })).toMatchObject({
        ok: true,
        copied: 1,
        skipped: 1,
      });
      expect([await to.load("x"), await to.load("y")]).toEqual(["newer", "newer"]);
    });
  });

  it("writes nothing in a dry run, and tells what it would do", async () => {
    const { from, to, destination } = await pair();
    await fill(from, 30);
    const report = await createMigrator(from, to).migrate({ dryRun: true });
    expect(report).toMatchObject({ ok: true, dryRun: true, copied: 30, verified: 0 });
    expect(destination.calls.filter((call) => /^(put|delete|batch)/.test(call))).toEqual([]);
  });

  it("copies only what the prefix and the filter let through", async () => {
    const { from, to } = await pair();
    await fill(from, 12);
    const report = await createMigrator(from, to).migrate({
      prefix: "k/1",
      filter: ({ metadata }) => metadata["index"] !== 11,
    });
    expect(report.planned.items).toBe(2);
    expect((await to.list()).map(({ key }) => key)).toEqual(["k/1", "k/10"]);
  });

  it("finds what the destination damaged", async () => {
    const { from, to, destination } = await pair();
    await fill(from, 10);
    const get = destination.get.bind(destination);
    destination.get = async (key, options) => {
      const record = await get(key, options);
      if (key === "k/7") record?.body.fill(0);
      return record;
    };
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, copied: 10, verified: 9, failures: [{ key: "k/7", code: "CORRUPT" }] });
  });

  it("lists an item that is damaged in the source, copies the others and leaves no damaged copy", async () => {
    const { from, to, source } = await pair();
    await fill(from, 10);
    source.records.get("k/3")?.body.fill(0);
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, copied: 9, verified: 9, failures: [{ key: "k/3", code: "CORRUPT" }] });
    expect(await to.exists("k/3")).toBe(false);
  });

  it("reports progress with totals, ending complete", async () => {
    const { from, to } = await pair();
    await fill(from, 50);
    const seen: Progress[] = [];
    await createMigrator(from, to).migrate({ progress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(["plan", "copy", "verify"]);
    for (const phase of ["copy", "verify"]) {
      expect(seen.findLast((progress) => progress.phase === phase)).toMatchObject({ items: 50, totalItems: 50 });
    }
  });

  it("stops when its signal fires, and can be run again", async () => {
    const { from, to } = await pair();
    await fill(from, 100);
    const controller = new AbortController();
    const migration = createMigrator(from, to).migrate({
      signal: controller.signal,
      concurrency: 1,
      filter: ({ key }) => {
        if (key === "k/50") controller.abort();
        return true;
      },
    });
    await expect(migration).rejects.toMatchObject({ code: "ABORTED" });
    expect(await createMigrator(from, to).migrate()).toMatchObject({ ok: true, verified: 100 });
  });

  it.each([
    { conflict: "merge" },
    { concurrency: 0 },
    { concurrency: 1.5 },
    { concurrency: 1_001 },
    { validate: 1 },
    { dryrun: true },
    { filter: "a" },
  ])("refuses %j", async (options) => {
    const { from, to } = await pair();
    await expect(createMigrator(from, to).migrate(options as never)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  it("takes a thousand at once, and no more", async () => {
    const { from, to } = await pair();
    await fill(from, 3);
    expect(await createMigrator(from, to).migrate({ concurrency: 1_000 })).toMatchObject({ ok: true, copied: 3 });
  });

  it("lets an error of the caller's filter out as it is", async () => {
    const { from, to } = await pair();
    await fill(from, 3);
    const own = new Error("mine");
    const filter = () => {
      throw own;
    };
    await expect(createMigrator(from, to).migrate({ filter })).rejects.toBe(own);
  });
});
