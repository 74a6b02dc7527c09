import { BEFORE_ALL_TIME, type HistoryLimits, type RecordHeader } from "@holdfast/core";
import { type Connection, type ItemBody, ItemTable, StoredBodies } from "@holdfast/sqlite/item-table";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { NOW, noise, type RecordParts, record, sameBytes, version } from "../support/records.js";
import { openTables } from "../support/stores.js";

const MiB = 2 ** 20;

let connection: Connection;

beforeEach(async () => {
  connection = await openTables();
});

function keeping(versions: number, age = Number.POSITIVE_INFINITY): Store {
  return new Store({ versions, age });
}

/** A table with what a test does to it. */
class Store {
  readonly table: ItemTable;
  readonly bodies = new StoredBodies(connection);

  constructor(history: HistoryLimits | false | undefined) {
    this.table = new ItemTable(connection, history);
  }

  put(key: string, n: number, parts: RecordParts = {}, now = NOW): RecordHeader {
    const each = record(key, n, parts);
    const body: ItemBody = { from: "memory", bytes: each.body };
    const outcome = this.table.put(each, body, { expect: "any", now });
    if (outcome.outcome !== "written") throw new Error(outcome.outcome);
    return outcome.header;
  }

  stream(key: string, n: number, bytes: Uint8Array): void {
    let staged = this.table.bodies.stage("mine", NOW);
    const whole = Math.floor(bytes.byteLength / MiB);
    for (let chunk = 0; chunk < whole; chunk++) {
      staged = this.table.bodies.extend(staged, bytes.subarray(chunk * MiB, (chunk + 1) * MiB), NOW);
    }
    const tail = bytes.subarray(whole * MiB);
    this.table.put(record(key, n, { body: bytes }), { from: "staging", staged, tail }, { expect: "any", now: NOW });
  }

  remove(key: string, n: number, now = NOW): string {
    return this.table.delete(key, { version: version(n), expect: "any", now }).outcome;
  }

  kept(key: string, now = NOW): string[] {
    return this.table.history.list(key, now).map(({ header }) => header.version);
  }

  body(key: string, n: number): Uint8Array | undefined {
    const found = this.bodies.findVersion(key, version(n), NOW);
    if (found?.body.in === "memory") return found.body.bytes;
    return found?.body.in === "chunks" ? this.bodies.assemble(key, found.body.id, found.body.count) : undefined;
  }

  /** Sweeps to the end, and says how many versions went. */
  sweep(now = NOW, prefix = ""): number {
    let total = 0;
    for (let step = this.table.history.sweep(prefix, undefined, now); ; ) {
      total += step.dropped;
      if (step.next === undefined) return total;
      step = this.table.history.sweep(prefix, step.next, now);
    }
  }

  reclaim(): void {
    while (this.table.bodies.hasDiscarded) this.table.bodies.reclaim(10);
  }
}

function count(table: string): number {
  return connection.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? -1;
}

