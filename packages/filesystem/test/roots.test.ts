import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { failure } from "./support/planted.js";
import { filesIn, openRoot, openRootOn, temporaryRoot, writeText } from "./support/roots.js";

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
    const options = { stateDirectory: state, flushTimeout: 300, watch: false };
    const storage = await openRoot(root, options, { retry: false });
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
    // The state directory is on another device, so that bodies have to be on the root's.
    const lstat: FileSystemPort["lstat"] = (path) => {
      const stat = nodeFileSystem.lstat(path);
      return stat && path.startsWith(state) ? { ...stat, device: -1n } : stat;
    };
    const options = { stateDirectory: state, watch: false };
    const storage = await openRootOn({ files: { ...nodeFileSystem, lstat } }, root, options, { retry: false });
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
