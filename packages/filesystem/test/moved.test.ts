import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Change, StorageEngine } from "@holdfast/core";
import type { FilesystemOptions } from "@holdfast/filesystem";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, readJson, temporaryRoot, until, writeText } from "./support/roots.js";

const KEYS = ["a/deep/two", "a/large.bin", "a/one"];
const LARGE = new Uint8Array(100_000).fill(7);
const MARKER = "marker-";

/** A root in which the items of a folder stand in their files, and what is told of them from then on. */
async function openFolder(options: Partial<FilesystemOptions> = {}) {
  const root = temporaryRoot();
  const storage = await openRoot(root, options);
  await storage.save("a/one", 1, { tags: ["kept"] });
  await storage.save("a/deep/two", 2);
  await storage.save("a/large.bin", LARGE);
  await storage.save("other", 0);
  await storage.flush();
  await everythingLookedAt(root, storage);
  const changes: Change[] = [];
  await storage.watch("", (change) => {
    if (!change.key.startsWith(MARKER)) changes.push(change);
  });
  return { root, storage, changes, at: (path: string) => join(root, path) };
}

async function keysOf(storage: StorageEngine): Promise<string[]> {
  return (await storage.list("a/")).map(({ key }) => key);
}

/** Everything as it was saved, in files that are noticed. */
async function expectWhole(root: string, storage: StorageEngine, directory: string): Promise<void> {
  expect(await keysOf(storage)).toEqual(KEYS);
  expect(await storage.load("a/one")).toBe(1);
  expect(await storage.load("a/deep/two")).toBe(2);
  expect(await storage.load("a/large.bin")).toEqual(LARGE);
  expect((await storage.stat("a/one"))?.tags).toEqual(["kept"]);
  await storage.flush();
  expect(filesIn(root)).toEqual(
    [
      ...["deep/two.json", "deep/two.meta.json", "large.bin", "large.bin.meta.json", "one.json", "one.meta.json"].map(
        (name) => `${directory}/${name}`,
      ),
      "other.json",
      "other.meta.json",
    ].sort(),
  );
  expect(await storage.verify()).toMatchObject({ problems: [] });
  writeText(root, `${directory}/deep/two.json`, "22");
  await until(async () => (await storage.list("a/deep/"))[0]?.size === 2);
  expect(await storage.load("a/deep/two")).toBe(22);
}

let marked = 0;

/**
 * Resolves when all that was done to the files has been looked at. Looks follow one another in the order of what happened: the one that meets
 * the second marker begins when that is over which met the first. Their names are new each time: a former one might be looked at for its
 * having gone.
 */
async function everythingLookedAt(root: string, storage: StorageEngine): Promise<void> {
  const markers = [`${MARKER}${++marked}`, `${MARKER}${++marked}`];
  for (const marker of markers) {
    writeText(root, `${marker}.json`, "1");
    await until(() => storage.exists(marker));
  }
  for (const marker of markers) await storage.delete(marker);
  await storage.flush();
}

describe("a folder that is moved out of the root", () => {
  it("takes its items with it, without anybody loading them", async () => {
    const { storage, changes, at } = await openFolder();
    renameSync(at("a"), join(temporaryRoot(), "trash"));
    await until(async () => (await keysOf(storage)).length === 0);
    await until(() => changes.length === 3);
    expect(changes.map(({ key }) => key).sort()).toEqual(KEYS);
    for (const change of changes) expect(change).toMatchObject({ type: "delete", origin: "external" });
    expect(await storage.load("other")).toBe(0);
  });

  it("does so where another comes in its place", async () => {
    const { root, storage, at } = await openFolder();
    renameSync(at("a"), join(temporaryRoot(), "trash"));
    mkdirSync(at("a"));
    writeText(root, "a/three.json", "3");
    await until(async () => String(await keysOf(storage)) === "a/three");
  });

  it("does so where a file comes in its place", async () => {
    const { root, storage, at } = await openFolder();
    renameSync(at("a"), join(temporaryRoot(), "trash"));
    writeText(root, "a", "a file");
    await until(async () => (await keysOf(storage)).length === 0);
  });

  it("brings them back with itself", async () => {
    const { root, storage, at } = await openFolder();
    const trash = join(temporaryRoot(), "trash");
    renameSync(at("a"), trash);
    await until(async () => (await keysOf(storage)).length === 0);
    await storage.flush();
    renameSync(trash, at("a"));
    await until(async () => (await keysOf(storage)).length === 3);
    await expectWhole(root, storage, "a");
  });

  it("leaves what was saved since, and is not in its files yet", async () => {
    const { root, storage, at } = await openFolder();
    renameSync(at("a"), join(temporaryRoot(), "trash"));
    await storage.save("a/one", 11);
    await until(async () => String(await keysOf(storage)) === "a/one");
    await storage.flush();
    await everythingLookedAt(root, storage);
    expect(await storage.load("a/one")).toBe(11);
  });
});

