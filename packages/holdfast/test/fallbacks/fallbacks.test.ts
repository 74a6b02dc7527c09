import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FaultyAdapter, faulty, SimulatedPorts } from "@holdfast/conformance";
import { type Change, openStorage, type StorageEngine } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { createStorage, type FallbackChoice, type FallbackEvent } from "holdfast";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let ports: SimulatedPorts;
let remote: ReturnType<typeof createMemoryStore>;
let local: ReturnType<typeof createMemoryStore>;
let primary: FaultyAdapter;
let events: FallbackEvent[];
let storage: StorageEngine;
beforeEach(async () => {
  ports = new SimulatedPorts();
  remote = createMemoryStore();
  local = createMemoryStore();
  primary = faulty(memory({ store: remote }));
  events = [];
  storage = await start();
});
afterEach(() => settled(storage.close()));

function start(options: Partial<FallbackChoice> = {}): Promise<StorageEngine> {
  return settled(
    createStorage(
      {
        primary: { adapter: primary },
        fallbacks: [{ adapter: memory({ store: local }) }],
        onFallback: (event) => events.push(event),
        ...options,
      },
      { ports },
    ),
  );
}

/** Lets as much time pass as the work waits for. */
async function settled<T>(work: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  work.then(end, end);
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!ended && ports.foregroundWaits) ports.fireNext();
  }
  return work;
}

const METHODS = [
  "open",
  "stat",
  "get",
  "put",
  "delete",
  "list",
  "batch",
  "changes",
  "lastCursor",
  "history.list",
] as const;
function lose(): void {
  primary.inject(...METHODS.map((method) => ({ method, fault: "before", times: Number.POSITIVE_INFINITY }) as const));
}

/** The primary is there again, and a minute passes. */
async function comeBack(): Promise<void> {
  primary.heal();
  await ports.advance(60_000);
}

/** What the primary holds, to somebody else. */
async function atPrimary<T>(work: (other: StorageEngine) => Promise<T>): Promise<T> {
  await using other = await openStorage(memory({ store: remote }), { ports });
  return await work(other);
}

const modes = () => events.flatMap((event) => (event.type === "mode" ? [event.mode] : []));

