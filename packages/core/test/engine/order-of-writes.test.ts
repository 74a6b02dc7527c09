import { openStorage } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { KeyOrder } from "../../dist/engine/key-order.js";
import { MapAdapter } from "../support/map-adapter.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

  it("holds for a save behind a deletion", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("a", 1);
    const removing = storage.delete("a");
    await storage.save("a", 2);
    expect(await removing).toBe(true);
    expect(await storage.load("a")).toBe(2);
  });

  it("keeps no other key waiting, and waits only while something is under way", async () => {
    const order = new KeyOrder();
    const gate = Promise.withResolvers<string>();
    const slow = order.turn(["a"], gate.promise);
    expect(order.turn(["b"], "at once")).toBe("at once");
    const next = order.turn(["a", "b"], "behind");
    expect(next).toBeInstanceOf(Promise);
    gate.resolve("slow");
    expect(await Promise.all([slow, next])).toEqual(["slow", "behind"]);
    expect(order.turn(["a", "b"], "at once")).toBe("at once");
  });

  it("holds for the third while the second is under way, though the first is done", async () => {
    const order = new KeyOrder();
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const done: string[] = [];
    const turns = [order.turn(["a"], first.promise), order.turn(["a"], second.promise)].map(async (each) =>
      done.push(await each),
    );
    first.resolve("first");
    await turns[0];
    await turn();
    turns.push((async () => done.push(await order.turn(["a"], "third")))());
    await turn();
    expect(done).toEqual(["first"]);
    second.resolve("second");
    await Promise.all(turns);
    expect(done).toEqual(["first", "second", "third"]);
  });
});
