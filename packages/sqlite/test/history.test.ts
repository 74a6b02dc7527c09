import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { turns } from "./support/manual-timers.js";
import { anyway, at, call, contextOf, NOW, noise, record, sameBytes, version } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

const MiB = 2 ** 20;
const KEEPING = contextOf({}, { versions: 5, age: Number.POSITIVE_INFINITY });

const put = async (adapter: FullAdapter, key: string, n: number, body?: Uint8Array) =>
  adapter.put(record(key, n, body === undefined ? {} : { body }), anyway, call);
const remove = (adapter: FullAdapter, key: string, n: number) =>
  adapter.delete(key, { version: version(n), expect: "any", now: NOW }, call);
const kept = async (adapter: FullAdapter, key: string) =>
  (await adapter.history.list(key, at)).map(({ header }) => header.version);

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function rows(path: string, table: string): unknown {
  return openRaw(path).prepare(`SELECT count(*) FROM ${table}`).pluck().get();
}

describe("previous versions", () => {
  it("come back by their version, whole and by stream, as does the one that stands", async () => {
    const adapter = await openAdapter({}, KEEPING);
    const bodies = [noise(0), noise(10), noise(MiB), noise(3 * MiB + 7), noise(20 * MiB)];
    for (const [n, body] of bodies.entries()) await put(adapter, "k", n + 1, body);
    for (const [n, body] of bodies.entries()) {
      const got = await adapter.history.get("k", version(n + 1), at);
      expect(got?.header).toMatchObject({ version: version(n + 1), size: body.byteLength });
      expect(sameBytes(got?.body, body)).toBe(true);
      const stream = await adapter.history.readStream?.("k", version(n + 1), at);
      expect(stream?.header).toEqual(got?.header);
      expect(sameBytes(stream && (await collect(stream.body)), body)).toBe(true);
    }
    expect(await adapter.history.get("k", version(9), at)).toBeUndefined();
    expect(await adapter.history.readStream?.("k", version(9), at)).toBeUndefined();
    expect((await adapter.info(at)).details["previousVersions"]).toBe(4);
    expect(await adapter.info(at)).toMatchObject({ items: 1, bytes: 20 * MiB });
  });

  it("are read a piece at a time, and to the end although they are dropped meanwhile", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path }, contextOf({}, { versions: 1, age: Number.POSITIVE_INFINITY }));
    await put(adapter, "k", 1, noise(5 * MiB));
    await put(adapter, "k", 2);
    const stream = await adapter.history.readStream?.("k", version(1), at);
    const pieces: number[] = [];
    for await (const piece of stream?.body ?? []) {
      if (pieces.push(piece.byteLength) === 1) {
        await put(adapter, "k", 3);
        await turns();
        expect(await adapter.history.get("k", version(1), at)).toBeUndefined();
        expect(rows(path, "chunks")).toBe(0);
      }
    }
    expect(pieces).toEqual(Array(5).fill(MiB));
  });

  it("are there or not, together with the write that replaces them", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver }, KEEPING);
    await put(adapter, "k", 1);
    driver.fault = failing("INSERT INTO feed", "SQLITE_IOERR_WRITE");
    await expect(put(adapter, "k", 2)).rejects.toMatchObject({ code: "SQLITE_IOERR_WRITE" });
    await expect(remove(adapter, "k", 3)).rejects.toMatchObject({ code: "SQLITE_IOERR_WRITE" });
    driver.fault = () => undefined;
    expect(await kept(adapter, "k")).toEqual([]);
    expect((await adapter.stat("k", at))?.version).toBe(version(1));
    expect(await adapter.maintain.check?.(call)).toEqual([]);
  });

  it("cost no statement where history is off", async () => {
    for (const history of [undefined, false] as const) {
      const driver = new FaultyDriver();
      const adapter = await openAdapter({ driver }, contextOf({}, history));
      await put(adapter, "k", 1);
      driver.calls.length = 0;
      await put(adapter, "k", 2);
      expect(driver.calls.map((sql) => sql.split(/\s+/).slice(0, 3).join(" "))).toEqual([
        "BEGIN IMMEDIATE",
        "SELECT value AS",
        "SELECT (SELECT max(id)",
        "SELECT i.key, i.version,",
        "SELECT (SELECT CAST(value",
        "SELECT terms, chunks",
        "UPDATE bodies SET",
        "UPDATE items SET",
        "INSERT INTO feed",
        "COMMIT",
      ]);
      driver.calls.length = 0;
      await remove(adapter, "k", 3);
      expect(driver.calls.filter((sql) => /history/.test(sql))).toEqual([]);
    }
  });

  it("are kept by each process as its own setting says", async () => {
    const path = temporaryPath();
    const keeping = await openAdapter({ path }, KEEPING);
    const other = await openAdapter({ path });
    const off = await openAdapter({ path }, contextOf({}, false));
    await put(keeping, "k", 1);
    await put(keeping, "k", 2);
    await put(other, "k", 3);
    await put(keeping, "k", 4);
    expect(await kept(other, "k")).toEqual([version(3), version(1)]);
    expect(await other.history.sweep("", at)).toBe(0);
    expect(await off.history.sweep("", at)).toBe(2);
    expect(await kept(keeping, "k")).toEqual([]);
  });
});

describe("a sweep of previous versions", () => {
  it("goes through all of them in several transactions, and frees their chunks", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver }, KEEPING);
    await Promise.all(Array.from({ length: 600 }, (_, n) => put(adapter, `k${n}`, n + 1)));
    await put(adapter, "large", 700, noise(30 * MiB));
    await Promise.all(Array.from({ length: 600 }, (_, n) => remove(adapter, `k${n}`, n + 1_000)));
    await remove(adapter, "large", 2_000);
    const before = driver.count("COMMIT");
    expect(await adapter.history.sweep("", at)).toBe(601);
    expect(driver.count("COMMIT") - before).toBeGreaterThanOrEqual(3);
    await turns();
    await adapter.close();
    for (const table of ["history", "bodies", "chunks", "staging"]) expect(rows(path, table), table).toBe(0);
  });

  it("ends when its signal fires", async () => {
    const adapter = await openAdapter({}, KEEPING);
    await put(adapter, "k", 1);
    await remove(adapter, "k", 2);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(adapter.history.sweep("", { ...at, signal })).rejects.toThrow("enough");
    expect(await kept(adapter, "k")).toEqual([version(1)]);
  });

  it("overwrites what it drops, in row and in chunks", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path }, KEEPING);
    const secret = new TextEncoder().encode("top secret words ".repeat(100));
    const large = new Uint8Array(MiB + 100).fill(0x51);
    large.set(secret, MiB / 2);
    await adapter.put(record("small", 1, { body: secret, metadata: { note: "hidden note" } }), anyway, call);
    await put(adapter, "small", 2);
    await put(adapter, "large", 3, large);
    await remove(adapter, "large", 4);
    await adapter.close();
    const holds = (text: string) => readFileSync(path).includes(text);
    expect([holds("top secret words"), holds("hidden note")]).toEqual([true, true]);
    await adapter.open(contextOf({}, false));
    expect(await adapter.history.sweep("", at)).toBe(2);
    await turns();
    await adapter.close();
    expect([holds("top secret words"), holds("hidden note")]).toEqual([false, false]);
  });
});
