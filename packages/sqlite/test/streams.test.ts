import { existsSync, readFileSync } from "node:fs";
import type { BodyWriter, RecordHeader } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { ManualTimers, turns } from "./support/manual-timers.js";
import { anyway, at, call, contextOf, NOW, noise, record, sameBytes } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

const MiB = 2 ** 20;

async function write(writer: BodyWriter, bytes: Uint8Array, piece: number): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; offset += piece)
    await writer.write(bytes.subarray(offset, offset + piece));
}

async function save(adapter: FullAdapter, key: string, n: number, body: Uint8Array): Promise<RecordHeader> {
  const writer = await adapter.writeStream(key, call);
  await write(writer, body, 300_001);
  const { body: _, ...bodiless } = record(key, n, { body, chunkHashes: noise(64, n) });
  await writer.commit(bodiless, anyway);
  return bodiless.header;
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function rows(path: string, table: string): number {
  const database = openRaw(path);
  try {
    return database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  } finally {
    database.close();
  }
}

describe("a body that is written in pieces", () => {
  it.each([0, 1, MiB - 1, MiB, MiB + 1, 3 * MiB, 3 * MiB + 7])(
    "of %d bytes comes back whole, by get and by stream",
    async (size) => {
      const adapter = await openAdapter();
      const body = noise(size);
      const header = await save(adapter, "k", 1, body);
      const got = await adapter.get("k", at);
      expect(got?.header).toEqual(header);
      expect(sameBytes(got?.body, body)).toBe(true);
      const stream = await adapter.readStream("k", at);
      expect(stream?.header).toEqual(header);
      expect(stream?.chunkHashes).toEqual(noise(64, 1));
      expect(sameBytes(stream && (await collect(stream.body)), body)).toBe(true);
    },
  );

  it("is the same whichever way it went in; above 16 MiB a put takes several transactions", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    for (const [size, transactions] of [
      [10, 1],
      [2 * MiB, 1],
      [17 * MiB, 17],
    ] as const) {
      const body = noise(size);
      const each = record(`k${size}`, 1, { body });
      const before = driver.count("BEGIN IMMEDIATE");
      expect(await adapter.put(each, anyway, call)).toEqual({ outcome: "written", header: each.header });
      expect(driver.count("BEGIN IMMEDIATE") - before).toBe(transactions);
      expect(sameBytes((await adapter.get(`k${size}`, at))?.body, body)).toBe(true);
    }
  });

  it("holds no more than a chunk in memory, whatever the size of a piece", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    const writer = await adapter.writeStream("k", call);
    await writer.write(noise(5 * MiB));
    expect(rows(path, "chunks")).toBe(4);
    await writer.abort();
  });

  it("is not seen, and neither replaces nor hides anything, before its commit", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await adapter.put(record("k", 1), anyway, call);
    const writer = await adapter.writeStream("k", call);
    await write(writer, noise(2 * MiB), MiB);
    expect((await adapter.get("k", at))?.body).toEqual(record("k", 1).body);
    expect((await adapter.info(at)).items).toBe(1);
    await adapter.close();
    await adapter.open(contextOf());
    expect((await adapter.get("k", at))?.body).toEqual(record("k", 1).body);
  });

  it("leaves nothing when it is given up, refused, or put in steps and refused", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await adapter.put(record("k", 9), anyway, call);
    const given = await adapter.writeStream("k", call);
    await given.write(noise(3 * MiB));
    await given.abort();
    await given.abort();
    const refused = record("k", 8, { body: noise(17 * MiB) });
    expect(await adapter.put(refused, anyway, call)).toMatchObject({ outcome: "stale" });
    const controller = new AbortController();
    const stopped = adapter.put(record("k", 10, { body: noise(17 * MiB) }), anyway, { signal: controller.signal });
    controller.abort(new Error("stop"));
    await expect(stopped).rejects.toThrow("stop");
    await adapter.maintain.compact?.(call);
    for (const [table, expected] of [
      ["items", 1],
      ["bodies", 1],
      ["chunks", 0],
      ["staging", 0],
    ] as const) {
      expect(rows(path, table), table).toBe(expected);
    }
  });

  it("that is large is freed in steps after its deletion, between which others write", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver });
    await save(adapter, "k", 1, noise(40 * MiB));
    const before = driver.count("DELETE FROM chunks");
    await adapter.delete("k", { version: record("k", 2).header.version, expect: "any", now: NOW }, call);
    expect(rows(path, "chunks")).toBe(40);
    for (let n = 3; n < 9; n++) await adapter.put(record("other", n), anyway, call);
    expect(driver.count("DELETE FROM chunks") - before).toBe(3);
    expect(rows(path, "chunks")).toBe(0);
    expect(rows(path, "bodies")).toBe(1);
  });

  it("that was deleted while the process died is freed after the next open", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await save(adapter, "k", 1, noise(3 * MiB));
    await adapter.close();
    openRaw(path).exec("DELETE FROM items; INSERT INTO staging SELECT id, '', 0 FROM bodies");
    await adapter.open(contextOf());
    await turns();
    expect(rows(path, "bodies")).toBe(0);
  });
});

