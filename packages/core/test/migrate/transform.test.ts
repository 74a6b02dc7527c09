import { createMigrator, openStorage, StorageError, type Transform } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { MapAdapter } from "../support/map-adapter.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

async function pair() {
  const source = new MapAdapter();
  const destination = new MapAdapter();
  return { source, destination, from: await openStorage(source), to: await openStorage(destination) };
}

describe("a transform", () => {
  it("renames, leaves out, and changes value, format, tags, metadata and expiration, each verified", async () => {
    const { from, to } = await pair();
    await from.save("old/a", { name: "a" }, { tags: ["x"], metadata: { n: 1 } });
    await from.save("old/b", { name: "b" }, { expiration: new Date(Date.now() + 3_600_000) });
    await from.save("old/c", "left out");
    await from.save("old/d", "as it is");
    await from.save("old/e", { many: "y".repeat(5_000) });
    const transform: Transform = async ({ key, tags }, load) => {
      const name = key.replace("old/", "new/");
      if (key === "old/a") return { key: name, tags: [...tags, "moved"], metadata: { n: 2 }, format: "yaml" };
      if (key === "old/b") return { key: name, expiration: null, data: { ...((await load()) as object), more: true } };
      if (key === "old/c") return null;
      return key === "old/e" ? { compress: true } : {};
    };
    const report = await createMigrator(from, to).migrate({ transform });
    expect(report).toMatchObject({ ok: true, planned: { items: 4 }, copied: 4, verified: 4 });
    expect((await to.list()).map(({ key }) => key)).toEqual(["new/a", "new/b", "old/d", "old/e"]);
    expect(await to.stat("new/a")).toMatchObject({ format: "yaml", tags: ["x", "moved"], metadata: { n: 2 } });
    expect(await to.load("new/a")).toEqual({ name: "a" });
    expect(await to.load("new/b")).toEqual({ name: "b", more: true });
    expect((await to.stat("new/b"))?.expiration).toBeUndefined();
    expect(await to.stat("old/e")).toMatchObject({ compressed: true });
    // Times stay; versions are new wherever something changed.
    for (const [before, after] of [
      ["old/a", "new/a"],
      ["old/b", "new/b"],
      ["old/d", "old/d"],
      ["old/e", "old/e"],
    ] as const) {
      const [old, moved] = [await from.stat(before), await to.stat(after)];
      expect([moved?.created, moved?.modified]).toEqual([old?.created, old?.modified]);
      expect(moved?.version === old?.version, after).toBe(before === "old/d");
    }
    expect(await createMigrator(from, to).migrate({ transform })).toMatchObject({ ok: true, copied: 0, unchanged: 4 });
  });

  it("keeps bytes for bytes when it gives other bytes, and another kind of value its own format", async () => {
    const { from, to } = await pair();
    await from.save("bytes", new Uint8Array([1, 2]));
    await from.save("json", { a: 1 });
    const transform: Transform = ({ key }) => ({ data: key === "bytes" ? { now: "json" } : new Uint8Array([3]) });
    expect(await createMigrator(from, to).migrate({ transform })).toMatchObject({ ok: true, verified: 2 });
    expect((await to.list()).map(({ key, format }) => [key, format])).toEqual([
      ["bytes", "json"],
      ["json", "binary"],
    ]);
  });

  it("is taken over by the index of a collection", async () => {
    const { from, to } = await pair();
    const options = { schema: z.object({ city: z.string() }), version: "1.0", index: ["city"] } as const;
    await from.collection("people", options).save("a", { city: "Paris" });
    const transform: Transform = async () => ({ data: { city: "Lyon" } });
    expect(await createMigrator(from, to).migrate({ transform })).toMatchObject({ ok: true });
    const people = to.collection("people", options);
    expect(await people.search({ where: { city: "Lyon" } })).toHaveLength(1);
    expect(await people.search({ where: { city: "Paris" } })).toEqual([]);
  });

  it("is not made to lose an item when two become one key", async () => {
    const { from, to } = await pair();
    for (let index = 0; index < 3; index++) await from.save(`k${index}`, index);
    const report = await createMigrator(from, to).migrate({ transform: () => ({ key: "one" }), conflict: "overwrite" });
    expect(report).toMatchObject({ ok: false, copied: 1, verified: 1 });
    expect(report.failures.map(({ code }) => code)).toEqual(["CONFLICT", "CONFLICT"]);
  });

  it("is not made to lose an item either when the second changes in the source afterwards", async () => {
    for (const conflict of ["stop", "overwrite"] as const) {
      const [from, destination] = [await openStorage(new RememberingAdapter()), new MapAdapter()];
      const to = await openStorage(destination);
      await from.save("x", "first");
      await from.save("y", "second");
      let changed = false;
      const transform: Transform = () => ({ key: "z" });
      const get = destination.get.bind(destination);
      // All was copied when the first is read back.
      destination.get = async (...call) => {
        if (!changed) await from.save("y", "second, changed");
        changed = true;
        return get(...call);
      };
      const report = await createMigrator(from, to).migrate({ transform, conflict, concurrency: 1 });
      expect(report).toMatchObject({ ok: false, copied: 1, changed: { saved: 0 } });
      expect(report.failures.map(({ key, code }) => [key, code])).toEqual([["y", "CONFLICT"]]);
      expect(changed).toBe(true);
      expect(await to.load("z")).toBe("first");
    }
  });

  it("is not made to lose an item to one that keeps its key", async () => {
    const { from, to } = await pair();
    await from.save("a", "renamed");
    await from.save("z", "as it is");
    const transform: Transform = ({ key }) => (key === "a" ? { key: "z" } : {});
    const report = await createMigrator(from, to).migrate({ transform, conflict: "overwrite", concurrency: 1 });
    expect(report).toMatchObject({ ok: false, copied: 1, failures: [{ key: "z", code: "CONFLICT" }] });
    expect(await to.load("z")).toBe("renamed");
  });

  it("lists an item that cannot be transformed, and moves the others", async () => {
    const { from, to, source } = await pair();
    for (const key of ["a", "b", "c", "d"]) await from.save(key, { key });
    source.records.get("c")?.body.fill(0);
    const transform: Transform = async ({ key }, load) => {
      if (key === "a") return { key: "a//b" };
      if (key === "b") return { data: Number.NaN };
      return { data: await load() };
    };
    const report = await createMigrator(from, to).migrate({ transform });
    expect(report).toMatchObject({ ok: false, copied: 1, verified: 1 });
    expect(report.failures.map(({ key, code }) => [key, code]).sort()).toEqual([
      ["a", "INVALID_KEY"],
      ["b", "INVALID_VALUE"],
      ["c", "CORRUPT"],
    ]);
    expect(await to.load("d")).toEqual({ key: "d" });
  });

  it.each([
    ["reported when it stays so", 9, { ok: false, verified: 1, failures: [{ key: "a", code: "UNAVAILABLE" }] }],
    ["looked at once more", 4, { ok: true, verified: 2, failures: [] }],
  ])("that fails only when the item is verified is %s", async (_name, failing, expected) => {
    const { from, to, source } = await pair();
    for (const key of ["a", "b"]) await from.save(key, { key });
    const get = source.get.bind(source);
    // In the plan, and when it is copied. A read is tried four times.
    let working = 2;
    let left = failing;
    source.get = async (key, options) => {
      if (key === "a" && working-- <= 0 && left-- > 0) throw new StorageError("UNAVAILABLE", "the line is down");
      return get(key, options);
    };
    const transform: Transform = async (_, load) => ({ data: { more: await load() } });
    expect(await createMigrator(from, to).migrate({ transform })).toMatchObject({ copied: 2, ...expected });
  });

  it.each([undefined, "key", true, { kye: "a" }])("ends it by returning %j", async (answer) => {
    const { from, to } = await pair();
    await from.save("a", 1);
    const migration = createMigrator(from, to).migrate({ transform: (() => answer) as never });
    await expect(migration).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await to.list()).toEqual([]);
  });
});
