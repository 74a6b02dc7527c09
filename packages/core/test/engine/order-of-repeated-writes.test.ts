import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";

const away = (): StorageError => new StorageError("UNAVAILABLE", "the network is away");

/** Fails the first so many writes of each kind, before or after they took effect. */
class Faltering extends MapAdapter {
  constructor(
    public puts: number,
    public deletes: number,
    readonly when: "before" | "after" = "before",
  ) {
    super();
  }

  override async put(...args: Parameters<MapAdapter["put"]>): ReturnType<MapAdapter["put"]> {
    const fails = this.puts-- > 0;
    if (fails && this.when === "before") throw away();
    const outcome = await super.put(...args);
    if (fails) throw away();
    return outcome;
  }

  override async delete(...args: Parameters<MapAdapter["delete"]>): ReturnType<MapAdapter["delete"]> {
    const fails = this.deletes-- > 0;
    if (fails && this.when === "before") throw away();
    const outcome = await super.delete(...args);
    if (fails) throw away();
    return outcome;
  }
}

type Call = (storage: StorageEngine) => Promise<unknown>;
const CALLS: Record<string, { call: Call; leaves: unknown }> = {
  save: { call: (storage) => storage.save("a", "last"), leaves: "last" },
  delete: { call: (storage) => storage.delete("a"), leaves: undefined },
  batch: { call: (storage) => storage.batch([{ type: "save", key: "a", data: "last" }]), leaves: "last" },
};

/** Not written, and said to be: whoever called it is not to call it once more. */
const NOT_WRITTEN = { code: "UNAVAILABLE", key: "a", retryable: false, message: expect.stringContaining("later call") };