describe("a large body that is deleted", () => {
  const secret = Buffer.from("unmistakable");
  const remove = (adapter: FullAdapter) =>
    adapter.delete("k", { version: record("k", 2).header.version, expect: "any", now: NOW }, call);

  it("is gone from the files when the store is closed right after", async () => {
    const path = temporaryPath();
    // Whose time does not come, however long it takes here.
    const adapter = await openAdapter({ path }, contextOf({ timers: new ManualTimers() }));
    await save(adapter, "k", 1, Buffer.alloc(40 * MiB, secret));
    await remove(adapter);
    await adapter.close();
    expect(readFileSync(path).includes(secret)).toBe(false);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it("holds a close up for five seconds at most, and is found at the next open", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const timers = new ManualTimers();
    const adapter = await openAdapter({ path, driver }, contextOf(timers.ports));
    await save(adapter, "k", 1, noise(3 * MiB));
    driver.fault = failing("DELETE FROM chunks", "SQLITE_IOERR_WRITE", 1);
    await remove(adapter);
    await turns();
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    let closed = false;
    const closing = Promise.resolve(adapter.close()).finally(() => {
      closed = true;
    });
    await timers.advance(4_900);
    expect(closed).toBe(false);
    await timers.advance(300);
    await closing;
    expect(rows(path, "chunks")).toBe(3);
    driver.fault = () => undefined;
    await adapter.open(contextOf());
    await turns();
    expect(rows(path, "chunks")).toBe(0);
  });

  it.each(["compact", "repair"] as const)(
    "by another connection, which left its pieces, is freed by %s",
    async (name) => {
      const path = temporaryPath();
      const adapter = await openAdapter({ path });
      await save(adapter, "k", 1, noise(3 * MiB));
      const driver = new FaultyDriver();
      const other = await openAdapter({ path, driver });
      driver.fault = failing("DELETE FROM chunks", "SQLITE_IOERR_WRITE");
      await remove(other);
      await other.close();
      expect(rows(path, "chunks")).toBe(3);
      await adapter.maintain[name]?.(call);
      expect(rows(path, "chunks")).toBe(0);
    },
  );

  it("is freed with the next commit where that of freeing it failed", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver });
    await save(adapter, "k", 1, noise(3 * MiB));
    await remove(adapter);
    driver.fault = failing("COMMIT", "SQLITE_IOERR_WRITE", 1);
    await turns();
    expect(rows(path, "chunks")).toBe(3);
    await adapter.put(record("other", 3), anyway, call);
    await turns();
    expect(rows(path, "chunks")).toBe(0);
  });
});

