import { type Change, openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

async function all(changes: AsyncIterable<Change>): Promise<Change[]> {
  const collected: Change[] = [];
  for await (const change of changes) collected.push(change);
  return collected;
}

async function opened(): Promise<{ adapter: RememberingAdapter; storage: StorageEngine }> {
  const adapter = new RememberingAdapter();
  return { adapter, storage: await openStorage(adapter, { ports: new FakePorts() }) };
}

describe("changes", () => {
  it("tells every write behind the cursor, by whom it was made", async () => {
    const { adapter, storage } = await opened();
    const peer = await openStorage(peerOf(adapter));
    const a = await storage.save("a", 1);
    const b = await peer.save("b", 1);
    await storage.delete("a");
    adapter.entries.push({ type: "save", key: "edited", version: b.version as never, external: true, cursor: "c4" });
    const changes = await all(storage.changes());
    expect(changes).toEqual([
      { type: "save", key: "a", version: a.version, origin: "self", cursor: "c1" },
      { type: "save", key: "b", version: b.version, origin: "peer", cursor: "c2" },
      { type: "delete", key: "a", version: adapter.entries[2]?.version, origin: "self", cursor: "c3" },
      { type: "save", key: "edited", version: b.version, origin: "external", cursor: "c4" },
    ]);
    for (const [index, { cursor }] of changes.entries()) {
      expect(await all(storage.changes(cursor))).toEqual(changes.slice(index + 1));
    }
  });

  it("tells watchers the same, cursor included", async () => {
    const { storage } = await opened();
    const watched: Change[] = [];
    await storage.watch("", (change) => watched.push(change));
    await storage.save("a", 1);
    await storage.batch([
      { type: "save", key: "b", data: 1 },
      { type: "delete", key: "a" },
    ]);
    expect(watched).toHaveLength(3);
    expect(await all(storage.changes())).toEqual(watched);
  });

  it("shows a namespace its own writes, under its keys and the store's cursors", async () => {
    const { storage } = await opened();
    const view = storage.namespace("n");
    await storage.save("before", 1);
    await view.save("a", 1);
    await storage.save("n", 1);
    await storage.save("nn/a", 1);
    await storage.save("n/b", 1);
    const watched: Change[] = [];
    await view.watch("", (change) => watched.push(change));
    await view.save("c", 1);
    expect((await all(view.changes())).map(({ key, cursor }) => [key, cursor])).toEqual([
      ["a", "c2"],
      ["b", "c5"],
      ["c", "c6"],
    ]);
    expect(await all(view.changes("c5"))).toEqual(watched);
    expect(await all(view.changes((await view.getInfo()).cursor))).toEqual([]);
  });

  it("reads in pages, each an operation of its own, up to what was the newest at the beginning", async () => {
    const { adapter, storage } = await opened();
    for (let index = 0; index < 1_500; index++) await storage.save(`k${index % 7}`, index);
    adapter.calls.length = 0;
    const seen: string[] = [];
    for await (const { cursor } of storage.changes()) {
      seen.push(cursor ?? "");
      // A reader that writes for each change would otherwise never come to an end.
      if (seen.length % 100 === 0) await storage.save("seen", seen.length);
    }
    expect(seen).toEqual(Array.from({ length: 1_500 }, (_, index) => `c${index + 1}`));
    expect(adapter.calls.filter((call) => !call.startsWith("put"))).toEqual([
      "lastCursor",
      "changes undefined 1000",
      "changes c1000 1000",
    ]);
    expect((await all(storage.changes(seen.at(-1)))).map(({ key }) => key)).toEqual(Array(15).fill("seen"));
  });

  it("goes on where the adapter answers with less than it was asked for", async () => {
    const { adapter, storage } = await opened();
    for (let index = 0; index < 7; index++) await storage.save("k", index);
    const changes = adapter.changes.bind(adapter);
    for (const limit of [1, 2]) {
      adapter.changes = (range, options) => changes({ ...range, limit }, options);
      expect(await all(storage.changes("c2"))).toHaveLength(5);
    }
  });

  it("asks for no page where the cursor is that of the newest, and hands every call the signal", async () => {
    const { adapter, storage } = await opened();
    await storage.save("k", 1);
    const changes = vi.spyOn(adapter, "changes");
    const lastCursor = vi.spyOn(adapter, "lastCursor");
    const { signal } = new AbortController();
    expect(await all(storage.changes("c1", { signal }))).toEqual([]);
    expect(changes).not.toHaveBeenCalled();
    expect(await all(storage.changes(undefined, { signal }))).toHaveLength(1);
    expect(changes).toHaveBeenCalledExactlyOnceWith({ after: undefined, limit: 1_000 }, { signal });
    expect(lastCursor.mock.calls).toEqual([[{ signal }], [{ signal }]]);
  });

  it("ends where nothing is left, also if the newest entry is not met", async () => {
    const { adapter, storage } = await opened();
    await storage.save("k", 1);
    adapter.lastCursor = async () => "c9";
    expect(await all(storage.changes())).toHaveLength(1);
  });

  it("reads from the beginning where the adapter does not know yet which entry is the newest", async () => {
    const { adapter, storage } = await opened();
    await storage.save("k", 1);
    adapter.lastCursor = async () => undefined as never;
    expect(await all(storage.changes())).toHaveLength(1);
  });

  it("asks for nothing where the cursor is the newest, so that a write in between is not half of the answer", async () => {
    const { adapter, storage } = await opened();
    await storage.save("k", 1);
    const { lastCursor } = adapter;
    adapter.lastCursor = async (options) => {
      const last = await lastCursor.call(adapter, options);
      await storage.save("k", 2);
      return last;
    };
    expect(await all(storage.changes("c1"))).toEqual([]);
    expect(await all(storage.changes("c1"))).toHaveLength(1);
  });

  it("asks for a fresh start where the feed does not reach", async () => {
    const { adapter, storage } = await opened();
    for (let index = 0; index < 5; index++) await storage.save("k", index);
    adapter.forgotten = 3;
    for (const since of [undefined, "c2", "c6"]) {
      const error = await all(storage.changes(since)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "NOT_FOUND", resync: true, adapter: "map", retryable: false });
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "NOT_FOUND", resync: true });
      expect((error as StorageError).message).toMatch(/getInfo\(\)\.cursor.*scan\(\)/);
    }
    expect(await all(storage.changes("c3"))).toHaveLength(2);
    expect(JSON.stringify(new StorageError("NOT_FOUND", "gone"))).not.toContain("resync");
  });

  it("asks for a fresh start when the feed moves on while it is read", async () => {
    const { adapter, storage } = await opened();
    for (let index = 0; index < 1_001; index++) await storage.save("k", index);
    const reading = storage.changes();
    const iterator = reading[Symbol.asyncIterator]();
    await iterator.next();
    adapter.forgotten = 1_001;
    const seen = async () => {
      while (!(await iterator.next()).done);
    };
    await expect(seen()).rejects.toMatchObject({ code: "NOT_FOUND", resync: true });
  });

  it("refuses what is no cursor, unknown options and a fired signal, when it is read", async () => {
    const { storage } = await opened();
    for (const since of [1, null, {}, ["c1"]]) {
      await expect(all(storage.changes(since as never))).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    const wrong = { limit: 1 } as never;
    await expect(all(storage.changes(undefined, wrong))).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const signal = AbortSignal.abort();
    await expect(all(storage.changes(undefined, { signal }))).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("stops between pages when its signal fires or the storage is closed", async () => {
    for (const stop of ["abort", "close"] as const) {
      const { storage } = await opened();
      for (let index = 0; index < 1_001; index++) await storage.save("k", index);
      const controller = new AbortController();
      const reading = all(
        (async function* () {
          for await (const change of storage.changes(undefined, { signal: controller.signal })) {
            if (change.cursor === "c1000") await (stop === "abort" ? controller.abort() : storage.close());
            yield change;
          }
        })(),
      );
      await expect(reading).rejects.toMatchObject({
        code: stop === "abort" ? "ABORTED" : "CLOSED",
        message: expect.stringMatching(/^changes\b/),
      });
    }
  });

  it("asks again after a passing failure", async () => {
    const { adapter, storage } = await opened();
    await storage.save("k", 1);
    for (const method of ["changes", "lastCursor"] as const) {
      const asked = adapter[method].bind(adapter) as (...given: unknown[]) => Promise<never>;
      let failures = 1;
      adapter[method] = async (...given: unknown[]) => {
        if (failures-- > 0) throw new StorageError("UNAVAILABLE", "away");
        return asked(...given);
      };
    }
    expect(await all(storage.changes())).toHaveLength(1);
  });

  it("is UNSUPPORTED where there is no feed, and getInfo then has no cursor", async () => {
    const storage = await openStorage(new MapAdapter());
    await expect(all(storage.changes())).rejects.toMatchObject({ code: "UNSUPPORTED", adapter: "map" });
    expect(await storage.getInfo()).not.toHaveProperty("cursor");
  });

  it.each(["changes", "lastCursor"])(
    "is UNSUPPORTED where the adapter lacks %s, whatever it announces",
    async (method) => {
      const storage = await openStorage(Object.assign(new RememberingAdapter(), { [method]: undefined }));
      await expect(all(storage.changes())).rejects.toMatchObject({ code: "UNSUPPORTED" });
    },
  );
});

describe("the cursor of getInfo", () => {
  it("is taken before the rest, so that nothing is behind it unseen", async () => {
    const { adapter, storage } = await opened();
    await storage.save("a", 1);
    adapter.calls.length = 0;
    expect(await storage.getInfo()).toMatchObject({ cursor: "c1", items: 1 });
    expect(adapter.calls).toEqual(["lastCursor", "list "]);
  });
});