describe("while the primary is away", () => {
  it("goes on reading and writing what the fallback knows, and hands it over when the primary is back", async () => {
    await storage.save("a", 1);
    await storage.save("b", 1);
    lose();
    expect(await settled(storage.load("a"))).toBe(1);
    await storage.save("a", 2);
    expect(await storage.load("a")).toBe(2);
    expect(await storage.update<number>("b", (value = 0) => value + 1)).toMatchObject({ key: "b" });
    expect(await storage.delete("a")).toBe(true);
    expect(await storage.load("a")).toBeUndefined();
    expect(await atPrimary((other) => other.load("a"))).toBe(1);
    expect((await storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 2 });
    await comeBack();
    expect((await storage.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
    expect(await atPrimary(async (other) => [await other.exists("a"), await other.load("b")])).toEqual([false, 2]);
    expect(modes()).toEqual(["fallback", "recovering", "primary"]);
  });

  it("keeps tags, metadata, expiration and the time of creation", async () => {
    const { created } = await storage.save("a", 1);
    await ports.advance(5_000);
    lose();
    const expiration = new Date(ports.clock.now() + 3_600_000);
    const saved = await settled(storage.save("a", 2, { tags: ["x"], metadata: { n: 1 }, expiration }));
    expect(saved).toMatchObject({ created, tags: ["x"], metadata: { n: 1 }, expiration });
    await comeBack();
    expect(await storage.stat("a")).toEqual(saved);
  });

  it("never takes what it does not hold for absent", async () => {
    await atPrimary((other) => other.save("theirs", 1));
    lose();
    const unknown = { code: "UNAVAILABLE", key: "theirs", retryable: false };
    await expect(settled(storage.load("theirs"))).rejects.toMatchObject(unknown);
    await expect(storage.stat("theirs")).rejects.toMatchObject(unknown);
    await expect(storage.delete("theirs")).rejects.toMatchObject(unknown);
    await expect(storage.save("theirs", 2, { ifVersion: null })).rejects.toMatchObject(unknown);
    for (const work of [storage.list(), storage.search({ text: "a" }), storage.count(), storage.history("a")]) {
      await expect(work).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  it("answers as if it held everything when it is told to", async () => {
    await settled(storage.close());
    storage = await start({ whenUnknown: "absent" });
    await storage.save("b", 1, { tags: ["t"] });
    await atPrimary((other) => other.save("theirs", 1));
    lose();
    expect(await settled(storage.load("theirs"))).toBeUndefined();
    await storage.save("c", 1);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["b", "c"]);
    expect((await storage.search({ tags: ["t"] })).map(({ key }) => key)).toEqual(["b"]);
    expect(await storage.count()).toBe(2);
    expect(await storage.delete("theirs")).toBe(false);
    await comeBack();
    // It was not known, so it was not meant.
    expect(await storage.load("theirs")).toBe(1);
    expect(events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("holds preconditions against what it knows", async () => {
    const first = await storage.save("a", 1);
    lose();
    const second = await settled(storage.save("a", 2, { ifVersion: first.version }));
    await expect(storage.save("a", 3, { ifVersion: first.version })).rejects.toMatchObject({
      code: "CONFLICT",
      current: second.version,
    });
    await expect(storage.save("a", 3, { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("tells watchers of a write when it is taken, and not again when it is replayed", async () => {
    const changes: Change[] = [];
    const unwatch = await storage.watch("", (change) => changes.push(change));
    lose();
    const { version } = await settled(storage.save("a", 1));
    await comeBack();
    await storage.save("b", 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(changes.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(changes[0]).toMatchObject({ type: "save", version, origin: "self" });
    await unwatch();
  });

  it("lets other errors than its being away out as they are", async () => {
    await settled(storage.close());
    primary = faulty(memory({ store: remote, capacity: 1_000 }));
    storage = await start();
    await expect(storage.save("a", "x".repeat(2_000))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(events).toEqual([]);
  });

  it("counts a primary that does not answer in time as away", async () => {
    primary.inject({ method: "put", fault: "hang", times: Number.POSITIVE_INFINITY });
    const before = ports.clock.now();
    await settled(storage.save("a", 1));
    // Three tries of ten seconds, with pauses in between.
    expect(ports.clock.now() - before).toBeCloseTo(30_150, -2);
    expect(events).toMatchObject([{ mode: "fallback", reason: "memory did not answer within 10000 ms", waiting: 0 }]);
  });
});

describe("when the primary is back", () => {
  it("keeps both versions where somebody else has written, and tells", async () => {
    await storage.save("a", 1);
    lose();
    const ours = await settled(storage.save("a", "ours"));
    const theirs = await atPrimary((other) => other.save("a", "theirs"));
    await comeBack();
    const keptAs = `a.conflict-${ours.version}`;
    expect(await storage.load("a")).toBe("theirs");
    expect(await storage.load(keptAs)).toBe("ours");
    const { version } = ours;
    expect(events).toContainEqual({ type: "conflict", key: "a", version, current: theirs.version, keptAs });
  });

  it("keeps the other's version where ours was a deletion, and ours where theirs was", async () => {
    for (const key of ["a", "b"]) await storage.save(key, 1);
    lose();
    await settled(storage.delete("a"));
    await storage.save("b", "ours");
    await atPrimary(async (other) => [await other.save("a", "theirs"), await other.delete("b")]);
    await comeBack();
    expect(await storage.load("a")).toBe("theirs");
    expect(await storage.load("b")).toBe("ours");
    expect(events).toContainEqual(expect.objectContaining({ type: "conflict", key: "b", current: null, keptAs: "b" }));
  });

  it("does not write a second time what had arrived although no answer came, whatever became of it", async () => {
    await storage.save("a", 1);
    primary.inject({ method: "put", key: "a", fault: "after", times: 3 });
    lose();
    await settled(storage.save("a", "ours"));
    expect(await atPrimary((other) => other.load("a"))).toBe("ours");
    await atPrimary((other) => other.save("a", "theirs"));
    await comeBack();
    expect(await atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual(["a"]);
    expect(await storage.load("a")).toBe("theirs");
    expect(events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("leaves what it did not know where something of its own there was saved and deleted", async () => {
    await atPrimary((other) => other.save("theirs", 1));
    lose();
    await settled(storage.save("theirs", "ours"));
    expect(await storage.delete("theirs")).toBe(true);
    await storage.save("new", 1);
    await storage.delete("new");
    await comeBack();
    expect(await atPrimary((other) => other.load("theirs"))).toBe(1);
    const conflicts = events.filter(({ type }) => type === "conflict");
    expect(conflicts).toEqual([expect.not.objectContaining({ keptAs: expect.anything() })]);
    expect(conflicts).toMatchObject([{ key: "theirs" }]);
  });

  it("hands a batch over as one, joined with what else was written as one", async () => {
    for (const key of ["a", "b", "c", "d"]) await storage.save(key, 0);
    lose();
    const put = (key: string, data: unknown) => ({ type: "save", key, data }) as const;
    await settled(storage.batch([put("a", 1), put("b", 1)]));
    await storage.batch([put("b", 2), put("c", 2)]);
    await storage.save("d", 3);
    const before = primary.calls.length;
    await comeBack();
    const sent = primary.calls.slice(before).filter(({ method }) => method === "batch" || method === "put");
    expect(sent.map(({ method, key }) => [method, key])).toEqual([
      ["put", "d"],
      ["batch", undefined],
    ]);
    expect(await atPrimary((other) => Promise.all(["a", "b", "c", "d"].map((key) => other.load(key))))).toEqual([
      1, 2, 2, 3,
    ]);
  });

  it("takes two probes that succeed, and asks ever more seldom one that comes and goes", async () => {
    lose();
    await settled(storage.save("a", 1));
    const probes = async (milliseconds: number) => {
      const before = primary.calls.filter(({ method }) => method === "stat").length;
      await ports.advance(milliseconds);
      return primary.calls.filter(({ method }) => method === "stat").length - before;
    };
    expect(await probes(999)).toBe(0);
    expect(await probes(1)).toBe(1);
    expect(await probes(2_000)).toBe(1);
    expect(await probes(4_000)).toBe(1);
    primary.heal();
    await probes(8_000);
    expect(modes()).toEqual(["fallback"]);
    await probes(8_000);
    expect(modes()).toEqual(["fallback", "recovering", "primary"]);
    lose();
    await settled(storage.save("a", 2));
    expect(await probes(15_999)).toBe(0);
    expect(await probes(1)).toBe(1);
    primary.heal();
    await ports.advance(130_000);
    lose();
    await settled(storage.save("a", 3));
    // It has stayed for longer than the longest pause.
    expect(await probes(1_000)).toBe(1);
  });

  it("waits for a fallback that holds writes and is away itself", async () => {
    await settled(storage.close());
    const [first, second] = [faulty(memory({ store: local })), faulty(memory())];
    storage = await start({ fallbacks: [{ adapter: first }, { adapter: second }] });
    await storage.save("a", 1);
    lose();
    await settled(storage.save("a", 2));
    first.inject(
      ...(["stat", "get", "put", "list"] as const).map(
        (method) => ({ method, fault: "before", times: Number.POSITIVE_INFINITY }) as const,
      ),
    );
    await expect(settled(storage.load("a"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settled(storage.save("a", 3));
    expect(await storage.load("a")).toBe(3);
    await comeBack();
    expect((await storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
    first.heal();
    await comeBack();
    await ports.advance(60_000);
    expect(await atPrimary((other) => other.load("a"))).toBe(3);
    expect((await storage.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
    expect(events.filter(({ type }) => type === "conflict")).toEqual([]);
  });
});

describe("a fallback that fails in between", () => {
  let first: FaultyAdapter;
  let second: FaultyAdapter;
  beforeEach(async () => {
    await settled(storage.close());
    [first, second] = [faulty(memory({ store: local })), faulty(memory())];
    storage = await start({ fallbacks: [{ adapter: first }, { adapter: second }] });
  });
  const failing = (methods: readonly ("stat" | "get" | "put")[], times: number) =>
    methods.map((method) => ({ method, fault: "before", times }) as const);

  it("is not asked for what another one has taken, although nobody heard of that", async () => {
    await storage.save("a", 1);
    lose();
    first.inject(...failing(["stat"], 2));
    second.inject({ method: "put", fault: "after" });
    await settled(storage.save("a", 2));
    expect(await storage.load("a")).toBe(2);
    await comeBack();
    expect(await atPrimary((other) => other.load("a"))).toBe(2);
    expect(events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("does not make a refusal of what it may have taken", async () => {
    const { version } = await storage.save("a", 1);
    lose();
    await settled(storage.save("a", 2, { ifVersion: version }));
    first.inject({ method: "put", fault: "after" });
    const taken = await settled(storage.save("a", 3));
    expect(await storage.stat("a")).toEqual(taken);
    await comeBack();
    expect(await atPrimary((other) => other.load("a"))).toBe(3);
  });

  it("has no copy of before when the other's entries have been replayed", async () => {
    await storage.save("a", 1);
    lose();
    first.inject(...failing(["stat"], 1));
    await settled(storage.save("a", 2));
    await comeBack();
    lose();
    expect(await settled(storage.load("a"))).toBe(2);
  });

  it("does not list a copy that is known to be behind", async () => {
    await settled(storage.close());
    storage = await start({ fallbacks: [{ adapter: first }], whenUnknown: "absent" });
    await storage.save("a", 1);
    await storage.save("b", 1);
    first.inject(...failing(["put"], 1));
    await storage.save("a", 2);
    lose();
    expect((await settled(storage.list())).map(({ key }) => key)).toEqual(["b"]);
  });

  it("forgets what the primary turned out not to have", async () => {
    await storage.save("a", 1);
    await settled(storage.close());
    storage = await start({ fallbacks: [{ adapter: memory({ store: local }) }] });
    await atPrimary((other) => other.delete("a"));
    expect(await storage.load("a")).toBeUndefined();
    lose();
    await expect(settled(storage.load("a"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a conflict", () => {
  it("is told of again where the process dies before its entry has gone, rather than never", async () => {
    await settled(storage.close());
    const first = faulty(memory({ store: local }));
    storage = await start({ fallbacks: [{ adapter: first }] });
    await storage.save("a", 1);
    lose();
    const ours = await settled(storage.save("a", "ours"));
    await atPrimary((other) => other.save("a", "theirs"));
    first.inject({ method: "delete", fault: "before", times: 1 });
    await comeBack();
    await ports.advance(120_000);
    const keptAs = `a.conflict-${ours.version}`;
    const told = events.filter(({ type }) => type === "conflict");
    expect(told).toMatchObject([
      { key: "a", keptAs },
      { key: "a", keptAs },
    ]);
    expect(await atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual(["a", keptAs]);
  });

  it("of an entry that was replaced before it was known to be kept is told of as well, and it is written once", async () => {
    await storage.save("a", 1);
    lose();
    const ours = await settled(storage.save("a", "ours"));
    await atPrimary((other) => other.save("a", "theirs"));
    const keptAs = `a.conflict-${ours.version}`;
    primary.heal();
    primary.inject({ method: "put", key: keptAs, fault: "after", times: 1 });
    await ports.advance(2_500);
    expect(await atPrimary((other) => other.load(keptAs))).toBe("ours");
    const next = await settled(storage.save("a", "newer"));
    await comeBack();
    await ports.advance(120_000);
    const told = events.flatMap((event) => (event.type === "conflict" ? [event.keptAs] : []));
    expect(new Set(told)).toEqual(new Set([keptAs, `a.conflict-${next.version}`]));
  });

  it("does not bring an entry back under its own key, which has become free, when it is kept already", async () => {
    lose();
    const ours = await settled(storage.save("a", "ours"));
    await atPrimary((other) => other.save("a", "theirs"));
    const keptAs = `a.conflict-${ours.version}`;
    primary.heal();
    primary.inject({ method: "put", key: keptAs, fault: "after", times: 1 });
    await ports.advance(2_500);
    await atPrimary((other) => other.delete("a"));
    await comeBack();
    await ports.advance(120_000);
    expect(await atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual([keptAs]);
  });
});

describe("over a restart", () => {
  it("replays before the storage is open what a ledger on the disk holds", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-fallbacks-"));
    try {
      const open = () =>
        settled(
          createStorage(
            { primary: { adapter: primary }, fallbacks: [{ type: "sqlite", path: join(folder, "a.db") }] },
            { ports },
          ),
        );
      await storage.close();
      lose();
      let app = await open();
      expect(app.getCapabilities().native).toMatchObject({
        durability: "memory",
        batch: "atomic",
        streams: "buffered",
      });
      await settled(app.save("a", new Uint8Array(3_000_000).fill(7)));
      await settled(app.close());
      app = await open();
      expect((await app.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
      expect(await app.load("a")).toHaveLength(3_000_000);
      await settled(app.close());
      primary.heal();
      app = await open();
      expect((await app.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
      expect(await atPrimary((other) => other.load("a"))).toEqual(new Uint8Array(3_000_000).fill(7));
      await settled(app.close());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("does not open without a fallback that may hold writes", async () => {
    const second = faulty(memory(), { faults: [{ method: "open", fault: "before" }] });
    const opening = createStorage({ primary: { adapter: memory() }, fallbacks: [{ adapter: second }] }, { ports });
    await expect(settled(opening)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