describe("a version that is replaced", () => {
  it("is kept with every property, and the instant at which it was replaced", () => {
    const store = keeping(5);
    const first = store.put("k", 1, {
      tags: ["t"],
      metadata: { a: { b: [1, null] } },
      format: "yaml",
      compression: "gzip",
      schema: "notes@2",
      created: NOW - 9,
      note: null,
    } as RecordParts);
    store.put("k", 2, {}, NOW + 5);
    store.remove("k", 3, NOW + 7);
    expect(store.table.history.list("k", NOW)).toEqual([
      { header: { ...record("k", 2).header, created: NOW - 9 }, replaced: NOW + 7 },
      { header: first, replaced: NOW + 5 },
    ]);
    expect(store.bodies.findVersion("k", version(1), NOW)).toEqual({
      header: first,
      hashes: new Uint8Array(),
      body: { in: "memory", bytes: record("k", 1).body },
    });
  });

  it.each([
    ["small to small", 10, 20],
    ["empty to small", 0, 20],
    ["small to chunked", 10, MiB + 1],
    ["chunked to small", MiB + 1, 10],
    ["chunked to chunked", 3 * MiB, MiB + 1],
  ])("keeps its body, %s, by put, by stream and by deletion", (_, before, after) => {
    const store = keeping(9);
    const [old, next] = [noise(before, 7), noise(after, 8)];
    const chunkHashes = before > MiB ? noise(64) : new Uint8Array();
    store.put("put", 1, { body: old, chunkHashes });
    store.put("put", 2, { body: next });
    store.put("stream", 3, { body: old });
    store.stream("stream", 4, next);
    store.put("delete", 5, { body: old });
    store.remove("delete", 6);
    store.reclaim();
    for (const [key, n] of [
      ["put", 1],
      ["stream", 3],
      ["delete", 5],
    ] as const) {
      expect(sameBytes(store.body(key, n), old), key).toBe(true);
    }
    expect(store.bodies.findVersion("put", version(1), NOW)?.hashes).toEqual(chunkHashes);
    expect(sameBytes(store.body("put", 2), next)).toBe(true);
    expect(count("bodies")).toBe(5);
    expect(count("staging")).toBe(0);
    store.table.indexes.catchUp(9);
    store.table.indexes.words.verify();
  });

  it("hands its chunks over instead of copying them", () => {
    const store = keeping(9);
    store.put("k", 1, { body: noise(3 * MiB) });
    const before = connection.prepare<{ body: number }>("SELECT DISTINCT body FROM chunks").get()?.body;
    store.put("k", 2);
    expect(connection.prepare("SELECT body, count(*) AS n FROM chunks").all()).toEqual([{ body: before, n: 3 }]);
  });

  it("is not found by any search, and neither are its words and tags in the index", () => {
    const store = keeping(9);
    for (const [n, size] of [10, 20, MiB + 1, 10].entries()) {
      store.put("k", n + 1, { body: noise(size), tags: [`tag${n}`], metadata: { word: `word${n} common` } });
      store.table.indexes.catchUp(9);
    }
    const matching = (word: string) =>
      connection.prepare("SELECT rowid FROM search WHERE search MATCH ?").all(word).length;
    expect(["word0", "word1", "word2", "word3", "common"].map(matching)).toEqual([0, 0, 0, 1, 1]);
    expect(connection.prepare("SELECT tag FROM tags").all()).toEqual([{ tag: "tag3" }]);
    store.table.indexes.rebuild();
    expect(["word0", "common"].map(matching)).toEqual([0, 1]);
    store.remove("k", 9);
    expect(["word3", "common"].map(matching)).toEqual([0, 0]);
    store.table.indexes.words.verify();
  });

  it("is not kept when the write is refused", () => {
    const store = keeping(9);
    store.put("k", 5);
    const again = record("k", 4);
    const body: ItemBody = { from: "memory", bytes: again.body };
    expect(store.table.put(again, body, { expect: "any", now: NOW }).outcome).toBe("stale");
    expect(store.table.put(again, body, { expect: "absent", now: NOW }).outcome).toBe("conflict");
    expect(store.remove("k", 4)).toBe("stale");
    expect(store.kept("k")).toEqual([]);
  });

  it("is kept by a batch too, in the step of the batch", () => {
    const store = keeping(9);
    store.put("a", 1);
    store.put("b", 2);
    const put = { type: "put", record: record("a", 3), expect: "any" } as const;
    const remove = { type: "delete", key: "b", version: version(4), expect: "any" } as const;
    expect(store.table.batch([put, { ...remove, expect: version(9) }], NOW).outcome).toBe("refused");
    expect(count("history")).toBe(0);
    expect(store.table.batch([put, remove], NOW).outcome).toBe("applied");
    expect([store.kept("a"), store.kept("b")]).toEqual([[version(1)], [version(2)]]);
  });
});

