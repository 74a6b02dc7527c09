import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openStorage, type RecordHeader, StorageError, systemPorts, TOKENIZER_VERSION, termsOf } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import { describe, expect, it } from "vitest";
import { FaultyDriver } from "./support/faulty-driver.js";
import { APPLICATION_ID, LAYOUT } from "./support/marks.js";
import { anyway, at, call, contextOf, NOW, record, version } from "./support/records.js";
import { openAdapter, openRaw, temporaryDirectory, temporaryPath } from "./support/stores.js";

async function refusal(path: string): Promise<StorageError> {
  try {
    await sqlite({ path, lockTimeout: 0 }).open(contextOf());
  } catch (error) {
    if (StorageError.is(error)) return error;
    throw error;
  }
  throw new Error("it was opened");
}

describe("opening a path where nothing is", () => {
  it("creates the file and its directories, for this user alone", async () => {
    const path = join(temporaryDirectory(), "a", "b", "store.db");
    const adapter = await openAdapter({ path });
    await adapter.put(record("k", 1), anyway, call);
    const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual(["600", "600", "600"]);
    expect([dirname(path), dirname(dirname(path))].map(modeOf)).toEqual(["700", "700"]);
  });

  it.each([
    ["a link to a file", "there"],
    ["a link that leads to nothing yet", "nothing"],
    ["a link to a link that leads to nothing yet", "link"],
    ["a link to its directory", "directory"],
  ])("works behind %s", async (_, kind) => {
    const directory = temporaryDirectory();
    const target = join(directory, "real", "store.db");
    mkdirSync(dirname(target));
    if (kind === "there") await (await openStorage(sqlite({ path: target }))).close();
    const link = join(directory, "link");
    if (kind === "link") symlinkSync(join("real", "store.db"), join(directory, "second"));
    symlinkSync(kind === "directory" ? dirname(target) : kind === "link" ? "second" : target, link);
    const path = kind === "directory" ? join(link, "store.db") : link;
    const storage = await openStorage(sqlite({ path }));
    await storage.save("k", 1);
    await storage.save("k", 2);
    const { details } = await storage.getInfo();
    expect(details["logSize"]).toBeGreaterThan(0);
    await storage.close();
    expect((statSync(target).mode & 0o777).toString(8)).toBe("600");
    const direct = await openStorage(sqlite({ path: target }));
    expect(await direct.load("k")).toBe(2);
    await direct.close();
  });

  it("marks the file and gives it an identity of its own", async () => {
    const [first, second] = [temporaryPath(), temporaryPath()];
    const infos = [
      await (await openAdapter({ path: first })).info(at),
      await (await openAdapter({ path: second })).info(at),
    ];
    const raw = openRaw(first);
    expect(raw.pragma("application_id", { simple: true })).toBe(APPLICATION_ID);
    expect(raw.pragma("user_version", { simple: true })).toBe(LAYOUT);
    const epochs = infos.map(({ details }) => details["epoch"]);
    expect(epochs[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(epochs).size).toBe(2);
  });

  it.each([
    ["before the lock was free", "BEGIN IMMEDIATE"],
    ["while it was looking", "SELECT count(*) AS count FROM sqlite_schema"],
  ])("finds the tables that another process has made %s", async (_, instant) => {
    const [path, model] = [temporaryPath(), temporaryPath()];
    await (await openAdapter({ path: model })).close();
    const other = openRaw(path);
    // Without a log nobody could commit while another connection reads.
    other.pragma("journal_mode = WAL");
    const driver = new FaultyDriver();
    driver.before(instant, 1, () => {
      const sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'search\\_%' ESCAPE '\\'";
      const tables = openRaw(model).prepare<[], { sql: string }>(sql).all();
      other.exec(`BEGIN; ${tables.map((each) => each.sql).join(";")}`);
      other.exec(`INSERT INTO store VALUES ('epoch', 'theirs'), ('terms', '${TOKENIZER_VERSION}'), ('indexed', '0')`);
      other.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LAYOUT}; COMMIT`);
    });
    const adapter = await openAdapter({ path, driver });
    expect((await adapter.info(at)).details["epoch"]).toBe("theirs");
    expect(await adapter.put(record("k", 1), anyway, call)).toMatchObject({ outcome: "written" });
  });

  it("adopts an empty file", async () => {
    const path = temporaryPath();
    writeFileSync(path, "");
    const adapter = await openAdapter({ path });
    expect(await adapter.put(record("k", 1), anyway, call)).toMatchObject({ outcome: "written" });
  });
});

describe("what is in force on the connection", () => {
  it.each([
    ["media", "FULL"],
    ["process", "NORMAL"],
  ] as const)(
    "durability %s is synchronous %s, also after a file was opened before",
    async (durability, synchronous) => {
      const path = temporaryPath();
      for (let time = 0; time < 2; time++) {
        const adapter = await openAdapter({ path, durability });
        expect((await adapter.info(at)).details).toMatchObject({ durability, synchronous });
        await adapter.close();
      }
    },
  );

  it("is what the options say", async () => {
    const driver = new FaultyDriver();
    await openAdapter({ driver, cacheSize: 5 * 2 ** 20, mmapSize: 4096, secureDelete: "none" });
    expect(driver.pragma("cache_size")).toBe(-5 * 1024);
    expect(driver.pragma("mmap_size")).toBe(4096);
    expect(driver.pragma("secure_delete")).toBe(0);
    expect(driver.pragma("busy_timeout")).toBe(0);
    expect(driver.pragma("trusted_schema")).toBe(0);
    expect(driver.pragma("temp_store")).toBe(2);
  });

  it("asks macOS for a real sync, with media durability alone", async () => {
    for (const [durability, value] of [
      ["media", 1],
      ["process", 0],
    ] as const) {
      const driver = new FaultyDriver();
      await openAdapter({ driver, durability });
      expect([driver.pragma("fullfsync"), driver.pragma("checkpoint_fullfsync")]).toEqual([value, value]);
    }
  });

  it("sets synchronous after the journal mode", async () => {
    const driver = new FaultyDriver();
    await openAdapter({ driver });
    const place = (start: string) => driver.calls.findIndex((sql) => sql.startsWith(start));
    expect(place("PRAGMA journal_mode")).toBeGreaterThan(-1);
    expect(place("PRAGMA synchronous")).toBeGreaterThan(place("PRAGMA journal_mode"));
  });

  it.each([
    ["data", 0],
    ["all", 1],
    ["data", 0],
  ] as const)("secureDelete %s reaches the search index", async (secureDelete, expected) => {
    const path = temporaryPath();
    await (await openAdapter({ path, secureDelete: expected === 0 ? "all" : "data" })).close();
    await openAdapter({ path, secureDelete });
    const row = openRaw(path).prepare("SELECT v FROM search_config WHERE k = 'secure-delete'").get();
    expect(row).toEqual({ v: expected });
  });
});

describe("opening again", () => {
  it("finds everything, and a version above all that ever was, with the clock set back", async () => {
    const path = temporaryPath();
    const open = (now: number) => {
      const ports = { ...systemPorts, clock: { now: () => now } };
      return openStorage(sqlite({ path }), { ports });
    };
    const first = await open(NOW + 1_000_000);
    await first.save("stays", 1);
    const gone = await first.save("goes", 2);
    await first.delete("goes");
    await first.close();
    const second = await open(NOW - 1_000_000);
    expect(await second.load("stays")).toBe(1);
    expect((await second.save("new", 3)).version > gone.version).toBe(true);
    expect((await second.save("goes", 4)).version > gone.version).toBe(true);
    await second.close();
  });

  it("works as often as it is closed, and leaves nothing beside the file", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    for (let n = 1; n <= 3; n++) {
      await adapter.put(record("k", n), anyway, call);
      await adapter.close();
      expect(readdirSync(dirname(path))).toEqual(["store.db"]);
      expect(await adapter.open(contextOf())).toEqual({ lastVersion: version(n) });
    }
  });

  it("is refused while a storage has the same adapter open, which goes on and may then be opened anew", async () => {
    const adapter = sqlite({ path: temporaryPath() });
    const storage = await openStorage(adapter);
    await expect(openStorage(adapter)).rejects.toMatchObject({ code: "INVALID_OPTION", adapter: "sqlite" });
    await storage.save("a", 1);
    await storage.close();
    const again = await openStorage(adapter);
    expect(await again.load("a")).toBe(1);
    await again.close();
  });

  it("writes what is still queued before it closes", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    const saved = adapter.put(record("k", 1), anyway, call);
    await adapter.close();
    expect(await saved).toMatchObject({ outcome: "written" });
    await adapter.open(contextOf());
    expect(await adapter.stat("k", at)).toBeDefined();
  });

  it("with another tokenizer computes the terms of every item anew", async () => {
    const path = temporaryPath();
    const adapter = await openAdapter({ path });
    await Promise.all(
      Array.from({ length: 1_200 }, (_, n) =>
        adapter.put(record(`k/${n}`, n + 1, { metadata: { word: "forward" } }), anyway, call),
      ),
    );
    await adapter.close();
    const backwards = (header: RecordHeader) =>
      termsOf(header)
        .map((term) => [...term].reverse().join(""))
        .sort();
    await adapter.open({ ...contextOf(), tokenizerVersion: 1_000, termsOf: backwards });
    const count = (terms: string[]) =>
      adapter.count({ prefix: "", terms, tags: [], where: [], order: { by: "rank" }, limit: 1, offset: 0 }, at);
    expect(await count(["drawrof"])).toBe(1_200);
    expect(await count(["forward"])).toBe(0);
    expect(await adapter.maintain.check?.(call)).toEqual([]);
    await adapter.close();
    await adapter.open(contextOf());
    expect(await count(["forward"])).toBe(1_200);
  });

  it("leaves terms alone that another process has computed anew before the lock was free", async () => {
    const path = temporaryPath();
    await (await openAdapter({ path })).close();
    const driver = new FaultyDriver();
    const other = openRaw(path);
    driver.before("BEGIN IMMEDIATE", 2, () => other.exec("UPDATE store SET value = '1000' WHERE name = 'terms'"));
    const never = () => expect.unreachable();
    await openAdapter({ path, driver }, { ...contextOf(), tokenizerVersion: 1_000, termsOf: never });
    expect(driver.count("INSERT INTO search (search) VALUES ('rebuild')")).toBe(0);
  });

  it("by a newer tokenizer stops an older one that still has the store open", async () => {
    const path = temporaryPath();
    const older = await openAdapter({ path });
    await older.put(record("k", 1), anyway, call);
    await openAdapter({ path }, { ...contextOf(), tokenizerVersion: 1_000 });
    const stopped = { code: "UNAVAILABLE", retryable: false, message: expect.stringContaining("update") };
    await expect(older.put(record("k", 2), anyway, call)).rejects.toMatchObject(stopped);
  });
});

describe("what cannot be a store is refused and left as it is", () => {
  it.each<[string, (path: string) => void, string, RegExp]>([
    ["a text", (path) => writeFileSync(path, "Dear diary,\n".repeat(1_000)), "CORRUPT", /not a SQLite database/],
    ["a few bytes", (path) => writeFileSync(path, "hello"), "CORRUPT", /not a SQLite database/],
    ["another program's database", (path) => openRaw(path).exec("CREATE TABLE mine (a)"), "CORRUPT", /another path/],
    [
      "another program's database with a log",
      (path) => openRaw(path).exec("PRAGMA journal_mode = WAL; CREATE TABLE mine (a); PRAGMA wal_checkpoint(TRUNCATE)"),
      "CORRUPT",
      /another path/,
    ],
    [
      "another program's empty database",
      (path) => openRaw(path).exec("PRAGMA application_id = 7"),
      "CORRUPT",
      /another path/,
    ],
    [
      "another adapter's store",
      (path) => openRaw(path).exec("PRAGMA application_id = 1; PRAGMA user_version = 1; CREATE TABLE items (key)"),
      "CORRUPT",
      /another path/,
    ],
    [
      "a newer layout",
      (path) =>
        openRaw(path).exec(
          `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LAYOUT + 1}; CREATE TABLE x (a)`,
        ),
      "UNSUPPORTED",
      /update Holdfast/,
    ],
    [
      "a store without its tables",
      (path) => openRaw(path).exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`),
      "CORRUPT",
      /backup/,
    ],
  ])("%s", async (_, make, code, message) => {
    const path = temporaryPath();
    make(path);
    const before = readFileSync(path);
    const error = await refusal(path);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).toContain(path);
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);
  });

  it.each([1, LAYOUT])("a store with other tables than its number, %d, says", async (layout) => {
    const path = temporaryPath();
    const mark = `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${layout}`;
    const raw = openRaw(path);
    raw.exec(`PRAGMA journal_mode = WAL; ${mark}; CREATE TABLE x (a)`);
    // The last one to close brings everything into the file.
    raw.close();
    const before = readFileSync(path);
    expect(await refusal(path)).toMatchObject({ code: "CORRUPT", message: expect.stringContaining(path) });
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);
  });

  it.each(["store", "items", "bodies", "chunks", "staging", "tags", "search", "tombstones", "feed", "history"])(
    "a store without its table %s",
    async (table) => {
      const path = temporaryPath();
      await (await openAdapter({ path })).close();
      openRaw(path).exec(`DROP TABLE ${table}; PRAGMA wal_checkpoint(TRUNCATE)`);
      const before = readFileSync(path);
      expect(await refusal(path)).toMatchObject({ code: "CORRUPT", message: expect.stringContaining(path) });
      expect(Buffer.compare(readFileSync(path), before)).toBe(0);
    },
  );

  it("a store whose first page is damaged", async () => {
    const path = temporaryPath();
    await (await openAdapter({ path })).close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 100, 4096);
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatchObject({ code: "CORRUPT", message: expect.stringContaining(path) });
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it("a directory, and a path through a file", async () => {
    const directory = temporaryDirectory();
    expect(await refusal(directory)).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("a directory"),
    });
    const file = join(directory, "file");
    writeFileSync(file, "x");
    expect(await refusal(join(file, "store.db"))).toMatchObject({ code: "INVALID_OPTION" });
    expect(await refusal(join(file, "deeper", "store.db"))).toMatchObject({ code: "INVALID_OPTION" });
    expect(readFileSync(file, "utf8")).toBe("x");
  });

  it("a device", async () => {
    const error = await refusal("/dev/null");
    expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining("no regular file") });
  });

  it("a link that leads in a circle", async () => {
    const path = join(temporaryDirectory(), "loop");
    symlinkSync(path, path);
    expect(await refusal(path)).toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("where there is no permission", () => {
  it.each<[string, string, (directory: string, path: string) => void]>([
    ["a read-only file", "store.db", (_, path) => chmodSync(path, 0o444)],
    ["a read-only directory for a new file", "new.db", (directory) => chmodSync(directory, 0o555)],
    ["a directory that cannot be entered", "store.db", (directory) => chmodSync(directory, 0o000)],
  ])("%s is UNAUTHORIZED", async (_, name, restrict) => {
    const { error, left } = await refusedAsNobody(name, restrict);
    expect(error).toMatchObject({ code: "UNAUTHORIZED", message: expect.stringContaining("permission") });
    expect(left).not.toContain("new.db");
  });

  it("an unreadable file is refused with a word about permissions", async () => {
    const { error } = await refusedAsNobody("store.db", (_, path) => chmodSync(path, 0));
    // The system answers for the real user when it is asked, so root as somebody else learns from SQLite, which knows less.
    expect(error.code).toBe(process.getuid?.() === 0 ? "UNAVAILABLE" : "UNAUTHORIZED");
    expect(error.message).toContain("permission");
  });

  async function refusedAsNobody(name: string, restrict: (directory: string, path: string) => void) {
    const parent = temporaryDirectory();
    const directory = join(parent, "d");
    mkdirSync(directory);
    const path = join(directory, "store.db");
    await (await openAdapter({ path })).close();
    const stopBeingNobody = becomeNobody([parent, directory, path]);
    try {
      restrict(directory, path);
      const error = await refusal(join(directory, name));
      chmodSync(directory, 0o755);
      return { error, left: readdirSync(directory) };
    } finally {
      stopBeingNobody();
    }
  }

  /** Permissions do not bind root, so that a test run by root gives the files away and acts as another user. */
  function becomeNobody(files: string[]): () => void {
    if (process.getuid?.() !== 0) return () => undefined;
    const nobody = 65_534;
    for (const file of files) chownSync(file, nobody, nobody);
    process.seteuid?.(nobody);
    return () => process.seteuid?.(0);
  }
});

describe.skipIf(process.platform === "win32")("a database whose file is gone", () => {
  it("still tells of itself", async () => {
    const path = temporaryPath();
    const storage = await openStorage(sqlite({ path }));
    try {
      await storage.save("a", 1);
      rmSync(path);
      expect((await storage.getInfo()).details).toMatchObject({ fileSize: 0, logSize: 0 });
    } finally {
      await storage.close().catch(() => undefined);
    }
  });
});
