import type { AdapterChange } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { FaultyDriver, failing } from "./support/faulty-driver.js";
import { ManualTimers } from "./support/manual-timers.js";
import { anyway, call, contextOf, NOW, record, version } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

/** A place in the feed from which its horizon, 100,000 entries, does not reach back to the first. */
const FAR_AHEAD = 200_000;

const put = async (adapter: FullAdapter, key: string, n: number) => adapter.put(record(key, n), anyway, call);
const remove = (adapter: FullAdapter, key: string, n: number) =>
  adapter.delete(key, { version: version(n), expect: "any", now: NOW }, call);
const save = (key: string, n: number) => ({
  type: "save",
  key,
  version: version(n),
  cursor: expect.stringMatching(`^[0-9a-f]{32}:[0-9]+:${version(n)}$`),
});

async function two() {
  const path = temporaryPath();
  const timers = new ManualTimers();
  const driver = new FaultyDriver();
  const mine = await openAdapter({ path, driver }, contextOf({ timers }));
  const other = await openAdapter({ path });
  const changes: AdapterChange[] = [];
  return { path, timers, driver, mine, other, changes, listener: (change: AdapterChange) => void changes.push(change) };
}

describe("a watcher", () => {
  it("is told of own commits by the time they are acknowledged, once each, and of nothing before it watched", async () => {
    const { mine, changes, listener } = await two();
    await put(mine, "before", 1);
    await mine.watch(listener);
    await put(mine, "a", 5);
    expect(changes).toEqual([save("a", 5)]);
    await Promise.all([put(mine, "b", 6), remove(mine, "a", 7), put(mine, "b", 3), remove(mine, "none", 8)]);
    expect(changes.slice(1)).toEqual([save("b", 6), { ...save("a", 7), type: "delete" }]);
  });

  it("is told of other connections' commits within a tenth of a second, in commit order with its own", async () => {
    const { mine, other, timers, changes, listener } = await two();
    await mine.watch(listener);
    await put(other, "a", 1);
    await put(other, "b", 2);
    expect(changes).toEqual([]);
    await timers.advance(100);
    expect(changes).toEqual([save("a", 1), save("b", 2)]);
    await put(other, "c", 3);
    await put(mine, "d", 4);
    await put(other, "e", 5);
    await timers.advance(100);
    await timers.advance(1_000);
    expect(changes.slice(2)).toEqual([save("c", 3), save("d", 4), save("e", 5)]);
  });

  it("is told the very entries of the feed, in its order", async () => {
    const { mine, other, timers, changes, listener } = await two();
    const start = await mine.lastCursor(call);
    await mine.watch(listener);
    await Promise.all([put(mine, "a", 5), put(mine, "b", 3), put(other, "c", 4), remove(other, "c", 9)]);
    await timers.advance(100);
    expect(changes).toHaveLength(4);
    expect(await mine.changes({ after: start, limit: 9 }, call)).toEqual({ outcome: "page", changes });
    expect(changes.at(-1)?.cursor).toBe(await other.lastCursor(call));
  });

  it("looks at the database only while somebody watches, and reads the feed only when something was committed", async () => {
    const { mine, timers, driver, listener } = await two();
    expect(timers.waiting).toBe(0);
    const unwatch = await mine.watch(listener);
    await timers.advance(100);
    const reads = driver.count("SELECT seq, key");
    await timers.advance(1_000);
    expect(driver.count("PRAGMA data_version")).toBeGreaterThan(5);
    expect(driver.count("SELECT seq, key")).toBe(reads);
    await unwatch();
    expect(timers.waiting).toBe(0);
  });

  it("that has let go is told nothing more, while others are", async () => {
    const { mine, changes, listener } = await two();
    const unwatch = await mine.watch(() => expect.unreachable());
    await mine.watch(listener);
    await unwatch();
    await put(mine, "a", 1);
    expect(changes).toEqual([save("a", 1)]);
  });

  it("that joins is told of nothing that was committed before", async () => {
    const { mine, other, changes, listener } = await two();
    const early: AdapterChange[] = [];
    await mine.watch((change) => early.push(change));
    await put(other, "a", 1);
    await mine.watch(listener);
    expect(early).toEqual([save("a", 1)]);
    await put(mine, "b", 2);
    expect(changes).toEqual([save("b", 2)]);
    expect(early).toEqual([save("a", 1), save("b", 2)]);
  });

  it("that throws fails neither the commit nor the other watchers", async () => {
    const { mine, changes, listener } = await two();
    const uncaught = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
    await mine.watch(() => {
      throw new Error("listener");
    });
    await mine.watch(listener);
    expect(await put(mine, "a", 1)).toMatchObject({ outcome: "written" });
    expect(changes).toEqual([save("a", 1)]);
    expect(uncaught).toHaveBeenCalledTimes(1);
    expect(() => uncaught.mock.calls[0]?.[0]()).toThrow("listener");
  });

  it("misses nothing when a look meets a lock", async () => {
    const { mine, other, timers, driver, changes, listener } = await two();
    await mine.watch(listener);
    driver.fault = failing("SELECT seq, key", "SQLITE_BUSY_RECOVERY", 2);
    await put(other, "a", 1);
    await timers.advance(100);
    expect(changes).toEqual([]);
    await timers.advance(300);
    expect(changes).toEqual([save("a", 1)]);
  });

  it("that has slept beyond the feed's horizon is told of every key as it stands", async () => {
    const { path, mine, timers, changes, listener } = await two();
    await put(mine, "a", 1);
    await put(mine, "b", 2);
    await remove(mine, "b", 3);
    await mine.watch(listener);
    const raw = openRaw(path);
    raw.exec("BEGIN");
    const insert = raw.prepare("INSERT INTO feed (seq, key, version, type, high) VALUES (?, 'x', 'v', 'save', 'v')");
    insert.run(FAR_AHEAD);
    raw.exec(`DELETE FROM feed WHERE seq < ${FAR_AHEAD}; COMMIT`);
    await timers.advance(100);
    expect(changes).toMatchObject([
      { type: "save", key: "a", version: version(1) },
      { type: "delete", key: "b", version: version(3) },
    ]);
    await timers.advance(1_000);
    expect(changes).toHaveLength(2);
  });

  it("that is told of every key instead can go on from a cursor only when it has heard the last", async () => {
    const { path, mine, timers, changes, listener } = await two();
    for (const [n, key] of ["a", "b", "c"].entries()) await put(mine, key, n + 1);
    await mine.watch(listener);
    const before = await mine.lastCursor(call);
    const raw = openRaw(path);
    raw.exec(`BEGIN;
      INSERT INTO feed (seq, key, version, type, high) VALUES (${FAR_AHEAD}, 'x', 'v', 'save', 'v');
      DELETE FROM feed WHERE seq < ${FAR_AHEAD};
      COMMIT`);
    await timers.advance(100);
    const end = await mine.lastCursor(call);
    expect(changes.map(({ cursor }) => cursor)).toEqual([before, before, end]);
    expect(await mine.changes({ after: before, limit: 9 }, call)).toEqual({ outcome: "resync" });
    expect(await mine.changes({ after: end, limit: 9 }, call)).toEqual({ outcome: "page", changes: [] });
    await put(mine, "d", 4);
    expect(await mine.changes({ after: end, limit: 9 }, call)).toEqual({ outcome: "page", changes: changes.slice(3) });
  });

  it("lets its adapter be closed, and is told nothing more", async () => {
    const { mine, other, timers, changes, listener } = await two();
    await mine.watch(listener);
    await mine.close();
    await put(other, "a", 1);
    await timers.advance(1_000);
    expect(changes).toEqual([]);
    expect(timers.waiting).toBe(0);
  });
});
