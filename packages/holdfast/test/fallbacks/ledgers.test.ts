import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FaultyAdapter, faulty } from "@holdfast/conformance";
import { type Ports, type StorageAdapter, sleep } from "@holdfast/core";
import { type createMemoryStore, memory } from "@holdfast/memory";
import { createStorage } from "holdfast";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Outage } from "./support/outage.ts";

let at: Outage;
beforeEach(async () => {
  at = await Outage.begin();
});
afterEach(() => at.close());

describe("a fallback that fails in between", () => {
  let first: FaultyAdapter;
  let second: FaultyAdapter;
  beforeEach(async () => {
    await at.close();
    [first, second] = [faulty(memory({ store: at.local })), faulty(memory())];
    await at.start({ fallbacks: [{ adapter: first }, { adapter: second }] });
  });
  const failing = (methods: readonly ("stat" | "get" | "put")[], times: number) =>
    methods.map((method) => ({ method, fault: "before", times }) as const);

  it("is not asked for what another one has taken, although nobody heard of that", async () => {
    await at.storage.save("a", 1);
    at.lose();
    first.inject(...failing(["stat"], 2));
    second.inject({ method: "put", fault: "after" });
    await at.settled(at.storage.save("a", 2));
    expect(await at.storage.load("a")).toBe(2);
    await at.comeBack();
    expect(await at.atPrimary((other) => other.load("a"))).toBe(2);
    expect(at.events.filter(({ type }) => type === "conflict")).toEqual([]);
  });

  it("does not make a refusal of what it may have taken", async () => {
    const { version } = await at.storage.save("a", 1);
    at.lose();
    await at.settled(at.storage.save("a", 2, { ifVersion: version }));
    first.inject({ method: "put", fault: "after" });
    const taken = await at.settled(at.storage.save("a", 3));
    expect(await at.storage.stat("a")).toEqual(taken);
    await at.comeBack();
    expect(await at.atPrimary((other) => other.load("a"))).toBe(3);
  });

  it("has no copy of before when the other's entries have been replayed", async () => {
    await at.storage.save("a", 1);
    at.lose();
    first.inject(...failing(["stat"], 1));
    await at.settled(at.storage.save("a", 2));
    await at.comeBack();
    at.lose();
    expect(await at.settled(at.storage.load("a"))).toBe(2);
  });

  it("does not list a copy that is known to be behind", async () => {
    await at.close();
    await at.start({ fallbacks: [{ adapter: first }], whenUnknown: "absent" });
    await at.storage.save("a", 1);
    await at.storage.save("b", 1);
    first.inject(...failing(["put"], 1));
    await at.storage.save("a", 2);
    at.lose();
    expect((await at.settled(at.storage.list())).map(({ key }) => key)).toEqual(["b"]);
  });

  it("forgets what the primary turned out not to have", async () => {
    await at.storage.save("a", 1);
    await at.close();
    await at.start({ fallbacks: [{ adapter: memory({ store: at.local }) }] });
    await at.atPrimary((other) => other.delete("a"));
    expect(await at.storage.load("a")).toBeUndefined();
    at.lose();
    await expect(at.settled(at.storage.load("a"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a conflict", () => {
  it("is told of again where the process dies before its entry has gone, rather than never", async () => {
    await at.close();
    const first = faulty(memory({ store: at.local }));
    await at.start({ fallbacks: [{ adapter: first }] });
    await at.storage.save("a", 1);
    at.lose();
    const ours = await at.settled(at.storage.save("a", "ours"));
    await at.atPrimary((other) => other.save("a", "theirs"));
    first.inject({ method: "delete", fault: "before", times: 1 });
    await at.comeBack();
    await at.ports.advance(120_000);
    const keptAs = `a.conflict-${ours.version}`;
    const told = at.events.filter(({ type }) => type === "conflict");
    expect(told).toMatchObject([
      { key: "a", keptAs },
      { key: "a", keptAs },
    ]);
    expect(await at.atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual(["a", keptAs]);
  });

  it("of an entry that was replaced before it was known to be kept is told of as well, and it is written once", async () => {
    await at.storage.save("a", 1);
    at.lose();
    const ours = await at.settled(at.storage.save("a", "ours"));
    await at.atPrimary((other) => other.save("a", "theirs"));
    const keptAs = `a.conflict-${ours.version}`;
    at.primary.heal();
    at.primary.inject({ method: "put", key: keptAs, fault: "after", times: 1 });
    await at.ports.advance(2_500);
    expect(await at.atPrimary((other) => other.load(keptAs))).toBe("ours");
    const next = await at.settled(at.storage.save("a", "newer"));
    await at.comeBack();
    await at.ports.advance(120_000);
    const told = at.events.flatMap((event) => (event.type === "conflict" ? [event.keptAs] : []));
    expect(new Set(told)).toEqual(new Set([keptAs, `a.conflict-${next.version}`]));
  });

  it("does not bring an entry back under its own key, which has become free, when it is kept already", async () => {
    at.lose();
    const ours = await at.settled(at.storage.save("a", "ours"));
    await at.atPrimary((other) => other.save("a", "theirs"));
    const keptAs = `a.conflict-${ours.version}`;
    at.primary.heal();
    at.primary.inject({ method: "put", key: keptAs, fault: "after", times: 1 });
    await at.ports.advance(2_500);
    await at.atPrimary((other) => other.delete("a"));
    await at.comeBack();
    await at.ports.advance(120_000);
    expect(await at.atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual([keptAs]);
  });
});

describe("over a restart", () => {
  it("replays before the storage is open what a ledger on the disk holds", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-fallbacks-"));
    try {
      const open = () =>
        at.settled(
          createStorage(
            { primary: { adapter: at.primary }, fallbacks: [{ type: "sqlite", path: join(folder, "a.db") }] },
            { ports: at.ports },
          ),
        );
      await at.storage.close();
      at.lose();
      let app = await open();
      expect(app.getCapabilities().native).toMatchObject({
        durability: "memory",
        batch: "atomic",
        streams: "buffered",
      });
      await at.settled(app.save("a", new Uint8Array(3_000_000).fill(7)));
      await at.settled(app.close());
      app = await open();
      expect((await app.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
      expect(await app.load("a")).toHaveLength(3_000_000);
      await at.settled(app.close());
      at.primary.heal();
      app = await open();
      expect((await app.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
      expect(await at.atPrimary((other) => other.load("a"))).toEqual(new Uint8Array(3_000_000).fill(7));
      await at.settled(app.close());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("does not open without a fallback that may hold writes", async () => {
    const second = faulty(memory(), { faults: [{ method: "open", fault: "before" }] });
    const opening = createStorage(
      { primary: { adapter: memory() }, fallbacks: [{ adapter: second }] },
      { ports: at.ports },
    );
    await expect(at.settled(opening)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a primary that takes its time", () => {
  /** A megabyte takes eight seconds, on its way there and when everything is looked through. */
  function slow(store: ReturnType<typeof createMemoryStore>, ports: Pick<Ports, "timers">): StorageAdapter {
    const adapter = memory({ store });
    const put = adapter.put.bind(adapter);
    adapter.put = async (record, condition, options) => {
      await sleep(ports.timers, record.body.byteLength / 125);
      return put(record, condition, options);
    };
    const looks: string[] = [];
    return Object.assign(adapter, {
      looks,
      maintain: {
        async check() {
          looks.push("check");
          await sleep(ports.timers, 60_000);
          return [];
        },
      },
    });
  }

  it("is not away because a large body takes long, nor when that is replayed", async () => {
    await at.close();
    const primary = faulty(slow(at.remote, at.ports));
    await at.start({ primary: { adapter: primary } });
    const body = new Uint8Array(4_000_000).fill(1);
    await at.settled(at.storage.save("large", body));
    expect(at.modes).toEqual([]);
    primary.inject(...(["stat", "put"] as const).map((method) => ({ method, fault: "before", times: 9 }) as const));
    await at.settled(
      at.storage.save(
        "large",
        body.map(() => 2),
      ),
    );
    expect(at.modes).toEqual(["fallback"]);
    primary.heal();
    await at.ports.advance(120_000);
    expect(at.modes).toEqual(["fallback", "recovering", "primary"]);
    expect(await at.atPrimary((other) => other.load<Uint8Array>("large"))).toEqual(body.map(() => 2));
  });

  it("is asked to look through everything once, for as long as that takes", async () => {
    await at.close();
    const primary = slow(at.remote, at.ports);
    await at.start({ primary: { adapter: primary } });
    await at.settled(at.storage.save("a", 1));
    expect((await at.settled(at.storage.verify())).ok).toBe(true);
    expect((primary as StorageAdapter & { looks: string[] }).looks).toEqual(["check"]);
    expect(at.modes).toEqual([]);
  });
});

it("what the primary does not take keeps nothing else waiting", async () => {
  await at.close();
  const primary = faulty(memory({ store: at.remote, capacity: 3_000 }));
  await at.start({ primary: { adapter: primary } });
  primary.inject(
    ...(["stat", "put"] as const).map(
      (method) => ({ method, fault: "before", times: Number.POSITIVE_INFINITY }) as const,
    ),
  );
  await at.settled(at.storage.save("a/large", "x".repeat(5_000)));
  for (const key of ["b", "c"]) await at.storage.save(key, key);
  primary.heal();
  await at.ports.advance(60_000);
  expect(await at.atPrimary(async (other) => (await other.list()).map(({ key }) => key))).toEqual(["b", "c"]);
  expect((await at.storage.getInfo()).details).toMatchObject({ mode: "fallback", waiting: 1 });
  expect(await at.storage.load("a/large")).toBe("x".repeat(5_000));
  expect(at.events.at(-1)).toMatchObject({
    type: "mode",
    mode: "fallback",
    reason: expect.stringContaining("no room"),
  });
});
