import { openStorage, StorageError, type StorageItem, type Version, type WriteRecord } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { unshowable } from "@holdfast/vitest-preset/unshowable";
import { describe, expect, it } from "vitest";

const KIB = 1024;

describe("memory", () => {
  it("keeps what was saved for the next time that the same adapter is opened", async () => {
    const adapter = memory();
    const first = await openStorage(adapter);
    const item = await first.save("k", { a: 1 });
    await first.close();
    const second = await openStorage(adapter);
    expect(await second.load("k")).toEqual({ a: 1 });
    expect(await second.stat("k")).toEqual(item);
  });

  it("shares nothing with another adapter that has a store of its own", async () => {
    const [one, other] = [await openStorage(memory()), await openStorage(memory())];
    await one.save("k", 1);
    expect(await other.list()).toEqual([]);
  });

  it("shows what every adapter on one store writes", async () => {
    const store = createMemoryStore();
    const [one, other] = [await openStorage(memory({ store })), await openStorage(memory({ store }))];
    await one.save("k", 1);
    expect(await other.load("k")).toBe(1);
    await one.close();
    await other.save("k", 2);
    expect(await (await openStorage(memory({ store }))).load("k")).toBe(2);
  });

  it.each([
    [{ capasity: 1 }],
    [{ capacity: 0 }],
    [{ capacity: -1 }],
    [{ capacity: 1.5 }],
    [{ capacity: "1" }],
    [{ capacity: Number.POSITIVE_INFINITY }],
    [{ store: {} }],
    [{ store: new Map() }],
    [null],
    ["store"],
  ])("refuses the options %j", (options) => {
    expect(() => memory(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", adapter: "memory" }),
    );
  });

  for (const [what, capacity] of unshowable) {
    it(`refuses ${what} as capacity`, () => {
      expect(() => memory({ capacity } as never)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    });
  }

  it("takes options that are undefined for absent", async () => {
    const storage = await openStorage(memory({ capacity: undefined, store: undefined }));
    await storage.save("k", 1);
    expect(await storage.load("k")).toBe(1);
  });
});

describe("memory's capacity", () => {
  it("refuses a save that has no room, and keeps everything as it was", async () => {
    const storage = await openStorage(memory({ capacity: 10 * KIB }));
    const standing = await storage.save("a", new Uint8Array(6 * KIB), { tags: ["t"] });
    const error = await refusal(storage.save("b", new Uint8Array(6 * KIB)));
    expect(error).toMatchObject({ code: "QUOTA_EXCEEDED", key: "b", adapter: "memory", retryable: false });
    await refusal(storage.save("a", new Uint8Array(11 * KIB)));
    await refusal(storage.saveStream("a", bytesOf(11 * KIB)));
    expect(await storage.list()).toEqual([standing]);
    expect(await storage.load("a")).toEqual(new Uint8Array(6 * KIB));
  });

  it("refuses a batch that has no room as a whole", async () => {
    const storage = await openStorage(memory({ capacity: 10 * KIB }));
    const standing = await storage.save("a", new Uint8Array(4 * KIB));
    const error = await refusal(
      storage.batch([
        { type: "save", key: "b", data: new Uint8Array(3 * KIB) },
        { type: "save", key: "c", data: new Uint8Array(4 * KIB) },
      ]),
    );
    expect(error.code).toBe("QUOTA_EXCEEDED");
    expect(await storage.list()).toEqual([standing]);
  });

  it("counts what a batch frees before what it needs", async () => {
    const storage = await openStorage(memory({ capacity: 10 * KIB }));
    await storage.save("a", new Uint8Array(9 * KIB));
    await storage.batch([
      { type: "save", key: "b", data: new Uint8Array(8 * KIB) },
      { type: "delete", key: "a" },
    ]);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["b"]);
  });

  it("gives room back on delete, overwrite and sweep, to the byte", async () => {
    let now = 1_000_000;
    const clock = { now: () => now };
    const storage = await openStorage(memory({ capacity: 10 * KIB }), { ports: { clock } });
    const fill = (): Promise<StorageItem> => storage.save("full", new Uint8Array(10 * KIB - 8));
    for (let round = 0; round < 3; round++) {
      await fill();
      await refusal(storage.save("b", 1));
      await storage.save("full", 1);
      await storage.save("b", "x".repeat(KIB), { tags: ["t"], metadata: { m: "é" } });
      await storage.delete("b");
      await storage.save("c", "x".repeat(KIB), { expiration: new Date(now + 10) });
      now += 10;
      await refusal(fill());
      expect(await storage.sweep()).toBe(1);
      await fill();
      await storage.delete("full");
    }
    expect((await storage.getInfo()).details).toEqual({
      used: 0,
      tombstones: 3,
      capacity: 10 * KIB,
      epoch: expect.stringMatching(/^[0-9a-f]+$/),
    });
  });

  it("counts keys, tags and metadata too", async () => {
    const storage = await openStorage(memory({ capacity: 2 * KIB }));
    for (const save of [
      () => storage.save("k".repeat(1_000), new Uint8Array(100)),
      () => storage.save("k", 0, { tags: ["t".repeat(KIB)] }),
      () => storage.save("k", 0, { metadata: { m: "x".repeat(KIB) } }),
    ]) {
      expect((await refusal(save())).code).toBe("QUOTA_EXCEEDED");
    }
    expect(await storage.count()).toBe(0);
  });

  it("is that of the adapter that writes, on a shared store", async () => {
    const store = createMemoryStore();
    const small = await openStorage(memory({ store, capacity: KIB }));
    const large = await openStorage(memory({ store }));
    await large.save("a", new Uint8Array(5 * KIB));
    await refusal(small.save("b", 1));
    await small.save("a", new Uint8Array(3 * KIB));
    expect((await large.stat("a"))?.size).toBe(3 * KIB);
  });
});

describe("memory's tombstones", () => {
  it("stand for deleted keys until they are written again", async () => {
    const storage = await openStorage(memory());
    const tombstones = async () => (await storage.getInfo()).details["tombstones"];
    await storage.save("a", 1);
    await storage.delete("a");
    await storage.delete("never");
    expect(await tombstones()).toBe(1);
    await storage.save("a", 2);
    expect(await tombstones()).toBe(0);
  });
});

describe("memory's adapter", () => {
  const body = new Uint8Array(KIB).subarray(10, 13);
  const header = {
    key: "k",
    version: "v1" as Version,
    size: 3,
    storedSize: 3,
    created: 0,
    modified: 0,
    expiration: null,
  };
  const record: WriteRecord = {
    header: { ...header, format: "binary", compression: null, tags: [], metadata: {}, checksum: "" },
    body,
    terms: [],
    chunkHashes: new Uint8Array(),
  };
  const condition = { expect: "any", now: 0 } as const;
  const call = { signal: undefined };

  it("keeps no larger buffer alive of which a body is a part", async () => {
    const store = createMemoryStore();
    await memory({ store }).put(record, condition, call);
    // Adapters hand out copies, so only the store itself can show it; its types keep that to the adapters.
    const { record: kept } = store as unknown as { record(key: string): { body: Uint8Array } };
    expect(kept.call(store, "k").body.buffer.byteLength).toBe(3);
  });

  it("tells watchers of a write only after it was answered", async () => {
    const adapter = memory();
    const order: string[] = [];
    await adapter.watch?.(({ key }) => order.push(`told of ${key}`));
    const outcome = await adapter.put(record, condition, call);
    order.unshift(outcome.outcome);
    expect(order).toEqual(["written", "told of k"]);
  });

  it("tells nothing more once it is closed or no longer watched, not even of a write before", async () => {
    const store = createMemoryStore();
    const [watching, writing] = [memory({ store }), memory({ store })];
    const told: string[] = [];
    await watching.watch?.(() => told.push("closed"));
    const unwatch = await writing.watch?.(() => told.push("unwatched"));
    const put = writing.put(record, condition, call);
    watching.close();
    await unwatch?.();
    await put;
    expect(told).toEqual([]);
  });
});

async function refusal(saving: Promise<unknown>): Promise<StorageError> {
  const error = await saving.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!StorageError.is(error)) throw new Error(`a StorageError was expected, not ${String(error)}`);
  return error;
}

async function* bytesOf(length: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(length);
}
