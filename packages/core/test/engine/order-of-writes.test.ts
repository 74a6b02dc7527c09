import { openStorage, type StorageEngine } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { KeyOrder } from "../../dist/engine/key-order.js";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const same = <T>(value: T): T => value;

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function microtasks(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await undefined;
}

/** What stands, each once, after a save that takes long to encode, `between` and, that many microtasks later, `last`. */
async function standingAtEachMoment(
  storage: StorageEngine,
  between: (key: string) => Promise<unknown>,
  last: (key: string) => Promise<unknown>,
): Promise<unknown[]> {
  await storage.save("warm", 1, { format: "yaml" });
  const standing = new Set<unknown>();
  for (let depth = 0; depth < 40; depth++) {
    const key = `a${depth}`;
    const writes = [storage.save(key, { text: "x".repeat(2_000) }, { format: "yaml" }), between(key)];
    await microtasks(depth);
    await Promise.all([...writes, last(key)]);
    standing.add(await storage.load(key));
  }
  return [...standing];
}

describe("writes of one key", () => {
  it("take effect in the order of the calls, also when the first takes longer to encode", async () => {
    const storage = await openStorage(new MapAdapter());
    // The first yaml save loads its codec in the background.
    const saves = [storage.save("a", "first", { format: "yaml" }), storage.save("a", "second")];
    const [first, second] = await Promise.all(saves);
    expect(await storage.load("a")).toBe("second");
    expect((second?.version ?? "") > (first?.version ?? "")).toBe(true);

    const last = storage.save("a", "third", { format: "yaml" });
    const removal = storage.delete("a");
    const batch = storage.batch([{ type: "save", key: "a", data: "fourth" }]);
    expect(await Promise.all([last, removal, batch])).toMatchObject([{ key: "a" }, true, [{ key: "a" }]]);
    expect(await storage.load("a")).toBe("fourth");
  });

  it("go on after one that could not be encoded", async () => {
    const storage = await openStorage(new MapAdapter());
    const bad = storage.save("a", Number.NaN, { format: "yaml" });
    const good = storage.save("a", 1);
    await expect(bad).rejects.toMatchObject({ code: "INVALID_VALUE" });
    await good;
    expect(await storage.load("a")).toBe(1);
  });
});

describe("the order of one key's writes", () => {
  it("holds for a deletion behind a save that takes longer to encode", async () => {
    const storage = await openStorage(new MapAdapter());
    const saving = storage.save("a", 1, { format: "yaml" });
    const removing = storage.delete("a");
    await saving;
    expect(await removing).toBe(true);
    expect(await storage.exists("a")).toBe(false);
  });

  it("holds for a stream behind a save that takes longer to encode", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.saveStream("warm", stream(new Uint8Array(1)));
    const saving = storage.save("a", "words ".repeat(1_000_000), { compress: true });
    const streaming = storage.saveStream("a", stream(new Uint8Array(7)), { compress: false });
    await Promise.all([saving, streaming]);
    expect(await storage.load("a")).toEqual(new Uint8Array(7));
  });

  it("holds for a save behind a deletion", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("a", 1);
    const removing = storage.delete("a");
    await storage.save("a", 2);
    expect(await removing).toBe(true);
    expect(await storage.load("a")).toBe(2);
  });

  it.each([
    ["a save that takes longer to encode", async () => undefined],
    ["a deletion behind such a save", async (storage: StorageEngine, key: string) => void (await storage.delete(key))],
  ])("holds for a save behind %s, at whichever moment it is called", async (_, between) => {
    const storage = await openStorage(new MapAdapter());
    const last = (key: string) => storage.save(key, "last");
    expect(await standingAtEachMoment(storage, (key) => between(storage, key), last)).toEqual(["last"]);
  });

  it("holds for a deletion and for a batch, at whichever moment they are called", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("warm", 1, { format: "yaml" });
    const wrong: string[] = [];
    for (let depth = 0; depth < 40; depth++) {
      const [key, other] = [`a${depth}`, `b${depth}`];
      const saves = [key, other].map((each) => storage.save(each, "first", { format: "yaml" }));
      await microtasks(depth);
      const later = [storage.delete(key), storage.batch([{ type: "save", key: other, data: "last" }])];
      await Promise.all([...saves, ...later]);
      if (await storage.exists(key)) wrong.push(`deletion ${depth}`);
      if ((await storage.load(other)) !== "last") wrong.push(`batch ${depth}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(["save", "delete"])(
    "holds for a %s behind a batch that waited, at whichever moment it is called",
    async (last) => {
      const storage = await openStorage(new MapAdapter());
      const between = (key: string) => storage.batch([{ type: "save", key, data: "second" }]);
      const third = (key: string) => (last === "save" ? storage.save(key, "third") : storage.delete(key));
      expect(await standingAtEachMoment(storage, between, third)).toEqual([last === "save" ? "third" : undefined]);
    },
  );

  it("holds for encrypted saves, at whichever moment the last is called", async () => {
    const storage = await openStorage(new MapAdapter(), { encryption: { keys: new FakeKeys() } });
    const between = (key: string) => storage.save(key, "second");
    const third = (key: string) => storage.save(key, "third");
    expect(await standingAtEachMoment(storage, between, third)).toEqual(["third"]);
  });

  it("keeps no other key waiting, and waits only while something is under way", async () => {
    const order = new KeyOrder();
    const gate = Promise.withResolvers<string>();
    const slow = order.turn(["a"], gate.promise, same);
    expect(order.turn(["b"], "at once", same)).toBe("at once");
    const next = order.turn(["a", "b"], "behind", same);
    expect(next).toBeInstanceOf(Promise);
    gate.resolve("slow");
    expect(await Promise.all([slow, next])).toEqual(["slow", "behind"]);
    expect(order.turn(["a", "b"], "at once", same)).toBe("at once");
  });

  it("holds for the third while the second is under way, though the first is done", async () => {
    const order = new KeyOrder();
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const done: string[] = [];
    const note = (each: string) => done.push(each);
    const turns = [order.turn(["a"], first.promise, note), order.turn(["a"], second.promise, note)];
    first.resolve("first");
    await turns[0];
    await turn();
    turns.push(order.turn(["a"], "third", note));
    await turn();
    expect(done).toEqual(["first"]);
    second.resolve("second");
    await Promise.all(turns);
    expect(done).toEqual(["first", "second", "third"]);
  });

  it("waits until the one before has begun, not until it has its answer, and goes on where it failed", async () => {
    const order = new KeyOrder();
    const answer = Promise.withResolvers<string>();
    const slow = order.turn(["a"], Promise.resolve(), () => answer.promise);
    expect(await order.turn(["a"], "behind", same)).toBe("behind");
    answer.resolve("slow");
    expect(await slow).toBe("slow");
    const broken = order.turn(["a"], Promise.resolve(), () => {
      throw new Error("no");
    });
    const next = order.turn(["a"], "behind", same);
    await expect(broken).rejects.toThrow("no");
    expect(await next).toBe("behind");
  });
});
