import { TOKENIZER_VERSION } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FaultyDriver, sqliteError } from "./support/faulty-driver.js";
import { EPOCH_OF_LAYOUT_1, writeLayout1 } from "./support/layout-1.js";
import { writeLayout2 } from "./support/layout-2.js";
import { LAYOUT } from "./support/marks.js";
import { anyway, at, call, contextOf, NOW, record, sameBytes, version } from "./support/records.js";
import { type FullAdapter, openAdapter, openRaw, temporaryPath } from "./support/stores.js";

const KEEPING = contextOf({}, { versions: 5, age: Number.POSITIVE_INFINITY });

function layoutOf(path: string): unknown {
  return openRaw(path).pragma("user_version", { simple: true });
}

const WRITERS = { 1: writeLayout1, 2: writeLayout2 };
type Layout = keyof typeof WRITERS;
const LAYOUTS: Layout[] = [1, 2];

function olderStore(layout: Layout): string {
  const path = temporaryPath();
  WRITERS[layout](path);
  expect(layoutOf(path)).toBe(layout);
  return path;
}

/** Everything that the older store held is there, and what the newer layout is for works. */
async function expectWhole(adapter: FullAdapter, layout: Layout): Promise<void> {
  const headers = await adapter.list({ prefix: "", after: undefined, limit: 9 }, at);
  expect(headers.map(({ key }) => key)).toEqual(["large", "small"]);
  expect(headers[1]).toMatchObject({ version: version(1), tags: ["t"], metadata: { word: "alpha" } });
  const large = Buffer.concat([Buffer.alloc(2 ** 20, 1), Buffer.alloc(5, 2)]);
  expect(sameBytes((await adapter.get("large", at))?.body, large)).toBe(true);
  expect(new TextDecoder().decode((await adapter.get("small", at))?.body)).toBe("small body");
  const query = {
    prefix: "",
    terms: ["alpha"],
    tags: ["t"],
    where: [],
    order: { by: "rank" },
    limit: 9,
    offset: 0,
  } as const;
  expect(await adapter.count(query, at)).toBe(2);
  expect(await adapter.put(record("gone", 3), anyway, call)).toEqual({ outcome: "stale", floor: version(4) });
  const page = await adapter.changes({ after: undefined, limit: 9 }, call);
  expect(page).toMatchObject({
    changes: [1, 2, 3, 4].map((seq) => ({ cursor: `${EPOCH_OF_LAYOUT_1}:${seq}:${version(seq)}` })),
  });
  expect(await adapter.maintain.check?.(call)).toEqual([]);
  await adapter.put(record("large", 5), anyway, call);
  await adapter.delete("small", { version: version(6), expect: "any", now: NOW }, call);
  expect(sameBytes((await adapter.history.get("large", version(2), at))?.body, large)).toBe(true);
  const [last, ...earlier] = await adapter.history.list("small", at);
  expect(last?.header).toEqual(headers[1]);
  expect(earlier.map(({ header }) => header.version)).toEqual(layout === 1 ? [] : [version(0)]);
  if (layout === 2) {
    const old = (await adapter.history.get("small", version(0), at))?.body;
    expect(new TextDecoder().decode(old)).toBe("old body");
  }
  expect(await adapter.maintain.check?.(call)).toEqual([]);
}

describe.each(LAYOUTS)("a store of layout %i", (layout) => {
  it("is brought up to this one where it lies, with all that it holds", async () => {
    const path = olderStore(layout);
    const adapter = await openAdapter({ path }, KEEPING);
    expect((await adapter.info(at)).details["layout"]).toBe(LAYOUT);
    expect(layoutOf(path)).toBe(LAYOUT);
    await expectWhole(adapter, layout);
  });

  it.each([
    layout === 1 ? "CREATE TABLE history" : "UPDATE store SET name",
    `PRAGMA user_version = ${LAYOUT}`,
    "COMMIT",
  ])("stays what it is when %s fails, and can be upgraded later", async (sql) => {
    const path = olderStore(layout);
    const driver = new FaultyDriver();
    let isUpgrading = false;
    driver.fault = (call) => {
      isUpgrading ||= call === "BEGIN IMMEDIATE";
      return isUpgrading && call.trimStart().startsWith(sql) ? sqliteError("SQLITE_FULL") : undefined;
    };
    await expect(openAdapter({ path, driver }, KEEPING)).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(layoutOf(path)).toBe(layout);
    const raw = openRaw(path);
    expect(raw.prepare("SELECT name FROM sqlite_schema WHERE name = 'history'").all()).toHaveLength(layout - 1);
    expect(raw.prepare("SELECT name FROM store ORDER BY name").pluck().all()).toEqual(["epoch", "tokenizer"]);
    await expectWhole(await openAdapter({ path }, KEEPING), layout);
  });

  it.each([
    ["before the lock was free", "BEGIN IMMEDIATE"],
    ["while it was looking", "SELECT count(*) AS count FROM sqlite_schema"],
  ])("is left alone when another process has upgraded it %s", async (_, instant) => {
    const path = olderStore(layout);
    const model = temporaryPath();
    await (await openAdapter({ path: model })).close();
    const history = openRaw(model).prepare("SELECT sql FROM sqlite_schema WHERE name = 'history'").pluck().get();
    const driver = new FaultyDriver();
    driver.before(instant, 1, () => {
      openRaw(path).exec(`BEGIN; ${layout === 1 ? history : ""};
        UPDATE store SET name = 'terms' WHERE name = 'tokenizer';
        INSERT INTO store SELECT 'indexed', max(id) FROM bodies;
        PRAGMA user_version = ${LAYOUT}; COMMIT`);
    });
    await expectWhole(await openAdapter({ path, driver }, KEEPING), layout);
  });

  it("is written no more by a process that had it open before", async () => {
    const path = olderStore(layout);
    // What such a process looks for before it writes; it stops when that is not the tokenizer that it has.
    const tokenizer = openRaw(path).prepare("SELECT value AS version FROM store WHERE name = 'tokenizer'");
    expect(tokenizer.get()).toEqual({ version: String(TOKENIZER_VERSION) });
    await (await openAdapter({ path })).close();
    expect(tokenizer.get()).toBeUndefined();
  });

  it("has the same tables afterwards as one that is made anew", async () => {
    const [older, fresh] = [olderStore(layout), temporaryPath()];
    for (const path of [older, fresh]) await (await openAdapter({ path })).close();
    const schemaOf = (path: string) =>
      openRaw(path).prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").all();
    expect(schemaOf(older)).toEqual(schemaOf(fresh));
  });
});
