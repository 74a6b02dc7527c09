import { type Connection, Feed } from "@holdfast/sqlite/item-table";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
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
    expect(feed.since(0, 10)).toMatchObject([
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

describe("a cursor", () => {
  const RESYNC = { outcome: "resync" };
  const keysOf = (page: ReturnType<Feed["page"]>) =>
    page.outcome === "page" ? page.changes.map(({ key }) => key) : page.outcome;

  function filled(keys: string): { feed: Feed; cursors: string[] } {
    const feed = new Feed(connection);
    const cursors = [feed.end.cursor];
    for (const [n, key] of [...keys].entries()) {
      feed.append("save", key, version(n + 1));
      cursors.push(feed.end.cursor);
    }
    return { feed, cursors };
  }

  it("of the beginning leads to the first write, as none does", () => {
    const { feed, cursors } = filled("ab");
    const page = feed.page({ after: undefined, limit: 10 });
    expect(page).toEqual({
      outcome: "page",
      changes: [
        { type: "save", key: "a", version: version(1), cursor: cursors[1] },
        { type: "save", key: "b", version: version(2), cursor: cursors[2] },
      ],
    });
    expect(feed.page({ after: cursors[0], limit: 10 })).toEqual(page);
  });

  it("leads from any place, in pages of any size, to each later write once", () => {
    const { feed, cursors } = filled("abcdefgh");
    fc.assert(
      fc.property(fc.nat(8), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8 }), (from, limits) => {
        let cursor = cursors[from];
        const read: string[] = [];
        for (const limit of limits) {
          const page = feed.page({ after: cursor, limit });
          if (page.outcome !== "page") expect.unreachable();
          expect(page.changes.length).toBeLessThanOrEqual(limit);
          read.push(...page.changes.map(({ key }) => key));
          cursor = page.changes.at(-1)?.cursor ?? cursor;
        }
        expect(read.join("")).toBe("abcdefgh".slice(from));
        expect(cursor).toBe(feed.end.cursor);
      }),
      seeded({ numRuns: 50 }),
    );
  });

  it("that the feed no longer reaches back to asks for a fresh start, as none does then", () => {
    const { feed, cursors } = filled("abcd");
    connection.exec("DELETE FROM feed WHERE seq <= 2");
    for (const after of [undefined, cursors[0], cursors[1], cursors[2]]) {
      expect(feed.page({ after, limit: 10 })).toEqual(RESYNC);
    }
    expect(keysOf(feed.page({ after: cursors[3], limit: 10 }))).toEqual(["d"]);
  });

  it("of another store, or ahead of this one, asks for a fresh start", () => {
    const { feed, cursors } = filled("ab");
    const other = cursors[1]?.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const ahead = cursors[2]?.replace(":2:", ":3:");
    for (const after of [other, ahead]) expect(feed.page({ after, limit: 10 })).toEqual(RESYNC);
    connection.exec("DELETE FROM feed");
    expect(feed.page({ after: cursors[2], limit: 10 })).toEqual(RESYNC);
  });

  it("from before the file was put back from a copy asks for a fresh start, however much was written since", () => {
    const { feed, cursors } = filled("abc");
    // The copy was made after the first write; then others came.
    connection.exec("DELETE FROM feed WHERE seq > 1");
    for (const [n, key] of ["x", "y", "z"].entries()) feed.append("save", key, version(n + 7));
    expect(feed.page({ after: cursors[3], limit: 10 })).toEqual(RESYNC);
    expect(keysOf(feed.page({ after: cursors[1], limit: 10 }))).toEqual(["x", "y", "z"]);
  });

  it.each([
    "",
    "0",
    "nonsense",
    ":0",
    "ab:",
    "ab:1",
    "ab:01:v",
    "ab:-1:v",
    "ab:0:v",
    "ab:1:",
    "ab:1e3:v",
    "a b:0",
    "ab:0\n",
  ])("%j is none", (after) => {
    const { feed } = filled("ab");
    expect(() => feed.page({ after, limit: 10 })).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });

  it("with a number beyond all others is none either", () => {
    const { feed } = filled("ab");
    expect(() => feed.page({ after: "ab:9999999999999999:v", limit: 10 })).toThrow(/is not a cursor/);
  });
});
