import { type Change, openStorage, type StorageEngine, systemPorts, type Version } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";
import { FEED_LENGTH, Feed } from "../dist/feed.js";

async function all(storage: StorageEngine, since?: string): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of storage.changes(since)) changes.push(change);
  return changes;
}

describe("memory's feed", () => {
  it("is shared by the adapters of a store, and goes on when they are closed", async () => {
    const store = createMemoryStore();
    const [one, other] = [await openStorage(memory({ store })), await openStorage(memory({ store }))];
    await one.save("a", 1);
    await other.save("b", 1);
    const changes = await all(one);
    expect(changes.map(({ key, origin }) => [key, origin])).toEqual([
      ["a", "self"],
      ["b", "peer"],
    ]);
    await one.close();
    const again = await openStorage(memory({ store }));
    await other.delete("a");
    expect(await all(again, changes[0]?.cursor)).toMatchObject([
      { key: "b", cursor: changes[1]?.cursor },
      { key: "a", type: "delete" },
    ]);
    expect(await all(again, (await again.getInfo()).cursor)).toEqual([]);
  });

  it("has an epoch of its own in each store", async () => {
    const [one, other] = [await openStorage(memory()), await openStorage(memory())];
    await one.save("a", 1);
    await other.save("a", 1);
    const { cursor } = await one.getInfo();
    await expect(all(other, cursor)).rejects.toMatchObject({ code: "NOT_FOUND", resync: true, adapter: "memory" });
  });

  it("takes its epoch from the randomness of whoever opens it first", async () => {
    const random = { bytes: (length: number) => new Uint8Array(length).fill(0xab), fraction: () => 0 };
    const store = createMemoryStore();
    const first = await openStorage(memory({ store }), { ports: { random } });
    await openStorage(memory({ store }));
    expect((await first.getInfo()).cursor).toBe("abababababababab-0");
  });

  it("refuses what is no cursor, and one that is ahead", async () => {
    const storage = await openStorage(memory());
    await storage.save("a", 1);
    const { cursor = "" } = await storage.getInfo();
    for (const since of [
      "",
      "1",
      `${cursor} `,
      `${cursor}.0`,
      cursor.replace("-1", "-01"),
      cursor.toUpperCase(),
      `x${cursor}`,
    ]) {
      if (since === cursor) continue;
      await expect(all(storage, since), since).rejects.toMatchObject({ code: "INVALID_OPTION", adapter: "memory" });
    }
    await expect(all(storage, cursor.replace("-1", "-2"))).rejects.toMatchObject({ code: "NOT_FOUND", resync: true });
  });

  it("reaches back 100,000 writes at least, and asks for a fresh start behind that", () => {
    const feed = new Feed();
    feed.begin(systemPorts);
    const cursors = [feed.cursor(0)];
    const add = (count: number) => {
      for (let index = 0; index < count; index++) feed.add({ type: "save", key: "k", version: "v" as Version });
      cursors.push(feed.cursor(feed.last));
    };
    const behind = (after: string | undefined) => {
      const page = feed.page(after, Number.MAX_SAFE_INTEGER);
      return page.outcome === "page" ? page.changes : undefined;
    };
    add(FEED_LENGTH);
    add(FEED_LENGTH);
    expect(FEED_LENGTH).toBe(100_000);
    expect(behind(undefined)).toHaveLength(2 * FEED_LENGTH);
    expect(behind(cursors[0])).toHaveLength(2 * FEED_LENGTH);
    add(1);
    expect(behind(undefined)).toBe(undefined);
    expect(behind(cursors[0])).toBe(undefined);
    expect(behind(feed.cursor(FEED_LENGTH - 1))).toBe(undefined);
    expect(behind(cursors[1])).toHaveLength(FEED_LENGTH + 1);
    add(FEED_LENGTH);
    expect(behind(cursors[1])).toBe(undefined);
    const rest = behind(cursors[2]);
    expect(rest?.map(({ cursor }) => cursor)).toEqual(
      Array.from({ length: FEED_LENGTH + 1 }, (_, index) => feed.cursor(2 * FEED_LENGTH + 1 + index)),
    );
    expect(behind(cursors[4])).toEqual([]);
  });
});
