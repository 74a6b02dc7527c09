import { type Connection, Feed } from "@holdfast/sqlite/item-table";
import { beforeEach, describe, expect, it } from "vitest";
import { version } from "../support/records.js";
import { openTables } from "../support/stores.js";

let connection: Connection;

beforeEach(async () => {
  connection = await openTables();
});

describe("the feed", () => {
  it("numbers writes in the order of their commits, without gaps", () => {
    const feed = new Feed(connection);
    expect(feed.lastSequence).toBe(0);
    feed.append("save", "a", version(5));
    connection.exec("BEGIN");
    feed.append("save", "lost", version(9));
    connection.exec("ROLLBACK");
    feed.append("delete", "a", version(3));
    expect(feed.since(0, 10)).toEqual([
      { seq: 1, type: "save", key: "a", version: version(5) },
      { seq: 2, type: "delete", key: "a", version: version(3) },
    ]);
    expect(feed.since(1, 10).map(({ seq }) => seq)).toEqual([2]);
    expect(feed.since(0, 1).map(({ seq }) => seq)).toEqual([1]);
  });

  it("knows the greatest version that was ever there, not the last", () => {
    const feed = new Feed(connection);
    expect(feed.lastVersion).toBeUndefined();
    feed.append("save", "a", version(5));
    feed.append("save", "b", version(3));
    expect(feed.lastVersion).toBe(version(5));
  });

  it("keeps its horizon and goes no further than a step beyond, whatever the number of writes", () => {
    const feed = new Feed(connection, 2_000);
    connection.exec("BEGIN");
    feed.append("save", "first", version(99_999));
    for (let n = 2; n <= 20_000; n++) {
      feed.append("save", "k", version(n));
      if (n % 500 !== 0) continue;
      const { count } = connection.prepare<{ count: number }>("SELECT count(*) AS count FROM feed").get() ?? {
        count: 0,
      };
      expect(count).toBeGreaterThanOrEqual(Math.min(n, 2_000));
      expect(count).toBeLessThanOrEqual(2_000 + 1_024);
    }
    connection.exec("COMMIT");
    expect(feed.lastSequence).toBe(20_000);
    expect(feed.lastVersion).toBe(version(99_999));
  });

  it("goes on from the last entry, which always stays", () => {
    const feed = new Feed(connection, 1);
    connection.exec("BEGIN");
    for (let n = 1; n <= 1_024; n++) feed.append("save", "k", version(n));
    connection.exec("COMMIT");
    expect(feed.lastSequence).toBe(1_024);
    feed.append("save", "k", version(1_025));
    expect(feed.lastSequence).toBe(1_025);
  });
});
