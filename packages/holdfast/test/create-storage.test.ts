import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "@holdfast/memory";
import { createStorage, formatStoreUrl, openStore, type StorageChoice, storeExists } from "holdfast";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-factory-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inFolder = (name: string, options = {}) =>
  formatStoreUrl({ scheme: "sqlite", path: join(folder, name), options });

describe("createStorage", () => {
  it("keeps what is saved in the file that a sqlite: URL names", async () => {
    const url = inFolder("größe ?#%.db");
    await using first = await createStorage(url);
    await first.save("a", { b: 1 });
    await first.close();
    expect(existsSync(join(folder, "größe ?#%.db"))).toBe(true);
    await using second = await createStorage({ url });
    expect(await second.load("a")).toEqual({ b: 1 });
  });

  it("keeps what is saved in readable files below the directory that a file: URL names", async () => {
    const url = formatStoreUrl({ scheme: "file", path: join(folder, "größe ?#%"), options: { durability: "process" } });
    expect(await storeExists(url)).toBe(false);
    await using first = await createStorage(url);
    await first.save("notes/a", { b: 1 });
    await first.close();
    expect(await storeExists(url)).toBe(true);
    expect(await readFile(join(folder, "größe ?#%", "notes", "a.json"), "utf8")).toBe('{"b":1}');
    await using second = await createStorage({ type: "file", root: join(folder, "größe ?#%") });
    expect(await second.load("notes/a")).toEqual({ b: 1 });
  });

  it("takes an adapter by type with what its factory takes", async () => {
    await using storage = await createStorage({ type: "sqlite", path: join(folder, "a.db"), durability: "process" });
    expect(storage.getCapabilities().native.durability).toBe("process");
    await using small = await createStorage({ type: "memory", capacity: 100 });
    await expect(small.save("a", "x".repeat(200))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  });

  it("takes an adapter that is made already, and settings", async () => {
    await using storage = await createStorage({ adapter: memory() }, { compress: true });
    expect((await storage.save("a", "x".repeat(10_000))).compressed).toBe(true);
    await expect(createStorage("memory:", { compres: true } as object)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  it("hands options of a URL to the adapter", async () => {
    await using storage = await createStorage(inFolder("a.db", { durability: "process", lockTimeout: "5" }));
    expect(storage.getCapabilities().native.durability).toBe("process");
    await using small = await openStore("memory:?capacity=100");
    await expect(small.save("a", "x".repeat(200))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  });

  it.each<[unknown]>([[undefined], [null], [7], [{}], [{ uri: "memory:" }], [{ url: "memory:", adapter: memory() }]])(
    "refuses %j, saying what it takes",
    async (choice) => {
      await expect(createStorage(choice as StorageChoice)).rejects.toMatchObject({
        code: "INVALID_OPTION",
        message: expect.stringContaining("createStorage takes a store URL"),
      });
    },
  );
});

describe("openStore", () => {
  it.each([
    ["memory:x", "has no path"],
    ["memory:?capacity=0.5", "capacity of a memory: URL is a whole number"],
    ["memory:?size=1", 'memory: has no option "size"; known are capacity'],
    ["sqlite:", "names a file"],
    ["sqlite://localhost/app.db", 'no "//"'],
    ["sqlite:~/app.db", "not expanded"],
    ["sqlite:a.db?durability=none", "durability of a sqlite: URL is media or process"],
    ["sqlite:a.db?lockTimeout=-1", "lockTimeout of a sqlite: URL is a whole number"],
    [
      "sqlite:a.db?durabilty=media",
      'no option "durabilty"; known are durability, lockTimeout, cacheSize, mmapSize, secureDelete',
    ],
    ["sqlite:a.db?constructor=1", 'no option "constructor"'],
    ["file:", "names a directory"],
    ["file:///data", 'no "//": write file:./data or file:/data/data'],
    ["file:~/data", "not expanded"],
    ["file:data?durability=none", "durability of a file: URL is media or process"],
    ["file:data?stateDirectory=", "stateDirectory of a file: URL is not empty"],
    ["file:data?root=x", 'no option "root"; known are durability, stateDirectory, lockTimeout, flushTimeout'],
    [
      "redis:x",
      "there is no adapter for redis:; known are memory: (@holdfast/memory), sqlite: (@holdfast/sqlite), file: (@holdfast/filesystem)",
    ],
    ["toString:x", "there is no adapter for tostring:"],
  ])("refuses %s before anything is opened", async (url, reason) => {
    await expect(openStore(url)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(reason),
    });
  });

  it("says of a store for browsers what to use here", async () => {
    await expect(openStore("indexeddb:my-app")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("indexeddb: cannot be opened here: IndexedDB is in browsers"),
    });
  });

  it("takes the parts of a URL", async () => {
    await using storage = await openStore({ scheme: "memory", path: "", options: {} });
    expect(await storage.list()).toEqual([]);
    await expect(openStore({ scheme: "memory" } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(openStore(7 as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("storeExists", () => {
  it("tells whether a file is there, and makes none", async () => {
    expect(await storeExists(inFolder("a.db"))).toBe(false);
    expect(await storeExists(inFolder("nowhere/a.db"))).toBe(false);
    expect(existsSync(join(folder, "a.db"))).toBe(false);
    await (await openStore(inFolder("a.db"))).close();
    expect(await storeExists(inFolder("a.db"))).toBe(true);
  });

  it("is false below a file and true for what is there but is no store", async () => {
    await writeFile(join(folder, "file"), "text");
    expect(await storeExists(inFolder("file"))).toBe(true);
    expect(await storeExists(inFolder("file/a.db"))).toBe(false);
    await mkdir(join(folder, "folder"));
    expect(await storeExists(inFolder("folder"))).toBe(true);
  });

  it("says so when it cannot look", async () => {
    await symlink(join(folder, "loop"), join(folder, "loop"));
    await expect(storeExists(inFolder("loop"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("is true for a store that needs no place", async () => {
    expect(await storeExists("memory:")).toBe(true);
  });
});