describe("a write that is tried again", () => {
  it.each(["save", "delete", "batch"])("takes back no %s that was called later, and says so", async (name) => {
    const { call, leaves } = CALLS[name] as (typeof CALLS)[string];
    const storage = await openStorage(new Faltering(1, 0));
    const first = storage.save("a", "first");
    await call(storage);
    await expect(first).rejects.toMatchObject(NOT_WRITTEN);
    expect(await storage.load("a")).toBe(leaves);
  });

  it.each(["save", "batch"])("takes back no %s that was called after a deletion", async (name) => {
    const { call, leaves } = CALLS[name] as (typeof CALLS)[string];
    const storage = await openStorage(new Faltering(0, 1));
    await storage.save("a", "old");
    const first = storage.delete("a");
    await call(storage);
    await expect(first).rejects.toMatchObject(NOT_WRITTEN);
    expect(await storage.load("a")).toBe(leaves);
  });

  it("is not acknowledged where a later one with a condition shows that it was not there", async () => {
    const adapter = new Faltering(0, 0);
    const storage = await openStorage(adapter);
    await storage.save("a", 5);
    adapter.puts = 1;
    const reset = storage.save("a", 0);
    const counted = storage.update<number>("a", (count = 0) => count + 1);
    await expect(reset).rejects.toMatchObject(NOT_WRITTEN);
    await counted;
    expect(await storage.load("a")).toBe(6);
  });

  it("keeps its place among others that fail with it", async () => {
    for (let run = 0; run < 16; run++) {
      const storage = await openStorage(new Faltering(3, 0), { retry: { minDelay: 4 } });
      const saves = ["first", "second", "last"].map((value) => storage.save("a", value));
      await Promise.allSettled(saves);
      expect(await storage.load("a")).toBe("last");
      expect((await saves[2])?.key).toBe("a");
    }
  });

  it("does not come behind one that has taken effect and no answer yet", async () => {
    class Slow extends Faltering {
      override async put(...args: Parameters<MapAdapter["put"]>): ReturnType<MapAdapter["put"]> {
        const outcome = await super.put(...args);
        await new Promise((resolve) => setTimeout(resolve, 150));
        return outcome;
      }
    }
    const storage = await openStorage(new Slow(1, 0));
    const first = storage.save("a", "first");
    const last = storage.save("a", "last");
    await expect(first).rejects.toMatchObject(NOT_WRITTEN);
    await last;
    expect(await storage.load("a")).toBe("last");
  });

  it("does not wait for a later one that never ends", async () => {
    const adapter = new Faltering(0, 0);
    const storage = await openStorage(adapter, { retry: { minDelay: 1 }, closeTimeout: 1 });
    const put = adapter.put.bind(adapter);
    let calls = 0;
    adapter.put = async (...args) => {
      if (calls++ === 0) throw away();
      return calls === 2 ? new Promise(() => undefined) : put(...args);
    };
    const first = storage.save("a", "first");
    const controller = new AbortController();
    const last = storage.save("a", "last", { signal: controller.signal });
    controller.abort();
    await expect(last).rejects.toMatchObject({ code: "ABORTED" });
    await expect(first).rejects.toMatchObject(NOT_WRITTEN);
    expect(calls).toBe(2);
  });

  it("is written when the later one fails", async () => {
    const storage = await openStorage(new Faltering(1, 0));
    const first = storage.save("a", "first");
    await expect(storage.save("a", "last", { ifVersion: "none such" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await first).key).toBe("a");
    expect(await storage.load("a")).toBe("first");
  });

  it("tells each of a store that is away so soon as it tells one", async () => {
    const storage = await openStorage(new Faltering(Number.MAX_SAFE_INTEGER, 0), { retry: { minDelay: 4 } });
    const told: string[] = [];
    const tell = (name: string) => (error: StorageError) => told.push(`${name} ${error.code}`);
    const many = Array.from({ length: 20 }, (_, at) => storage.save("a", at).catch(tell("a")));
    await Promise.all(many);
    await storage.save("b", 1).catch(tell("b"));
    expect(told).toEqual([...many.map(() => "a UNAVAILABLE"), "b UNAVAILABLE"]);
  });

  it.each(["save", "saveStream"])("by %s makes nothing anew that somebody else has deleted since", async (name) => {
    const adapter = new Faltering(1, 0, "after");
    const storage = await openStorage(adapter);
    const other = await openStorage(peerOf(adapter));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(3);
    }
    const options = { ifVersion: null };
    const saving = name === "save" ? storage.save("a", 1, options) : storage.saveStream("a", source(), options);
    while (!(await other.exists("a"))) await new Promise((resolve) => setTimeout(resolve));
    await other.delete("a");
    await expect(saving).rejects.toMatchObject({ code: "UNAVAILABLE", key: "a", retryable: false });
    expect(await storage.exists("a")).toBe(false);
  });

  it("takes back no later one of which nobody knows whether it took effect", async () => {
    const adapter = new Faltering(0, 1);
    const storage = await openStorage(adapter);
    const removing = storage.delete("a");
    const put = adapter.put.bind(adapter);
    adapter.put = async (...args) => {
      await put(...args);
      throw new StorageError("UNAVAILABLE", "its answer is lost", { retryable: false });
    };
    await expect(storage.save("a", "last")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(removing).rejects.toMatchObject(NOT_WRITTEN);
    expect(await storage.load("a")).toBe("last");
  });

  it("deletes nothing that somebody else has saved since", async () => {
    const adapter = new Faltering(0, 1, "after");
    const storage = await openStorage(adapter);
    const other = await openStorage(peerOf(adapter));
    await storage.save("a", "old");
    const removing = storage.delete("a");
    await other.save("a", "theirs");
    await expect(removing).rejects.toMatchObject({ code: "UNAVAILABLE", key: "a", retryable: false });
    expect(await storage.load("a")).toBe("theirs");
  });

  it("is no conflict with itself where a stream ends, nor with what came behind", async () => {
    const adapter = new Faltering(1, 0, "after");
    const storage = await openStorage(adapter);
    const other = await openStorage(peerOf(adapter));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(3);
    }
    const saving = storage.saveStream("a", source(), { ifVersion: null });
    while (!(await other.exists("a"))) await new Promise((resolve) => setTimeout(resolve));
    await other.save("a", "theirs");
    await expect(saving).rejects.toMatchObject({ code: "UNAVAILABLE", key: "a", retryable: false });
    expect(await storage.load("a")).toBe("theirs");
  });

  it("deletes what was there when only its first try was lost", async () => {
    const adapter = new Faltering(0, 1, "before");
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    expect(await storage.delete("a")).toBe(true);
    expect(await storage.exists("a")).toBe(false);
  });
});

describe("a write that has to go above a version of others", () => {
  async function microtasks(count: number): Promise<void> {
    for (let at = 0; at < count; at++) await undefined;
  }

  /** What stands, each once, after two writes of a key of which another clock, that is ahead, has written before. */
  async function standingAfter(last: Call): Promise<unknown[]> {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    const standing = new Set<unknown>();
    for (let depth = 0; depth < 60; depth++) {
      // Ahead of all that this storage has seen before.
      const clock = { now: () => Date.now() + 60_000 * (depth + 1) };
      await (await openStorage(peerOf(adapter), { ports: { clock } })).save("a", depth);
      const first = storage.save("a", "first");
      await microtasks(depth);
      await Promise.all([first, last(storage)]);
      standing.add(await storage.load("a"));
    }
    return [...standing];
  }

  it.each(["save", "delete"])("takes back no %s, at whichever moment that is called", async (name) => {
    const { call, leaves } = CALLS[name] as (typeof CALLS)[string];
    expect(await standingAfter(call)).toEqual([leaves]);
  });
});
