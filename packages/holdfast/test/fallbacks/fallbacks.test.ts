import { faulty } from "@holdfast/conformance";
import type { Change } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Outage } from "./support/outage.ts";

let at: Outage;
beforeEach(async () => {
  at = await Outage.begin();
});
afterEach(() => at.close());

describe("while the primary is away", () => {
  it("goes on reading and writing what the fallback knows, and hands it over when the primary is back", async () => {
    await at.storage.save("a", 1);
    await at.storage.save("b", 1);
    at.lose();
    expect(await at.settled(at.storage.load("a"))).toBe(1);
    await at.storage.save("a", 2);
    expect(await at.storage.load("a")).toBe(2);
    expect(await at.storage.update<number>("b", (value = 0) => value + 1)).toMatchObject({ key: "b" });
    expect(await at.storage.delete("a")).toBe(true);
    expect(await at.storage.load("a")).toBeUndefined();
    expect(await at.atPrimary((other) => other.load("a"))).toBe(1);
    expect((await at.storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 2 });
    await at.comeBack();
    expect((await at.storage.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
    expect(await at.atPrimary(async (other) => [await other.exists("a"), await other.load("b")])).toEqual([false, 2]);
    expect(at.modes).toEqual(["fallback", "recovering", "primary"]);
  });

  it("keeps tags, metadata, expiration and the time of creation", async () => {
    const { created } = await at.storage.save("a", 1);
    await at.ports.advance(5_000);
    at.lose();
    const expiration = new Date(at.ports.clock.now() + 3_600_000);
    const saved = await at.settled(at.storage.save("a", 2, { tags: ["x"], metadata: { n: 1 }, expiration }));
    expect(saved).toMatchObject({ created, tags: ["x"], metadata: { n: 1 }, expiration });
    await at.comeBack();
    expect(await at.storage.stat("a")).toEqual(saved);
  });

  it("never takes what it does not hold for absent", async () => {
    await at.atPrimary((other) => other.save("theirs", 1));
    at.lose();
    const unknown = { code: "UNAVAILABLE", key: "theirs", retryable: false };
    await expect(at.settled(at.storage.load("theirs"))).rejects.toMatchObject(unknown);
    await expect(at.storage.stat("theirs")).rejects.toMatchObject(unknown);
    await expect(at.storage.delete("theirs")).rejects.toMatchObject(unknown);
    await expect(at.storage.save("theirs", 2, { ifVersion: null })).rejects.toMatchObject(unknown);
    for (const work of [
      at.storage.list(),
      at.storage.search({ text: "a" }),
      at.storage.count(),
      at.storage.history("a"),
    ]) {
      await expect(work).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  it("answers as if it held everything when it is told to", async () => {
    await at.close();
    await at.start({ whenUnknown: "absent" });
    await at.storage.save("b", 1, { tags: ["t"] });
    await at.atPrimary((other) => other.save("theirs", 1));
    at.lose();
    expect(await at.settled(at.storage.load("theirs"))).toBeUndefined();
    await at.storage.save("c", 1);
    expect((await at.storage.list()).map(({ key }) => key)).toEqual(["b", "c"]);
    expect((await at.storage.search({ tags: ["t"] })).map(({ key }) => key)).toEqual(["b"]);
    expect(await at.storage.count()).toBe(2);
    expect(await at.storage.delete("theirs")).toBe(false);
    await at.comeBack();
    // It was not known, so it was not meant.
    expect(await at.storage.load("theirs")).toBe(1);
    expect(at.events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("holds preconditions against what it knows", async () => {
    const first = await at.storage.save("a", 1);
    at.lose();
    const second = await at.settled(at.storage.save("a", 2, { ifVersion: first.version }));
    await expect(at.storage.save("a", 3, { ifVersion: first.version })).rejects.toMatchObject({
      code: "CONFLICT",
      current: second.version,
    });
    await expect(at.storage.save("a", 3, { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("tells watchers of a write when it is taken, and not again when it is replayed", async () => {
    const changes: Change[] = [];
    const unwatch = await at.storage.watch("", (change) => changes.push(change));
    at.lose();
    const { version } = await at.settled(at.storage.save("a", 1));
    await at.comeBack();
    await at.storage.save("b", 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(changes.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(changes[0]).toMatchObject({ type: "save", version, origin: "self" });
    await unwatch();
  });

  it("lets other errors than its being away out as they are", async () => {
    await at.close();
    await at.start({ primary: { adapter: memory({ store: at.remote, capacity: 1_000 }) } });
    await expect(at.storage.save("a", "x".repeat(2_000))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(at.events).toEqual([]);
  });

  it("counts a primary that does not answer in time as away", async () => {
    at.primary.inject({ method: "put", fault: "hang", times: Number.POSITIVE_INFINITY });
    const before = at.ports.clock.now();
    await at.settled(at.storage.save("a", 1));
    // Three tries of ten seconds, with pauses in between.
    expect(at.ports.clock.now() - before).toBeCloseTo(30_150, -2);
    expect(at.events).toMatchObject([
      { mode: "fallback", reason: "memory did not answer within 10000 ms", waiting: 0 },
    ]);
  });
});

describe("when the primary is back", () => {
  it("keeps both versions where somebody else has written, and tells", async () => {
    await at.storage.save("a", 1);
    at.lose();
    const ours = await at.settled(at.storage.save("a", "ours"));
    const theirs = await at.atPrimary((other) => other.save("a", "theirs"));
    await at.comeBack();
    const keptAs = `a.conflict-${ours.version}`;
    expect(await at.storage.load("a")).toBe("theirs");
    expect(await at.storage.load(keptAs)).toBe("ours");
    const { version } = ours;
    expect(at.events).toContainEqual({ type: "conflict", key: "a", version, current: theirs.version, keptAs });
  });

  it("keeps the other's version where ours was a deletion, and ours where theirs was", async () => {
    for (const key of ["a", "b"]) await at.storage.save(key, 1);
    at.lose();
    await at.settled(at.storage.delete("a"));
    await at.storage.save("b", "ours");
    await at.atPrimary(async (other) => [await other.save("a", "theirs"), await other.delete("b")]);
    await at.comeBack();
    expect(await at.storage.load("a")).toBe("theirs");
    expect(await at.storage.load("b")).toBe("ours");
    expect(at.events).toContainEqual(
      expect.objectContaining({ type: "conflict", key: "b", current: null, keptAs: "b" }),
    );
  });

  it("does not write a second time what had arrived although no answer came, whatever became of it", async () => {
    await at.storage.save("a", 1);
    at.primary.inject({ method: "put", key: "a", fault: "after", times: 3 });
    at.lose();
    await at.settled(at.storage.save("a", "ours"));
    expect(await at.atPrimary((other) => other.load("a"))).toBe("ours");
    await at.atPrimary((other) => other.save("a", "theirs"));
    await at.comeBack();
    expect(await at.atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual(["a"]);
    expect(await at.storage.load("a")).toBe("theirs");
    expect(at.events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("leaves what it did not know where something of its own there was saved and deleted", async () => {
    await at.atPrimary((other) => other.save("theirs", 1));
    at.lose();
    await at.settled(at.storage.save("theirs", "ours"));
    expect(await at.storage.delete("theirs")).toBe(true);
    await at.storage.save("new", 1);
    await at.storage.delete("new");
    await at.comeBack();
    expect(await at.atPrimary((other) => other.load("theirs"))).toBe(1);
    const conflicts = at.events.filter(({ type }) => type === "conflict");
    expect(conflicts).toEqual([expect.not.objectContaining({ keptAs: expect.anything() })]);
    expect(conflicts).toMatchObject([{ key: "theirs" }]);
  });

  it("hands a batch over as one, joined with what else was written as one", async () => {
    for (const key of ["a", "b", "c", "d"]) await at.storage.save(key, 0);
    at.lose();
    const put = (key: string, data: unknown) => ({ type: "save", key, data }) as const;
    await at.settled(at.storage.batch([put("a", 1), put("b", 1)]));
    await at.storage.batch([put("b", 2), put("c", 2)]);
    await at.storage.save("d", 3);
    const before = at.primary.calls.length;
    await at.comeBack();
    const sent = at.primary.calls.slice(before).filter(({ method }) => method === "batch" || method === "put");
    expect(sent.map(({ method, key }) => [method, key])).toEqual([
      ["put", "d"],
      ["batch", undefined],
    ]);
    expect(await at.atPrimary((other) => Promise.all(["a", "b", "c", "d"].map((key) => other.load(key))))).toEqual([
      1, 2, 2, 3,
    ]);
  });

  it("takes two probes that succeed, and asks ever more seldom one that comes and goes", async () => {
    at.lose();
    await at.settled(at.storage.save("a", 1));
    const probes = async (milliseconds: number) => {
      const before = at.primary.calls.filter(({ method }) => method === "stat").length;
      await at.ports.advance(milliseconds);
      return at.primary.calls.filter(({ method }) => method === "stat").length - before;
    };
    expect(await probes(999)).toBe(0);
    expect(await probes(1)).toBe(1);
    expect(await probes(2_000)).toBe(1);
    expect(await probes(4_000)).toBe(1);
    at.primary.heal();
    await probes(8_000);
    expect(at.modes).toEqual(["fallback"]);
    await probes(8_000);
    expect(at.modes).toEqual(["fallback", "recovering", "primary"]);
    at.lose();
    await at.settled(at.storage.save("a", 2));
    expect(await probes(15_999)).toBe(0);
    expect(await probes(1)).toBe(1);
    at.primary.heal();
    await at.ports.advance(130_000);
    at.lose();
    await at.settled(at.storage.save("a", 3));
    // It has stayed for longer than the longest pause.
    expect(await probes(1_000)).toBe(1);
  });

  it("waits for a fallback that holds writes and is away itself", async () => {
    await at.close();
    const [first, second] = [faulty(memory({ store: at.local })), faulty(memory())];
    await at.start({ fallbacks: [{ adapter: first }, { adapter: second }] });
    await at.storage.save("a", 1);
    at.lose();
    await at.settled(at.storage.save("a", 2));
    first.inject(
      ...(["stat", "get", "put", "list"] as const).map(
        (method) => ({ method, fault: "before", times: Number.POSITIVE_INFINITY }) as const,
      ),
    );
    await expect(at.settled(at.storage.load("a"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await at.settled(at.storage.save("a", 3));
    expect(await at.storage.load("a")).toBe(3);
    await at.comeBack();
    expect((await at.storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
    first.heal();
    await at.comeBack();
    await at.ports.advance(60_000);
    expect(await at.atPrimary((other) => other.load("a"))).toBe(3);
    expect((await at.storage.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
    expect(at.events.filter(({ type }) => type === "conflict")).toEqual([]);
  });
});
