import type {} from "@holdfast/browser";
import type { StorageEngine } from "@holdfast/core";
import { type IndexedDbOptions, indexeddb } from "@holdfast/indexeddb";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { commands } from "vitest/browser";
import { newName } from "./support/backing.ts";
import { MiB, noise, pieces } from "./support/bytes.ts";
import { outcomeOf } from "./support/outcome.ts";
import { openOn, openStore, tidyUp } from "./support/stores.ts";

const QUOTA = 8 * MiB;
beforeAll(async () => {
  await commands.limitQuota(QUOTA);
  // Chromium has heard of it when it refuses what does not fit: a large item, or already the store, where what files before this one had
  // stored is not taken back yet.
  const probe = () => outcomeOf(openStore().then((storage) => storage.save("probe", noise(2 * QUOTA))));
  await vi.waitUntil(async () => (await probe()) === "QUOTA_EXCEEDED", { timeout: 55_000, interval: 1_000 });
  await emptied();
});
afterEach(emptied);
afterAll(() => commands.limitQuota(undefined));

/** Saves items of so many bytes until there is no room for another. */
async function fill(storage: StorageEngine, size: number): Promise<string[]> {
  const saved: string[] = [];
  for (;;) {
    const key = `${size}/${saved.length}`;
    const outcome = await outcomeOf(storage.save(key, noise(size)));
    if (outcome !== "saved") {
      expect(outcome).toBe("QUOTA_EXCEEDED");
      return saved;
    }
    saved.push(key);
  }
}

/** The browser has taken back what the test had stored. */
async function emptied(): Promise<void> {
  await tidyUp();
  await vi.waitUntil(async () => ((await navigator.storage.estimate()).usage ?? 0) < MiB / 2, { timeout: 30_000 });
}

