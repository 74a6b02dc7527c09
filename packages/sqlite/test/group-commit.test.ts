import { setTimeout as unmocked } from "node:timers";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { ManualTimers } from "./support/manual-timers.js";
import { anyway, at, call, contextOf, noise, record, version } from "./support/records.js";
import { type FullAdapter, openAdapter } from "./support/stores.js";

async function open(): Promise<{ adapter: FullAdapter; driver: FaultyDriver; transactions: () => number }> {
  const driver = new FaultyDriver();
  const adapter = await openAdapter({ driver });
  const before = driver.count("BEGIN IMMEDIATE");
  return { adapter, driver, transactions: () => driver.count("BEGIN IMMEDIATE") - before };
}

const put = async (adapter: FullAdapter, key: string, n: number) => adapter.put(record(key, n), anyway, call);

describe("writes that come together", () => {
  it("are committed together: 64 in one transaction", async () => {
    const { adapter, transactions } = await open();
    const outcomes = await Promise.all(Array.from({ length: 64 }, (_, n) => put(adapter, `k${n}`, n + 1)));
    expect(outcomes.every(({ outcome }) => outcome === "written")).toBe(true);
    expect(transactions()).toBe(1);
    expect((await adapter.info(at)).items).toBe(64);
  });

  it("also when they come by different ways within a turn of the event loop", async () => {
    const { adapter, transactions } = await open();
    const late = async (depth: number, n: number): Promise<unknown> =>
      depth === 0 ? put(adapter, `k${n}`, n + 1) : Promise.resolve().then(() => late(depth - 1, n));
    await Promise.all([late(0, 1), late(3, 2), late(40, 3)]);
    expect(transactions()).toBe(1);
  });

  it("have each their own outcome", async () => {
    const { adapter, transactions } = await open();
    await put(adapter, "old", 5);
    const outcomes = await Promise.all([
      put(adapter, "new", 6),
      put(adapter, "old", 4),
      adapter.put(record("old", 7), { ...anyway, expect: "absent" }, call),
      adapter.delete("none", { version: version(8), expect: "any", now: anyway.now }, call),
      adapter.batch([{ type: "put", record: record("batch", 9), expect: "absent" }], { ...at }),
      adapter.delete("old", { version: version(10), expect: version(5), now: anyway.now }, call),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      "written",
      "stale",
      "conflict",
      "absent",
      "applied",
      "deleted",
    ]);
    expect(transactions()).toBe(2);
  });

  it("see each other in the order in which they came: of many that create a key, the first wins", async () => {
    const { adapter } = await open();
    const create = (n: number) => adapter.put(record("k", n), { ...anyway, expect: "absent" }, call);
    const outcomes = await Promise.all([create(3), create(1), create(2)]);
    expect(outcomes).toEqual([
      { outcome: "written", header: record("k", 3).header },
      { outcome: "conflict", current: record("k", 3).header },
      { outcome: "conflict", current: record("k", 3).header },
    ]);
  });

  it("are told of nothing before the commit", async () => {
    const { adapter, driver } = await open();
    const order: string[] = [];
    driver.fault = (sql) => {
      if (sql === "COMMIT") order.push("commit");
      return undefined;
    };
    await Promise.all([1, 2].map((n) => put(adapter, `k${n}`, n).then(() => order.push("told"))));
    expect(order).toEqual(["commit", "told", "told"]);
  });

  it("are split where one group would hold the thread for long", async () => {
    const { adapter, transactions } = await open();
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => put(adapter, `k${n}`, n + 1)));
    expect(transactions()).toBe(3);
    const body = noise(6 * 2 ** 20);
    await Promise.all([1, 2, 3].map((n) => adapter.put(record(`big${n}`, n, { body }), anyway, call)));
    expect(transactions()).toBe(5);
  });

  it("leave the event loop its turns, however many follow each other", async () => {
    const { adapter } = await open();
    let rang = false;
    unmocked(() => {
      rang = true;
    }, 0);
    let saves = 0;
    while (!rang && saves < 10_000) await put(adapter, "k", ++saves);
    expect(rang).toBe(true);
  });
});

describe("a write that fails inside a group", () => {
  it("does not fail the others: they run one by one", async () => {
    const { adapter, driver, transactions } = await open();
    // The second insert of this body never fits; a first one had been written when it failed.
    let inserts = 0;
    driver.fault = (sql) =>
      sql.startsWith("INSERT INTO bodies") && ++inserts > 1 ? failing("", "SQLITE_FULL")(sql) : undefined;
    const outcomes = await Promise.allSettled([put(adapter, "a", 1), put(adapter, "b", 2), put(adapter, "c", 3)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    driver.fault = () => undefined;
    expect(await adapter.list({ prefix: "", after: undefined, limit: 9 }, at)).toEqual([]);
    expect(transactions()).toBe(4);

    inserts = 0;
    driver.fault = (sql) =>
      sql.startsWith("INSERT INTO bodies") && ++inserts === 2 ? failing("", "SQLITE_FULL")(sql) : undefined;
    const again = await Promise.all([put(adapter, "a", 1), put(adapter, "b", 2), put(adapter, "c", 3)]);
    expect(again.map(({ outcome }) => outcome)).toEqual(["written", "written", "written"]);
    expect(transactions()).toBe(8);
  });

  it("alone is told its own error", async () => {
    const { adapter, driver } = await open();
    driver.fault = (sql) => (sql.startsWith("INSERT INTO chunks") ? failing("", "SQLITE_IOERR_READ")(sql) : undefined);
    const outcomes = await Promise.allSettled([
      put(adapter, "a", 1),
      adapter.put(record("b", 2, { body: noise(2 ** 20 + 1) }), anyway, call),
      put(adapter, "c", 3),
    ]);
    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "SQLITE_IOERR_READ" } },
      { status: "fulfilled" },
    ]);
    expect((await adapter.list({ prefix: "", after: undefined, limit: 9 }, at)).map(({ key }) => key)).toEqual([
      "a",
      "c",
    ]);
  });
});

describe("a write whose signal fires before its group begins", () => {
  it("leaves with the signal's reason, and the others are committed", async () => {
    const { adapter, transactions } = await open();
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const outcomes = Promise.allSettled([
      put(adapter, "a", 1),
      adapter.put(record("b", 2), anyway, { signal: controller.signal }),
      put(adapter, "c", 3),
    ]);
    controller.abort(reason);
    expect(await outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason },
      { status: "fulfilled" },
    ]);
    expect(await adapter.stat("b", at)).toBeUndefined();
    expect(transactions()).toBe(1);
  });

  it("also while the group waits for a lock", async () => {
    const driver = new FaultyDriver();
    const timers = new ManualTimers();
    const adapter = await openAdapter({ driver }, contextOf(timers.ports));
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY", 1);
    const controller = new AbortController();
    const outcomes = Promise.allSettled([
      put(adapter, "a", 1),
      adapter.put(record("b", 2), anyway, { signal: controller.signal }),
    ]);
    await timers.advance(0);
    controller.abort();
    await timers.advance(10);
    expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await adapter.stat("b", at)).toBeUndefined();
  });
});