describe("a body that is read in pieces", () => {
  it("stays the version that it began with, while it is overwritten and deleted", async () => {
    const adapter = await openAdapter();
    const body = noise(4 * MiB);
    await save(adapter, "k", 1, body);
    const stream = await adapter.readStream("k", at);
    const chunks: Uint8Array[] = [];
    let n = 2;
    for await (const chunk of stream?.body ?? []) {
      chunks.push(chunk);
      if (n === 2) await save(adapter, "k", n, noise(2 * MiB, 9));
      else if (n === 3)
        await adapter.delete("k", { version: record("k", 3).header.version, expect: "any", now: NOW }, call);
      else await adapter.put(record("k", n, { body: noise(n) }), anyway, call);
      n++;
    }
    expect(chunks).toHaveLength(4);
    expect(sameBytes(Buffer.concat(chunks), body)).toBe(true);
    expect((await adapter.get("k", at))?.body).toEqual(noise(n - 1));
  });

  it("lets go of its connection at its end, when it is left early, and at close", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await save(adapter, "k", 1, noise(3 * MiB));
    const open = () => driver.count("open") - driver.count("close");
    const begin = async () => (await adapter.readStream("k", at))?.body;

    const whole = await begin();
    expect(open()).toBe(2);
    await collect(whole ?? emptyBody());
    expect(open()).toBe(1);

    for await (const _ of (await begin()) ?? emptyBody()) break;
    expect(open()).toBe(1);

    const untouched = (await begin())?.[Symbol.asyncIterator]();
    await untouched?.return?.();
    expect(open()).toBe(1);

    const left = (await begin())?.[Symbol.asyncIterator]();
    await left?.next();
    expect(open()).toBe(2);
    await adapter.close();
    expect(open()).toBe(0);
    await expect(left?.next()).rejects.toMatchObject({ code: "CLOSED" });
    expect(await left?.return?.()).toEqual({ done: true, value: undefined });
  });

  it("is cut with the reason when the store fails", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await save(adapter, "k", 1, noise(3 * MiB));
    const stream = await adapter.readStream("k", at);
    driver.fault = failing("COMMIT", "SQLITE_IOERR_FSYNC");
    await expect(adapter.put(record("other", 2), anyway, call)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(collect(stream?.body ?? emptyBody())).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    expect(driver.count("open")).toBe(driver.count("close"));
  });

  it.each(["PRAGMA trusted_schema = OFF; PRAGMA temp_store", "BEGIN", "SELECT i.key"])(
    "lets go of its connection when it cannot begin, at %s",
    async (start) => {
      const driver = new FaultyDriver();
      const adapter = await openAdapter({ driver });
      await save(adapter, "k", 1, noise(3 * MiB));
      driver.fault = (sql) =>
        driver.count("open readonly") > 0 ? failing(start, "SQLITE_IOERR_READ")(sql) : undefined;
      await expect(adapter.readStream("k", at)).rejects.toMatchObject({ code: "SQLITE_IOERR_READ" });
      expect(driver.count("open") - driver.count("close")).toBe(1);
    },
  );

  it("opens nothing for a body that is small or not there", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await adapter.put(record("k", 1), anyway, call);
    await adapter.readStream("k", at);
    expect(await adapter.readStream("none", at)).toBeUndefined();
    expect(driver.count("open")).toBe(1);
  });

  it("reads what stands when the item changes between the look and the stream", async () => {
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver });
    await save(adapter, "k", 1, noise(2 * MiB));
    const reading = adapter.readStream("k", at);
    const written = adapter.put(record("k", 2), anyway, call);
    const stream = await reading;
    await written;
    const body = stream && (await collect(stream.body));
    expect([2 * MiB, record("k", 2).body.byteLength]).toContain(body?.byteLength);
    expect(stream?.header.storedSize).toBe(body?.byteLength);
    expect(driver.count("open") - driver.count("close")).toBe(1);
  });

  it("with a chunk missing is CORRUPT, and lets go", async () => {
    const path = temporaryPath();
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ path, driver });
    await save(adapter, "k", 1, noise(3 * MiB));
    openRaw(path).exec("DELETE FROM chunks WHERE n = 1");
    const stream = await adapter.readStream("k", at);
    await expect(collect(stream?.body ?? emptyBody())).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
    expect(driver.count("open") - driver.count("close")).toBe(1);
    expect(() => adapter.get("k", at)).toThrow(expect.objectContaining({ code: "CORRUPT", key: "k" }));
  });
});

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  yield* [];
}