describe("what is kept", () => {
  it("is the newest versions of a key, so many of each", () => {
    const store = keeping(2);
    for (let n = 1; n <= 5; n++) store.put("a", n, { body: noise(n === 2 ? MiB + 5 : 10, n) });
    store.put("b", 6);
    store.put("b", 7);
    expect(store.kept("a")).toEqual([version(4), version(3)]);
    expect(store.kept("b")).toEqual([version(6)]);
    store.reclaim();
    expect(count("bodies")).toBe(5);
    expect(count("chunks")).toBe(0);
    store.remove("a", 8);
    expect(store.kept("a")).toEqual([version(5), version(4)]);
  });

  it("goes on across a deletion", () => {
    const store = keeping(9);
    store.put("k", 1);
    store.remove("k", 2);
    store.put("k", 3);
    store.put("k", 4);
    expect(store.kept("k")).toEqual([version(3), version(1)]);
  });

  it("does not include what had expired when it was replaced, or was swept", () => {
    const store = keeping(9);
    store.put("over", 1, { expiration: NOW });
    store.put("over", 2);
    store.put("swept", 3, { expiration: NOW });
    store.remove("swept", 4, BEFORE_ALL_TIME);
    store.put("in time", 5, { expiration: NOW + 1 });
    store.put("in time", 6);
    expect(["over", "swept", "in time"].map((key) => store.kept(key))).toEqual([[], [], [version(5)]]);
    expect(count("bodies")).toBe(3);
  });

  it("is absent from the instant on at which it expires", () => {
    const store = keeping(9);
    store.put("k", 1, { expiration: NOW + 5 });
    store.put("k", 2);
    expect(store.kept("k", NOW + 4)).toEqual([version(1)]);
    expect(store.kept("k", NOW + 5)).toEqual([]);
    expect(store.bodies.findVersion("k", version(1), NOW + 5)).toBeUndefined();
  });

  it("is found by its version, and so is what stands; nothing else is", () => {
    const store = keeping(9);
    store.put("k", 1);
    store.put("k", 2);
    store.put("other", 3);
    const found = (n: number, now = NOW) => store.bodies.findVersion("k", version(n), now)?.header.version;
    expect([found(1), found(2), found(3)]).toEqual([version(1), version(2), undefined]);
    store.put("k", 4, { expiration: NOW });
    expect(found(4)).toBeUndefined();
  });

  it.each([false, undefined] as const)("is nothing where history is %s", (setting) => {
    const store = new Store(setting);
    store.put("k", 1);
    store.put("k", 2, { body: noise(MiB + 1) });
    store.put("k", 3);
    store.remove("k", 4);
    store.reclaim();
    expect([count("history"), count("bodies")]).toEqual([0, 0]);
  });
});