describe("without room", () => {
  it("refuses with QUOTA_EXCEEDED what does not fit, and takes what does", async () => {
    const storage = await openStore();
    await storage.save("before", "standing");
    await expect(storage.save("large", noise(9 * MiB))).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      key: "large",
      retryable: false,
      message: expect.stringContaining("persist()"),
    });
    await expect(storage.saveStream("stream", pieces(20))).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
    });
    await expect(storage.save("before", noise(9 * MiB))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    await storage.save("small", 1);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["before", "small"]);
    expect(await storage.load("before")).toBe("standing");
    expect(await storage.verify()).toMatchObject({ ok: true, items: 2 });
  });

  it("fails only those of a group that do not fit", async () => {
    const storage = await openStore();
    await storage.save("warm", 1);
    const outcomes = await Promise.allSettled([
      storage.save("a", 1),
      storage.save("large", noise(9 * MiB)),
      storage.save("b", 2),
      storage.delete("warm"),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it("leaves nothing of a batch that does not fit", async () => {
    const storage = await openStore();
    await storage.save("a", 1);
    await expect(
      storage.batch([
        { type: "save", key: "a", data: 2 },
        { type: "save", key: "large", data: noise(9 * MiB) },
      ]),
    ).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await storage.load("a")).toBe(1);
    expect(await storage.count()).toBe(1);
  });

  it("deletes from a store that is full to the brim", async () => {
    const storage = await openStore();
    const saved: string[] = [];
    for (const size of [900_000, 60_000, 3_000, 100]) saved.push(...(await fill(storage, size)));
    expect(await storage.delete(saved.at(-1) ?? "")).toBe(true);
    expect(await storage.count()).toBe(saved.length - 1);
  });

  it("refuses many after one wait, not each after its own, and lets a deletion go before them", async () => {
    const storage = await openStore();
    const saved: string[] = [];
    for (const size of [900_000, 60_000]) saved.push(...(await fill(storage, size)));
    const timers = vi.spyOn(globalThis, "setTimeout");
    const answers: string[] = [];
    const saves = Array.from({ length: 40 }, (_, index) => outcomeOf(storage.save(`more/${index}`, noise(400_000))));
    const deleting = storage.delete(saved.at(-1) ?? "").then(() => "deleted");
    await Promise.all([...saves, deleting].map((answer) => answer.then((outcome) => answers.push(outcome))));
    const waits = timers.mock.calls.filter(([, time]) => time === 50 || time === 200 || time === 800);
    timers.mockRestore();
    expect(answers[0]).toBe("deleted");
    // How much room the browser finds behind a deletion, it alone knows.
    const refused = answers.filter((answer) => answer === "QUOTA_EXCEEDED").length;
    expect(refused).toBeGreaterThan(20);
    expect(waits.length).toBeLessThanOrEqual(3 * (saves.length - refused + 3));
  });

  it("runs a group again one by one, so that those that fit are saved", async () => {
    const storage = await openStore();
    await storage.save("spare", noise(600_000));
    await fill(storage, 200_000);
    // What is left then is more than the group's other saves need, and less than its large one does.
    await storage.delete("spare");
    await expect.poll(() => outcomeOf(storage.save("small", noise(100_000)))).toBe("saved");
    const outcomes = await Promise.allSettled([
      storage.save("a", 1),
      storage.save("large", noise(2 * MiB)),
      storage.save("b", 2),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("finds room again once items are deleted", async () => {
    const storage = await openStore();
    await storage.save("old", noise(5 * MiB));
    await expect(storage.save("new", noise(5 * MiB))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    await storage.delete("old");
    await expect.poll(() => outcomeOf(storage.save("new", noise(5 * MiB)))).toBe("saved");
  });
});

describe("evictable items", () => {
  const evictable: IndexedDbOptions["evictable"] = ({ key, tags }) =>
    key.startsWith("cache/") || tags.includes("cache");

  it("go when there is no room, the least recently used first, and no others ever", async () => {
    let now = Date.UTC(2026, 0, 1);
    const storage = await openStore({ evictable }, { ports: { clock: { now: () => now } } });
    await storage.save("keep/old", noise(1 * MiB));
    for (const key of ["cache/a", "cache/b", "cache/c", "cache/d"]) {
      now += 1_000;
      await storage.save(key, noise(1 * MiB));
    }
    // Used again long after: it is not the oldest any more.
    now += 3_600_000;
    await storage.load("cache/a");
    const told: string[] = [];
    await storage.watch("", ({ type, key }) => told.push(`${type} ${key}`));
    await storage.save("keep/new", noise(4 * MiB));
    const left = (await storage.list()).map(({ key }) => key);
    expect(left).toEqual(expect.arrayContaining(["cache/a", "keep/new", "keep/old"]));
    expect(left).not.toContain("cache/b");
    await expect.poll(() => told).toContain("delete cache/b");
    expect(await storage.load("cache/b")).toBeUndefined();
    expect(await storage.verify()).toMatchObject({ ok: true });
  });

  it("are all that goes: when they do not suffice, the write is refused and the others stand", async () => {
    const storage = await openStore({ evictable });
    await storage.save("keep", noise(1 * MiB));
    await storage.save("tagged", noise(1 * MiB), { tags: ["cache"] });
    await expect(storage.save("huge", noise(9 * MiB))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect((await storage.list()).map(({ key }) => key)).toEqual(["keep"]);
  });

  it("are ordinary items as long as there is room, and never where the option is not set", async () => {
    const storage = await openStore();
    await storage.save("cache/a", noise(3 * MiB));
    await expect(storage.save("more", noise(7 * MiB))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await storage.exists("cache/a")).toBe(true);
  });

  it.each([
    ["with history", { history: true }],
    ["without", {}],
  ])("go with the versions that were kept of them, in a storage that is opened %s", async (_, settings) => {
    const name = newName();
    const before = await openStore({ name, evictable }, { history: true });
    for (let version = 0; version < 3; version++) await before.save("cache/a", noise(MiB));
    expect(await before.history("cache/a")).toHaveLength(2);
    await before.close();
    const storage = await openStore({ name, evictable }, settings);
    // More than there is room for beside any two of them.
    await storage.save("keep", noise(6 * MiB));
    expect(await storage.history("cache/a")).toEqual([]);
    expect(await storage.verify()).toMatchObject({ ok: true, items: 1 });
  });

  describe("that a write replaces", () => {
    /** A full store, in which `cache/a` was used before `cache/b`. Resolves to it, and to the version of `cache/a`. */
    async function filled(): Promise<{ storage: StorageEngine; version: string }> {
      const name = newName();
      let now = Date.UTC(2026, 0, 1);
      const settings = { ports: { clock: { now: () => (now += 1_000) } } };
      const storage = await openStore({ name, evictable }, settings);
      const { version } = await storage.save("cache/a", noise(200_000));
      await storage.save("cache/b", noise(3 * MiB));
      await storage.close();
      // Nothing of theirs is given up for what a store without the option saves.
      const filling = await openStore({ name }, settings);
      for (const each of [900_000, 90_000]) await fill(filling, each);
      await filling.close();
      return { storage: await openStore({ name, evictable }, settings), version };
    }

    it("are not what goes for it", async () => {
      const { storage } = await filled();
      const seen: unknown[] = [];
      await storage.update<Uint8Array>("cache/a", (body) => {
        seen.push(body?.length);
        return noise(500_000);
      });
      expect(seen).toEqual([200_000]);
      expect(await storage.stat("cache/a")).toMatchObject({ size: 500_000 });
      expect(await storage.exists("cache/b")).toBe(false);
    });

    it.each([
      [
        "a large item",
        (storage: StorageEngine, ifVersion: string) => storage.save("cache/a", noise(2 * MiB), { ifVersion }),
      ],
      [
        "a stream",
        (storage: StorageEngine, ifVersion: string) => storage.saveStream("cache/a", pieces(2), { ifVersion }),
      ],
      [
        "a batch",
        (storage: StorageEngine, ifVersion: string) =>
          storage.batch([
            { type: "save", key: "small", data: 1 },
            { type: "save", key: "cache/a", data: noise(2 * MiB), options: { ifVersion } },
          ]),
      ],
    ])("are not what goes for the pieces of %s", async (_, write) => {
      const { storage, version } = await filled();
      await write(storage, version);
      expect(await storage.stat("cache/a")).toMatchObject({ size: 2 * MiB });
      expect(await storage.exists("cache/b")).toBe(false);
    });
  });

  it("may be saved again behind their eviction, by whom they were saved before", async () => {
    const storage = await openStore({ evictable });
    const first = await storage.save("cache/a", noise(4 * MiB));
    await storage.save("keep", noise(6 * MiB));
    expect(await storage.exists("cache/a")).toBe(false);
    const again = await storage.save("cache/a", 1);
    expect(again.version > first.version).toBe(true);
    expect(await storage.load("cache/a")).toBe(1);
  });
});

describe("what the browser tells", () => {
  it("stands in getInfo and on the adapter", async () => {
    const name = newName();
    const adapter = indexeddb({ name });
    const storage = await openOn(adapter);
    await storage.save("a", noise(100_000));
    const info = await storage.getInfo();
    expect(info).toMatchObject({ adapter: "indexeddb", location: name, items: 1, bytes: 100_000 });
    expect(info.details).toEqual({
      usage: expect.any(Number),
      quota: expect.any(Number),
      persisted: expect.any(Boolean),
      durability: "relaxed",
      epoch: expect.stringMatching(/^[0-9a-f]+$/),
    });
    const { usage, quota } = await adapter.estimate();
    expect(usage).toBeGreaterThan(0);
    expect(quota).toBeGreaterThan(usage);
    expect(await adapter.persist()).toBe(await adapter.persisted());
  });

  it("is how durable the last write really was", async () => {
    const storage = await openStore({ durability: "strict" });
    expect(storage.getCapabilities().native.durability).toBe("media");
    await storage.save("a", 1);
    expect((await storage.getInfo()).details).toMatchObject({ durability: "strict" });
  });
});
