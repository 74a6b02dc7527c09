import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StorageEngine } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { lateAfter } from "./support/late-flushes.js";
import { failure } from "./support/planted.js";
import { filesIn, openRoot, openRootOn, temporaryRoot, writeText } from "./support/roots.js";

/** As if a state directory were on another device than the root, so that bodies have to be on the root's. */
function onAnotherDevice(state: string): FileSystemPort {
  return {
    ...nodeFileSystem,
    lstat(path) {
      const stat = nodeFileSystem.lstat(path);
      return stat && path.startsWith(state) ? { ...stat, device: -1n } : stat;
    },
  };
}

describe("a root that cannot be one", () => {
  /** A root with its state elsewhere that holds the items a and b. */
  async function openedBefore(): Promise<{ root: string; state: string; away: string }> {
    const directory = temporaryRoot();
    const root = join(directory, "data");
    const state = temporaryRoot();
    const storage = await openRoot(root, { stateDirectory: state });
    await storage.save("a", 1);
    await storage.save("b", 1);
    await storage.close();
    return { root, state, away: join(directory, "away") };
  }

  it("needs no home directory, but for a root that is synced", async () => {
    const dataDirectory = () => undefined;
    const root = temporaryRoot();
    const storage = await openRootOn({ dataDirectory }, root);
    await storage.save("k", 1);
    await storage.close();
    const synced = join(temporaryRoot(), "Dropbox", "data");
    mkdirSync(synced, { recursive: true });
    await expect(openRootOn({ dataDirectory }, synced)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("set stateDirectory, or HOME"),
    });
    const near = await openRootOn({ dataDirectory }, synced, { stateDirectory: temporaryRoot() });
    await near.save("k", 2);
    await near.close();
  });

  it("on a network drive is refused with what does work, and then accepted", async () => {
    const root = temporaryRoot();
    const state = temporaryRoot();
    const isOnNetwork = (directory: string) => directory.startsWith(root);
    await expect(openRootOn({ isOnNetwork }, root)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("set stateDirectory"),
    });
    const storage = await openRootOn({ isOnNetwork }, root, { stateDirectory: state });
    await storage.save("a", 1);
    await storage.flush();
    expect(filesIn(root)).toEqual(["a.json", "a.meta.json"]);
  });

  it("is a file, or belongs to another state directory", async () => {
    const root = temporaryRoot();
    writeFileSync(join(root, "file"), "x");
    await expect(openRoot(join(root, "file"))).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(openRoot(root, { stateDirectory: join(root, "state") })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    const state = temporaryRoot();
    const first = await openRoot(join(root, "one"), { stateDirectory: state });
    await first.close();
    await (await openRoot(join(root, "two"))).close();
    await expect(openRoot(join(root, "two"), { stateDirectory: state })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("has come away from its state directory", async () => {
    const root = join(temporaryRoot(), "data");
    const state = temporaryRoot();
    const first = await openRoot(root, { stateDirectory: state });
    await first.save("a", 1);
    await first.close();
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await expect(openRoot(root, { stateDirectory: state })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("has come away from its state directory, and something else is in its place", async () => {
    const { root, state, away } = await openedBefore();
    renameSync(root, away);
    mkdirSync(root);
    writeText(root, "desktop.ini", "x");
    await expect(openRoot(root, { stateDirectory: state })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    rmSync(root, { recursive: true });
    renameSync(away, root);
    const again = await openRoot(root, { stateDirectory: state });
    expect(await again.load("a")).toBe(1);
    expect(await again.load("b")).toBe(1);
  });

  it("has lost its marker alone, and gets it again", async () => {
    const { root, state } = await openedBefore();
    rmSync(join(root, ".holdfast"), { recursive: true });
    rmSync(join(root, "b.json"));
    const again = await openRoot(root, { stateDirectory: state });
    expect((await again.list()).map(({ key }) => key)).toEqual(["a"]);
    expect(readdirSync(join(root, ".holdfast"))).toContain("root.json");
  });

  it.each([
    ["is empty", () => undefined],
    ["has a file of its own", (root: string) => writeText(root, "a.json", '"of another disk"')],
    [
      "is a copy of it",
      (root: string, away: string) => cpSync(away, root, { recursive: true, preserveTimestamps: true }),
    ],
  ])("comes away while it is open, and comes back: what is there meanwhile %s", async (_, fill) => {
    const { root, state, away } = await openedBefore();
    const late = lateAfter(4);
    const options = { stateDirectory: state, watch: false, ...late.options };
    const storage = await openRoot(root, options, { retry: false, ...late.settings });
    renameSync(root, away);
    mkdirSync(root);
    fill(root, away);
    const before = filesIn(root);
    await storage.save("new", 1);
    await storage.save("a", 2);
    await storage.delete("b");
    await expect(storage.flush()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("is not the directory that this store is in"),
    });
    expect(filesIn(root)).toEqual(before);
    rmSync(root, { recursive: true });
    renameSync(away, root);
    await storage.flush();
    expect(filesIn(root)).toEqual(["a.json", "a.meta.json", "new.json", "new.meta.json"]);
    expect(await storage.load("new")).toBe(1);
    expect(await storage.load("a")).toBe(2);
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("comes away while it is open: no item is taken for deleted, and none from elsewhere is taken in", async () => {
    const { root, state, away } = await openedBefore();
    const storage = await openRoot(root, { stateDirectory: state }, { retry: false });
    renameSync(root, away);
    mkdirSync(root);
    writeText(root, "a.json", '"of another disk"');
    writeText(root, "c.json", "3");
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.load("b")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    // What is watched is gathered for a while.
    await new Promise((resolve) => setTimeout(resolve, 400));
    rmSync(root, { recursive: true });
    renameSync(away, root);
    expect((await storage.list()).map(({ key }) => key)).toEqual(["a", "b"]);
    expect(await storage.load("a")).toBe(1);
    expect(await storage.load("b")).toBe(1);
  });

  it("comes away while it is open: a large body that would be written where it was is refused", async () => {
    const root = join(temporaryRoot(), "data");
    const storage = await openRoot(root, { watch: false }, { retry: false });
    await storage.save("k", 1);
    await storage.flush();
    renameSync(root, `${root} away`);
    await expect(storage.save("large", new Uint8Array(100_000))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(existsSync(root)).toBe(false);
  });

  it("comes away while it is open: a large body that would be written beside it is refused", async () => {
    const { root, state, away } = await openedBefore();
    const options = { stateDirectory: state, watch: false };
    const storage = await openRootOn({ files: onAnotherDevice(state) }, root, options, { retry: false });
    renameSync(root, away);
    mkdirSync(root);
    await expect(storage.save("large", new Uint8Array(100_000))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(readdirSync(root)).toEqual([]);
    rmSync(root, { recursive: true });
    renameSync(away, root);
    await storage.save("large", new Uint8Array(100_000));
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("may not be written", async () => {
    const root = join(temporaryRoot(), "data");
    const mkdir = () => {
      throw failure("EACCES", "mkdir");
    };
    await expect(openRootOn({ files: { ...nodeFileSystem, mkdir } }, root)).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });
});

describe("a root that came away while it is open, and something else in its place", () => {
  const away = (root: string) => `${root} away`;

  /** A root in which the state is as well, with the item a; then another directory stands there. */
  async function openedInside(): Promise<{ root: string; storage: StorageEngine }> {
    const root = join(temporaryRoot(), "data");
    const storage = await openRoot(root, { watch: false }, { retry: false });
    await storage.save("a", { n: 1 });
    await storage.flush();
    renameSync(root, away(root));
    mkdirSync(root);
    return { root, storage };
  }

  const back = (root: string) => {
    rmSync(root, { recursive: true });
    renameSync(away(root), root);
  };

  it("gets no copies of damaged files, and nothing of it is copied", async () => {
    const { root, storage } = await openedInside();
    writeText(root, "a.json", "{ no json");
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(readdirSync(root)).toEqual(["a.json"]);
    back(root);
    expect(readdirSync(join(root, ".holdfast"))).not.toContain("quarantine");
    expect(await storage.load("a")).toEqual({ n: 1 });
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("is not repaired: nothing is removed there, and nothing is forgotten", async () => {
    const { root, storage } = await openedInside();
    writeText(root, ".holdfast-1.tmp", "of another store");
    utimesSync(join(root, ".holdfast-1.tmp"), 1, 1);
    const companion = readFileSync(join(away(root), "a.meta.json"), "utf8");
    writeText(root, "a.meta.json", companion.replace('"key":"a"', '"key":"b"'));
    await expect(storage.verify()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.repair()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(readdirSync(root).sort()).toEqual([".holdfast-1.tmp", "a.meta.json"]);
    back(root);
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("keeps its files of previous versions, where it is a copy", async () => {
    const root = join(temporaryRoot(), "data");
    const stateDirectory = temporaryRoot();
    let time = Date.now();
    const clock = { now: () => time };
    const settings = { ports: { clock }, history: { versions: 5, age: 1_000 }, retry: false } as const;
    const files = onAnotherDevice(stateDirectory);
    const storage = await openRootOn({ files }, root, { stateDirectory, watch: false }, settings);
    for (const byte of [1, 2]) {
      await storage.save("large", new Uint8Array(100_000).fill(byte));
      await storage.flush();
    }
    const versions = (of: string) =>
      readdirSync(join(of, ".holdfast/versions"), { recursive: true, withFileTypes: true }).filter((each) =>
        each.isFile(),
      );
    expect(versions(root)).toHaveLength(1);
    cpSync(root, `${root} copy`, { recursive: true, preserveTimestamps: true });
    renameSync(root, away(root));
    renameSync(`${root} copy`, root);
    time += 10_000;
    await storage.sweep();
    expect(versions(root)).toHaveLength(1);
    back(root);
    await storage.sweep();
    expect(await storage.history("large")).toEqual([]);
    expect(existsSync(join(root, ".holdfast/versions/large.bin"))).toBe(false);
  });
});