describe("a sweep", () => {
  function filled(setting: HistoryLimits | false | undefined): Store {
    const store = keeping(9);
    store.put("a/living", 1);
    store.put("a/living", 2, {}, NOW - 100);
    store.put("a/living", 3, {}, NOW - 10);
    store.put("a/gone", 4);
    store.remove("a/gone", 5, NOW - 50);
    store.put("b/gone", 6, { body: noise(MiB + 1) });
    store.remove("b/gone", 7, NOW - 100);
    store.put("b/expired", 8);
    store.put("b/expired", 9, { expiration: NOW }, NOW - 10);
    return new Store(setting);
  }
  const left = (store: Store) =>
    ["a/living", "a/gone", "b/gone", "b/expired"].flatMap((key) => store.kept(key).map((each) => [key, each]));

  it("drops what was replaced or deleted longer ago than the age, and nothing else", () => {
    const store = filled({ versions: 9, age: 50 });
    expect(store.sweep()).toBe(2);
    expect(left(store)).toEqual([
      ["a/living", version(2)],
      ["a/gone", version(4)],
      ["b/expired", version(8)],
    ]);
  });

  it("without an age drops the versions of keys that do not stand", () => {
    const store = filled({ versions: 9, age: Number.POSITIVE_INFINITY });
    expect(store.sweep()).toBe(3);
    expect(left(store)).toEqual([
      ["a/living", version(2)],
      ["a/living", version(1)],
    ]);
  });

  it("drops everything when history is off, and below its prefix alone", () => {
    const store = filled(false);
    expect(store.sweep(NOW, "b/")).toBe(2);
    expect(left(store)).toHaveLength(3);
    expect(store.sweep(NOW, "\ud800")).toBe(0);
    expect(store.sweep()).toBe(3);
    store.reclaim();
    expect([count("history"), count("chunks"), count("bodies")]).toEqual([0, 0, 2]);
  });

  it("by somebody who said nothing of history leaves what others keep", () => {
    const store = filled(undefined);
    expect(store.sweep()).toBe(0);
    expect(left(store)).toHaveLength(5);
  });

  it.each([undefined, { versions: 9, age: 1_000_000 }, { versions: 9, age: Number.POSITIVE_INFINITY }])(
    "drops what has expired while it was kept (%j)",
    (setting) => {
      const store = keeping(9);
      store.put("k", 1, { expiration: NOW + 5 });
      store.put("k", 2, { expiration: NOW + 6 });
      store.put("k", 3);
      expect(new Store(setting).sweep(NOW + 5)).toBe(1);
      expect(store.kept("k")).toEqual([version(2)]);
    },
  );

  it("goes in steps of no more than 256 versions or 16 MiB, past what stays", () => {
    const store = keeping(300, 50);
    connection.exec("BEGIN");
    for (let n = 1; n <= 280; n++) store.put("many", n, {}, n % 9 === 0 ? NOW : NOW - 100);
    for (let n = 1; n <= 4; n++) store.put("wide", 300 + n, { body: noise(9 * MiB, n) }, NOW - 100);
    connection.exec("COMMIT");
    const steps: number[] = [];
    for (let step = store.table.history.sweep("", undefined, NOW); ; ) {
      steps.push(step.dropped);
      if (step.next === undefined) break;
      step = store.table.history.sweep("", step.next, NOW);
    }
    // Of the first 279 those stay that a multiple of nine replaced.
    expect(steps).toEqual([248 + 1, 1, 1]);
    expect(store.kept("many").length).toBe(31);
    expect(store.kept("wide")).toEqual([]);
  });
});

describe("settings of several writers", () => {
  it("each apply to the writer's own writes", () => {
    const [ten, one, none] = [keeping(10), keeping(1), new Store(false)];
    for (let n = 1; n <= 4; n++) ten.put("k", n);
    none.put("k", 5);
    expect(ten.kept("k")).toEqual([version(3), version(2), version(1)]);
    ten.put("k", 6);
    expect(ten.kept("k")).toEqual([version(5), version(3), version(2), version(1)]);
    one.put("k", 7);
    expect(ten.kept("k")).toEqual([version(6)]);
  });
});

describe("any sequence of writes", () => {
  type Step = { readonly key: string; readonly size: number | undefined };
  const step = fc.record({
    key: fc.constantFrom("a", "b"),
    size: fc.constantFrom(undefined, undefined, 0, 5, 2_000, MiB + 3),
  });

  it("keeps what a list of all versions would", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (steps: Step[], versions, lag) => {
          const store = keeping(versions);
          const standing = new Map<string, number>();
          const model = new Map<string, number[]>([
            ["a", []],
            ["b", []],
          ]);
          const sizes = new Map<number, number>();
          connection.exec("BEGIN");
          for (const [at, { key, size }] of steps.entries()) {
            const n = at + 1;
            const before = standing.get(key);
            if (before !== undefined) model.set(key, [before, ...(model.get(key) ?? [])].slice(0, versions));
            if (size === undefined) {
              store.remove(key, n);
              standing.delete(key);
            } else {
              store.put(key, n, { body: noise(size, n), metadata: { word: `w${n}` } });
              standing.set(key, n);
              sizes.set(n, size);
            }
            if (n % lag === 0) store.table.indexes.catchUp(9);
          }
          store.reclaim();
          let rows = standing.size;
          for (const [key, kept] of model) {
            expect(store.kept(key)).toEqual(kept.map(version));
            for (const n of kept) expect(sameBytes(store.body(key, n), noise(sizes.get(n) ?? -1, n))).toBe(true);
            rows += kept.length;
          }
          expect(count("bodies")).toBe(rows);
          store.table.indexes.catchUp(99);
          store.table.indexes.words.verify();
          connection.exec("ROLLBACK");
        },
      ),
      seeded({ numRuns: 60 }),
    );
  });
});