describe("a folder that is moved within the root", () => {
  it("keeps its items under their keys and versions, which nobody is told of", async () => {
    const { root, storage, changes, at } = await openFolder();
    const before = await storage.list("a/");
    renameSync(at("a"), at("b"));
    await everythingLookedAt(root, storage);
    expect(await storage.list("a/")).toEqual(before);
    expect(changes).toEqual([]);
    await expectWhole(root, storage, "b");
  });

  it("has the next saves of its items, and is what the next open finds", async () => {
    const { root, storage, at } = await openFolder();
    renameSync(at("a"), at("b"));
    await everythingLookedAt(root, storage);
    await storage.save("a/one", 11);
    await storage.flush();
    expect(readJson(root, "b/one.json")).toBe(11);
    await storage.close();
    expect(await keysOf(await openRoot(root))).toEqual(KEYS);
  });

  it("does so where it is moved into another", async () => {
    const { root, storage, at } = await openFolder();
    mkdirSync(at("b/c"), { recursive: true });
    await everythingLookedAt(root, storage);
    renameSync(at("a"), at("b/c/a"));
    await everythingLookedAt(root, storage);
    await expectWhole(root, storage, "b/c/a");
  });

  it("does so while nobody has the root open", async () => {
    const { root, storage, at } = await openFolder();
    const before = await storage.list("a/");
    await storage.close();
    renameSync(at("a"), at("b"));
    const again = await openRoot(root);
    expect(await again.list("a/")).toEqual(before);
    await expectWhole(root, again, "b");
  });

  it("does so while nobody has the root open, and a file of it is changed", async () => {
    const { root, storage, at } = await openFolder();
    await storage.close();
    renameSync(at("a"), at("b"));
    writeText(root, "b/one.json", "111");
    const again = await openRoot(root);
    await until(async () => (await keysOf(again)).length === 3);
    expect(await again.load("a/one")).toBe(111);
    expect((await again.stat("a/one"))?.tags).toEqual(["kept"]);
  });

  it("does so where it was copied, and the first is removed afterwards", async () => {
    const { root, storage, changes, at } = await openFolder();
    cpSync(at("a"), at("b"), { recursive: true });
    await everythingLookedAt(root, storage);
    renameSync(at("a"), join(temporaryRoot(), "trash"));
    await everythingLookedAt(root, storage);
    expect(changes).toEqual([]);
    await expectWhole(root, storage, "b");
  });

  it("leaves a copy as it is when the app deletes the items", async () => {
    const { root, storage, at } = await openFolder();
    cpSync(at("a"), at("b"), { recursive: true });
    await everythingLookedAt(root, storage);
    for (const key of KEYS) await storage.delete(key);
    await storage.flush();
    await everythingLookedAt(root, storage);
    expect(await keysOf(storage)).toEqual([]);
    expect(filesIn(root)).toContain("b/one.json");
    await storage.close();
    expect(await keysOf(await openRoot(root))).toEqual(KEYS);
  });

  it("loses nothing where a file is changed at once, or an item is loaded before anybody has looked", async () => {
    const { root, storage, at } = await openFolder();
    renameSync(at("a"), at("b"));
    writeText(root, "b/one.json", "111");
    await storage.load("a/deep/two");
    await until(async () => (await storage.list("a/one"))[0]?.size === 3);
    await until(async () => (await keysOf(storage)).length === 3);
    expect(await storage.load("a/one")).toBe(111);
    expect((await storage.stat("a/one"))?.tags).toEqual(["kept"]);
    expect(await storage.load("a/deep/two")).toBe(2);
  });
});

describe("a pair that is moved within the root", () => {
  it.each([
    ["data file first", ["one.json", "one.meta.json"]],
    ["companion first", ["one.meta.json", "one.json"]],
  ])("keeps its item: %s", async (_, names) => {
    const { root, storage, at } = await openFolder();
    const before = await storage.stat("a/one");
    mkdirSync(at("b"));
    for (const name of names) renameSync(at(`a/${name}`), at(`b/${name}`));
    await everythingLookedAt(root, storage);
    expect(await storage.stat("a/one")).toEqual(before);
    await storage.flush();
    expect(filesIn(root)).toEqual(expect.arrayContaining(["b/one.json", "b/one.meta.json"]));
    expect(filesIn(root)).not.toContain("a/one.meta.json");
  });

  it("keeps all items where there are many", async () => {
    const { root, storage, changes, at } = await openFolder();
    const names = Array.from({ length: 30 }, (_, n) => `many${n}`);
    await Promise.all(names.map((name) => storage.save(`a/${name}`, name)));
    await storage.flush();
    await everythingLookedAt(root, storage);
    changes.length = 0;
    mkdirSync(at("b"));
    for (const name of filesIn(root).filter((path) => /^a\/many/.test(path)))
      renameSync(at(name), at(name.replace("a", "b")));
    await everythingLookedAt(root, storage);
    expect(changes).toEqual([]);
    expect(await storage.list("a/many")).toHaveLength(30);
  });

  it("does so where its copy was changed, and the first is removed afterwards", async () => {
    const { root, storage, at } = await openFolder();
    cpSync(at("a/one.meta.json"), at("b/one.meta.json"));
    cpSync(at("a/one.json"), at("b/one.json"));
    writeText(root, "b/one.json", "111");
    await everythingLookedAt(root, storage);
    expect(await storage.load("a/one")).toBe(1);
    rmSync(at("a/one.json"));
    await until(async () => (await storage.list("a/one"))[0]?.size === 3);
    expect(await storage.load("a/one")).toBe(111);
  });

  it("gives its place to what is written there anew", async () => {
    const { root, storage, at } = await openFolder();
    cpSync(at("a/one.json"), at("b/one.json"));
    cpSync(at("a/one.meta.json"), at("b/one.meta.json"));
    await everythingLookedAt(root, storage);
    // As a program does that saves.
    rmSync(at("a/one.json"));
    await new Promise((resolve) => setTimeout(resolve, 130));
    writeText(root, "a/one.json", "1111");
    await until(async () => (await storage.list("a/one"))[0]?.size === 4);
    expect(await storage.load("a/one")).toBe(1111);
  });
});
