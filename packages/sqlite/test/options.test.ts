import { join, resolve } from "node:path";
import { StorageError } from "@holdfast/core";
import { type SqliteOptions, sqlite } from "@holdfast/sqlite";
import { describe, expect, it } from "vitest";
import { at } from "./support/records.js";
import { openAdapter, temporaryDirectory } from "./support/stores.js";

describe("sqlite()", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no path", {}],
    ["a path that is no string", { path: 1 }],
    ["an empty path", { path: "" }],
    ["a path for memory", { path: ":memory:" }],
    ["a path with a NUL", { path: "a\0b" }],
    ["a path that the driver would cut", { path: "a " }],
    ["an unknown option", { path: "a", durabilty: "media" }],
    ["another durability", { path: "a", durability: "memory" }],
    ["another secureDelete", { path: "a", secureDelete: true }],
    ["a negative time", { path: "a", lockTimeout: -1 }],
    ["a time that no timer holds", { path: "a", lockTimeout: 2 ** 31 }],
    ["half a byte", { path: "a", cacheSize: 0.5 }],
    ["a size that is no number", { path: "a", mmapSize: "1" }],
    ["a driver that cannot open", { path: "a", driver: {} }],
  ])("refuses %s", (_, options) => {
    expect(() => sqlite(options as SqliteOptions)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", adapter: "sqlite" }),
    );
  });

  it("names the memory adapter to those who ask for memory", () => {
    expect(() => sqlite({ path: ":memory:" })).toThrow(/@holdfast\/memory/);
  });

  it("tells what it can do before it has touched anything", () => {
    const adapter = sqlite({ path: "/nowhere/at/all.db", durability: "process" });
    expect(adapter.capabilities).toMatchObject({
      durability: "process",
      compareAndSet: "cross-process",
      batch: "atomic",
    });
    expect(sqlite({ path: "x" }).capabilities.durability).toBe("media");
    expect(() => adapter.stat("k", at)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  it.each(["file:store.db", "file:store.db?mode=memory", "%41.db", " lead.db"])(
    "takes the path %j literally",
    async (name) => {
      const directory = temporaryDirectory();
      const adapter = await openAdapter({ path: join(directory, name) });
      expect((await adapter.info(at)).location).toBe(resolve(directory, name));
      expect((await adapter.info(at)).details["fileSize"]).toBeGreaterThan(0);
    },
  );
});

describe("classify", () => {
  const adapter = sqlite({ path: "x" });
  it.each([
    ["SQLITE_BUSY", "LOCKED"],
    ["SQLITE_BUSY_SNAPSHOT", "LOCKED"],
    ["SQLITE_LOCKED", "LOCKED"],
    ["SQLITE_FULL", "QUOTA_EXCEEDED"],
    ["SQLITE_CORRUPT", "CORRUPT"],
    ["SQLITE_CORRUPT_VTAB", "CORRUPT"],
    ["SQLITE_NOTADB", "CORRUPT"],
    ["SQLITE_READONLY", "UNAUTHORIZED"],
    ["SQLITE_READONLY_DBMOVED", "UNAUTHORIZED"],
    ["SQLITE_CANTOPEN", "UNAVAILABLE"],
    ["SQLITE_IOERR_READ", "UNAVAILABLE"],
    ["SQLITE_PROTOCOL", "UNAVAILABLE"],
    ["ENOSPC", "QUOTA_EXCEEDED"],
    ["EACCES", "UNAUTHORIZED"],
    ["ENOTDIR", "INVALID_OPTION"],
    ["EIO", "UNAVAILABLE"],
    ["ERR_DLOPEN_FAILED", "UNAVAILABLE"],
  ])("%s is %s", (code, expected) => {
    expect(adapter.classify(Object.assign(new Error("x"), { code }))?.code).toBe(expected);
  });

  it.each([
    undefined,
    null,
    "SQLITE_BUSY",
    {},
    new Error("x"),
    { code: 5 },
    { code: "SQLITE_MISUSE" },
    { code: "ERR_INVALID_ARG_TYPE" },
  ])("%j is not known", (error) => {
    expect(adapter.classify(error)).toBeUndefined();
  });

  it("of a StorageError is left to core", () => {
    expect(adapter.classify(new StorageError("CONFLICT", "x"))).toBeUndefined();
  });
});
