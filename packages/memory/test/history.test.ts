import { openStorage, type StorageEngine, type StorageSettings } from "@holdfast/core";
import { createMemoryStore, type MemoryOptions, memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";

const KIB = 1024;
const DAY = 24 * 60 * 60 * 1000;

class Clock {
  time = Date.UTC(2026, 0, 1);
  now(): number {
    return this.time;
  }
}

interface Opened {
  readonly storage: StorageEngine;
  readonly clock: Clock;
}

async function opened(history: StorageSettings["history"], options: MemoryOptions = {}): Promise<Opened> {
  const clock = new Clock();
  return { clock, storage: await openStorage(memory(options), { history, ports: { clock } }) };
}

async function values(storage: StorageEngine, key: string): Promise<unknown[]> {
  const versions = await storage.history(key);
  return Promise.all(versions.map(({ version }) => storage.load(key, { version })));
}

describe("memory's history", () => {
  it("is off unless it is asked for", async () => {
    for (const history of [undefined, false] as const) {
      const { storage } = await opened(history);
      const { version } = await storage.save("k", 1);
      await storage.save("k", 2);
      await storage.delete("k");
      expect(await storage.history("k")).toEqual([]);
      expect(await storage.load("k", { version })).toBe(undefined);
      expect((await storage.getInfo()).details["used"]).toBe(0);
    }
  });

  it("keeps what a save, a batch, a stream, an update and a delete replace, up to the limit", async () => {
    const { storage } = await opened({ versions: 4 });
    await storage.save("k", 1);
    await storage.save("k", 2);
    await storage.batch([{ type: "save", key: "k", data: 3 }]);
    await storage.update("k", () => 4);
    await storage.saveStream("k", new Blob(["five"]).stream());
    expect(await values(storage, "k")).toEqual([4, 3, 2, 1]);
    await storage.batch([{ type: "delete", key: "k" }]);
    expect(await values(storage, "k")).toEqual([new TextEncoder().encode("five"), 4, 3, 2]);
    await storage.save("k", 6);
    expect(await storage.history("k")).toHaveLength(4);
    await storage.delete("k");
    expect(await values(storage, "k")).toEqual([6, new TextEncoder().encode("five"), 4, 3]);
  });

  it("keeps nothing of a write that was refused", async () => {
    const { storage } = await opened(true, { capacity: 4 * KIB });
    await storage.save("k", 1);
    await expect(storage.save("k", 2, { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(storage.save("k", new Uint8Array(5 * KIB))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await storage.history("k")).toEqual([]);
  });

  it("brings back nothing that had expired, or that expires while it is kept", async () => {
    const { storage, clock } = await opened(true);
    const first = await storage.save("k", 1, { expiration: new Date(clock.time + DAY) });
    await storage.save("k", 2, { expiration: new Date(clock.time + 1) });
    clock.time += 1;
    await storage.save("k", 3);
    expect(await values(storage, "k")).toEqual([1]);
    clock.time += DAY;
    expect(await storage.history("k")).toEqual([]);
    expect(await storage.load("k", { version: first.version })).toBe(undefined);
    await expect(storage.restore("k", first.version)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await storage.sweep();
    await storage.delete("k");
    await storage.sweep();
    expect((await storage.getInfo()).details["used"]).toBe(0);
  });

  it("gives up no version for one that had expired", async () => {
    const { storage, clock } = await opened({ versions: 1 });
    await storage.save("k", 1);
    await storage.save("k", 2, { expiration: new Date(clock.time + 1) });
    clock.time += 1;
    await storage.save("k", 3);
    expect(await values(storage, "k")).toEqual([1]);
  });

  it("frees a kept version that has expired when it is swept, also of a key that stands", async () => {
    const { storage, clock } = await opened(true);
    await storage.save("k", 1);
    const used = async () => (await storage.getInfo()).details["used"];
    const one = await used();
    await storage.save("k", 2, { expiration: new Date(clock.time + 1) });
    await storage.save("k", 3);
    clock.time += 1;
    expect(await used()).toBe(3 * (one as number));
    await storage.sweep();
    expect(await used()).toBe(2 * (one as number));
    expect(await values(storage, "k")).toEqual([1]);
  });

  it("keeps nothing of what is swept for having expired, and gives up nothing for it", async () => {
    const { storage, clock } = await opened({ versions: 1, age: DAY });
    await storage.save("k", 1);
    await storage.save("k", 2, { expiration: new Date(clock.time + 1) });
    clock.time += 1;
    expect(await storage.sweep()).toBe(1);
    expect(await values(storage, "k")).toEqual([1]);
  });

  it("drops versions of keys that do not stand when it is swept without an age", async () => {
    const { storage, clock } = await opened(true);
    for (const key of ["n/stands", "n/gone", "other"]) {
      await storage.save(key, 1);
      await storage.save(key, 2);
    }
    await storage.delete("n/gone");
    await storage.delete("other");
    clock.time += 1_000 * DAY;
    expect(await storage.namespace("n").sweep()).toBe(0);
    expect(await values(storage, "n/stands")).toEqual([1]);
    expect(await values(storage, "n/gone")).toEqual([]);
    expect(await values(storage, "other")).toEqual([2, 1]);
    await storage.sweep();
    expect(await values(storage, "other")).toEqual([]);
  });

  it("drops versions that are older than the age, whether the key stands or not", async () => {
    const { storage, clock } = await opened({ versions: 5, age: DAY });
    for (const key of ["stands", "gone"]) {
      await storage.save(key, 1);
      await storage.save(key, 2);
    }
    clock.time += 1;
    await storage.save("stands", 3);
    await storage.delete("gone");
    clock.time += DAY - 1;
    await storage.sweep();
    expect([await values(storage, "stands"), await values(storage, "gone")]).toEqual([
      [2, 1],
      [2, 1],
    ]);
    clock.time += 1;
    await storage.sweep();
    expect([await values(storage, "stands"), await values(storage, "gone")]).toEqual([[2], [2]]);
    clock.time += 1;
    await storage.sweep();
    expect([await values(storage, "stands"), await values(storage, "gone")]).toEqual([[], []]);
  });

  it("is shared by the adapters of a store; each keeps and sweeps as it was told", async () => {
    const store = createMemoryStore();
    const keeping = await openStorage(memory({ store }), { history: true });
    const plain = await openStorage(memory({ store }));
    await keeping.save("k", 1);
    await keeping.save("k", 2);
    await plain.save("k", 3);
    expect(await values(plain, "k")).toEqual([1]);
    await keeping.sweep();
    expect(await values(keeping, "k")).toEqual([1]);
    await plain.sweep();
    expect(await values(keeping, "k")).toEqual([]);
  });

  it("is what the storage was opened with last", async () => {
    const adapter = memory();
    const first = await openStorage(adapter, { history: true });
    await first.save("k", 1);
    await first.close();
    const second = await openStorage(adapter);
    await second.save("k", 2);
    expect(await second.history("k")).toEqual([]);
  });

  it("hands out what is the caller's to change", async () => {
    const { storage } = await opened(true);
    const { version } = await storage.save("k", new Uint8Array([1, 2]), { tags: ["t"], metadata: { m: [1] } });
    await storage.delete("k");
    const [item] = await storage.history("k");
    (item?.metadata["m"] as number[])[0] = 9;
    item?.tags.push("u");
    const loaded = await storage.load<Uint8Array>("k", { version });
    loaded?.fill(0);
    expect(await storage.load("k", { version })).toEqual(new Uint8Array([1, 2]));
    expect(await storage.history("k")).toMatchObject([{ tags: ["t"], metadata: { m: [1] } }]);
  });
});

describe("memory's capacity with history", () => {
  it("counts kept versions, so that neither an overwrite nor a delete gives room back, but sweep does", async () => {
    const { storage } = await opened(true, { capacity: 10 * KIB });
    await storage.save("k", new Uint8Array(4 * KIB));
    await storage.save("k", new Uint8Array(4 * KIB));
    const full = { code: "QUOTA_EXCEEDED", message: expect.stringContaining("kept versions") };
    await expect(storage.save("k", new Uint8Array(4 * KIB))).rejects.toMatchObject(full);
    await storage.delete("k");
    await expect(storage.save("k", new Uint8Array(4 * KIB))).rejects.toMatchObject(full);
    await storage.sweep();
    await storage.save("k", new Uint8Array(10 * KIB - 2));
    expect((await storage.getInfo()).details["used"]).toBe(10 * KIB);
  });

  it("counts what makes way above the limit of versions before what is added", async () => {
    const { storage } = await opened({ versions: 1 }, { capacity: 10 * KIB });
    for (let round = 0; round < 5; round++) await storage.save("k", new Uint8Array(5 * KIB - 2));
    expect((await storage.getInfo()).details["used"]).toBe(10 * KIB);
    expect(await storage.history("k")).toHaveLength(1);
  });
});
