import { systemPorts } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import { describe, expect, it } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { ManualTimers } from "./support/manual-timers.js";
import { anyway, at, call, contextOf, record } from "./support/records.js";
import { openAdapter, openRaw, temporaryPath } from "./support/stores.js";

async function open(lockTimeout = 1_000) {
  const driver = new FaultyDriver();
  const timers = new ManualTimers();
  const adapter = await openAdapter({ driver, lockTimeout }, contextOf(timers.ports));
  return { driver, timers, adapter };
}

describe("a lock that is held elsewhere", () => {
  it("is waited for, on timers, until it is let go", async () => {
    const { adapter, driver, timers } = await open();
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY", 5);
    const saved = adapter.put(record("k", 1), anyway, call);
    await timers.advance(1_000);
    expect(await saved).toMatchObject({ outcome: "written" });
    expect(driver.count("BEGIN IMMEDIATE")).toBeGreaterThanOrEqual(6);
  });

  it("by who writes without a pause, and lets go for moments only, is got in one of them", async () => {
    const driver = new FaultyDriver();
    const timers = new ManualTimers();
    const random = { ...systemPorts.random, fraction: () => 1 };
    const adapter = await openAdapter({ driver, lockTimeout: 1_000 }, contextOf({ ...timers.ports, random }));
    const held = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    driver.fault = (sql) => (timers.now % 50 < 44 ? held(sql) : undefined);
    const saved = adapter.put(record("k", 1), anyway, call);
    await timers.advance(100);
    expect(timers.waiting).toBe(0);
    expect(await saved).toMatchObject({ outcome: "written" });
  });

  it("that is not let go is LOCKED after the time allowed, not before; and nothing is written", async () => {
    const { adapter, driver, timers } = await open(1_000);
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    let settled = false;
    const saved = Promise.resolve(adapter.put(record("k", 1), anyway, call)).finally(() => {
      settled = true;
    });
    const rejected = expect(saved).rejects.toMatchObject({ code: "LOCKED", retryable: true });
    await timers.advance(900);
    expect(settled).toBe(false);
    await timers.advance(300);
    await rejected;
    driver.fault = () => undefined;
    expect(await adapter.stat("k", at)).toBeUndefined();
    expect(await adapter.put(record("k", 1), anyway, call)).toMatchObject({ outcome: "written" });
  });

  it.each(["put", "read"])("is LOCKED in time for a %s where every timer comes late", async (call_) => {
    let now = 0;
    const late = {
      schedule(callback: () => void, milliseconds: number) {
        now += milliseconds + 12;
        const timer = setImmediate(callback);
        return () => clearImmediate(timer);
      },
    };
    const clock = { now: () => now, elapsed: () => now };
    const driver = new FaultyDriver();
    const adapter = await openAdapter({ driver, lockTimeout: 500 }, contextOf({ timers: late, clock }));
    driver.fault = failing(call_ === "put" ? "BEGIN IMMEDIATE" : "SELECT", "SQLITE_BUSY");
    const began = now;
    const asked = call_ === "put" ? adapter.put(record("k", 1), anyway, call) : adapter.maintain.check?.(call);
    await expect(asked).rejects.toMatchObject({ code: "LOCKED" });
    expect(now - began).toBeLessThan(520);
    driver.fault = () => undefined;
  });

  it("is waited for by each write for its own time, and then written for all that still wait in one group", async () => {
    const { adapter, driver, timers } = await open(1_000);
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    const first = expect(adapter.put(record("a", 1), anyway, call)).rejects.toMatchObject({ code: "LOCKED" });
    await timers.advance(800);
    const others = Promise.all([2, 3].map((n) => adapter.put(record(`k${n}`, n), anyway, call)));
    await timers.advance(500);
    await first;
    driver.fault = () => undefined;
    const commits = driver.count("COMMIT");
    await timers.advance(200);
    expect(await others).toMatchObject([{ outcome: "written" }, { outcome: "written" }]);
    expect(driver.count("COMMIT") - commits).toBe(1);
  });

  it("is LOCKED at once where no waiting is allowed", async () => {
    const { adapter, driver, timers } = await open(0);
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    await expect(adapter.put(record("k", 1), anyway, call)).rejects.toMatchObject({ code: "LOCKED" });
    expect(timers.waiting).toBe(0);
  });

  it("does not hold up the event loop while another connection really has it", async () => {
    const path = temporaryPath();
    const timers = new ManualTimers();
    const adapter = await openAdapter({ path }, contextOf(timers.ports));
    const other = openRaw(path);
    other.exec("BEGIN IMMEDIATE");
    let settled = false;
    const saved = Promise.resolve(adapter.put(record("k", 1), anyway, call)).finally(() => {
      settled = true;
    });
    // A busy timeout inside SQLite, such as better-sqlite3's own of 5 s, would show in each; the machine may halt in some.
    let shortest = Number.POSITIVE_INFINITY;
    for (let waits = 0; waits < 3; waits++) {
      const began = performance.now();
      await timers.advance(5);
      shortest = Math.min(shortest, performance.now() - began);
    }
    expect(settled).toBe(false);
    expect(shortest).toBeLessThan(1_000);
    other.exec("COMMIT");
    await timers.advance(5);
    expect(await saved).toMatchObject({ outcome: "written" });
  });

  it("makes a check wait for it, not look through everything again at each try", async () => {
    const { adapter, driver, timers } = await open();
    await adapter.put(record("k", 1), anyway, call);
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY", 20);
    const checked = adapter.maintain.check?.(call);
    await timers.advance(1_000);
    expect(await checked).toEqual([]);
    expect(driver.count("PRAGMA quick_check")).toBe(1);
    driver.fault = failing("BEGIN IMMEDIATE", "SQLITE_BUSY");
    const locked = expect(adapter.maintain.check?.(call)).rejects.toMatchObject({ code: "LOCKED" });
    await timers.advance(1_100);
    await locked;
  });

  it("makes a read try again", async () => {
    const { adapter, driver, timers } = await open();
    await adapter.put(record("k", 1), anyway, call);
    driver.fault = failing("SELECT i.key", "SQLITE_BUSY_RECOVERY", 2);
    const read = adapter.stat("k", at);
    await timers.advance(100);
    expect(await read).toEqual(record("k", 1).header);
    driver.fault = failing("SELECT i.key", "SQLITE_BUSY_RECOVERY");
    const locked = expect(Promise.resolve(adapter.stat("k", at))).rejects.toMatchObject({ code: "LOCKED" });
    await timers.advance(2_000);
    await locked;
  });

  it.each(["PRAGMA journal_mode", "BEGIN IMMEDIATE", "CREATE TABLE", "SELECT count(*) AS count FROM sqlite_schema"])(
    "at %s makes open try again",
    async (start) => {
      const driver = new FaultyDriver();
      const timers = new ManualTimers();
      driver.fault = failing(start.startsWith("CREATE") ? "\nCREATE" : start, "SQLITE_BUSY", 3);
      const adapter = sqlite({ path: temporaryPath(), driver });
      const opened = adapter.open(contextOf(timers.ports));
      await timers.advance(100);
      expect(await opened).toEqual({ lastVersion: undefined });
      // What failed was closed again.
      expect(driver.count("open") - driver.count("close")).toBe(1);
      await adapter.close();
    },
  );

  it("that is not let go makes open LOCKED, with nothing left open", async () => {
    const driver = new FaultyDriver();
    const timers = new ManualTimers();
    driver.fault = failing("PRAGMA journal_mode", "SQLITE_BUSY");
    const adapter = sqlite({ path: temporaryPath(), driver, lockTimeout: 500 });
    const opened = expect(adapter.open(contextOf(timers.ports))).rejects.toMatchObject({ code: "LOCKED" });
    await timers.advance(1_000);
    await opened;
    expect(driver.count("open")).toBe(driver.count("close"));
  });
});
