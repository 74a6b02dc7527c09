import { appendFileSync, mkdirSync, renameSync, rmdirSync, rmSync, utimesSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStorage, systemPorts, type Timers } from "@holdfast/core";
import {
  type FileSystemPort,
  filesystemOn,
  nodeFileSystem,
  type RootWatch,
  realInternals,
} from "@holdfast/filesystem/port";
import { describe, expect, it, onTestFinished } from "vitest";
import { filesIn, openRoot, openRootOn, temporaryRoot, until, writeText } from "./support/roots.js";

describe("what cannot be taken in yet", () => {
  it("is looked at again after a while: a file of a key whose former file cannot be removed", async () => {
    const root = temporaryRoot();
    let isHeld = true;
    let looks = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      unlink(path) {
        if (isHeld && path.endsWith("/a.json")) throw Object.assign(new Error("EBUSY: planted"), { code: "EBUSY" });
        nodeFileSystem.unlink(path);
      },
      openToRead(path) {
        if (path.endsWith("/a.yaml")) looks++;
        return nodeFileSystem.openToRead(path);
      },
    };
    const storage = await openRootOn({ files }, root);
    await storage.save("a", 1);
    await storage.flush();
    await storage.delete("a");
    writeText(root, "a.yaml", "2");
    utimesSync(join(root, "a.yaml"), 1, 1);
    await until(() => looks > 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(looks).toBeLessThan(10);
    isHeld = false;
    await storage.flush();
    await until(async () => (await storage.load("a")) === 2);
  });

  /** A root in which one file and one directory cannot be read while `on`, and whose events are told by the test. */
  async function openObstructed() {
    const root = temporaryRoot();
    const control = { on: true };
    const refuse = (isMeant: boolean, code: string) => {
      if (control.on && isMeant) throw Object.assign(new Error(`${code}: planted`), { code });
    };
    const files: FileSystemPort = {
      ...nodeFileSystem,
      openToRead(path) {
        refuse(/\/(?:busy\.json|odd\.meta\.json)$/.test(path), "EBUSY");
        return nodeFileSystem.openToRead(path);
      },
      holdDirectory(from, segments) {
        refuse(segments.includes("closed"), "EACCES");
        return nodeFileSystem.holdDirectory(from, segments);
      },
    };
    let changed: (directory: string, name: string | undefined) => void = () => undefined;
    const watchRoot: RootWatch = (_, events) => {
      changed = events.changed;
      return { add: () => undefined, close: () => undefined };
    };
    const pauses: number[] = [];
    const timers: Timers = {
      schedule(work, delay, urgency) {
        pauses.push(delay);
        return systemPorts.timers.schedule(work, delay, urgency);
      },
    };
    const storage = await openRootOn({ files, watchRoot }, root, {}, { ports: { timers } });
    return { root, control, storage, pauses, changed: (name: string) => changed("", name) };
  }

  it.each(["busy.json", "closed", "odd.meta.json"])(
    "is looked at again when it could not be read at its event, and hinders nothing else: %s",
    async (name) => {
      const { root, control, storage, pauses, changed } = await openObstructed();
      mkdirSync(join(root, "closed"));
      for (const path of ["busy.json", "closed/a.json", "odd.meta.json", "other.json"]) writeText(root, path, "1");
      changed(name);
      changed("other.json");
      await until(async () => (await storage.load("other")) === 1);
      await new Promise((resolve) => setTimeout(resolve, 500));
      // No look at everything for it.
      expect(Math.max(...pauses)).toBeLessThan(30_000);
      control.on = false;
      const key = { "busy.json": "busy", closed: "closed/a", "odd.meta.json": "odd.meta" }[name] ?? "";
      await until(async () => (await storage.load(key)) === 1);
    },
  );

  it("is not read while it grows, and is read in pieces", async () => {
    const root = temporaryRoot();
    let read = 0;
    let largest = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      read(descriptor, into, position) {
        read += into.byteLength;
        largest = Math.max(largest, into.byteLength);
        return nodeFileSystem.read(descriptor, into, position);
      },
    };
    const storage = await openRootOn({ files }, root);
    const size = 10 * 2 ** 20;
    writeFileSync(join(root, "big.json"), `"${" ".repeat(size)}`);
    for (let n = 0; n < 100; n++) {
      appendFileSync(join(root, "big.json"), "x");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(read).toBeLessThan(2 * size);
    appendFileSync(join(root, "big.json"), '"');
    await until(async () => (await storage.stat("big")) !== undefined);
    expect(largest).toBeLessThan(size / 2);
  });
});

describe("a directory", () => {
  it.each([
    ["a", ["a"], "nobody else"],
    ["a/b", ["a/b", "a"], "nobody else"],
    ["a", ["a"], "the app"],
    ["a/b", ["a/b", "a"], "the app"],
  ])(
    "that was removed and made again is watched on: $0, which $2 watched before",
    async (directory, removed, first) => {
      const root = temporaryRoot();
      if (first === "the app") {
        mkdirSync(join(root, directory), { recursive: true });
        for (const each of removed) {
          const watcher = watch(join(root, each), () => undefined);
          onTestFinished(() => watcher.close());
        }
      }
      const storage = await openRoot(root);
      await storage.save(`${directory}/first`, 1);
      await storage.flush();
      // What is gathered of the save has been looked at by then.
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const name of filesIn(root)) rmSync(join(root, name));
      // Often it gets the inode that it had, before anybody has been told.
      for (const each of removed) rmdirSync(join(root, each));
      mkdirSync(join(root, directory), { recursive: true });
      writeText(root, `${directory}/other.json`, "1");
      await new Promise((resolve) => setTimeout(resolve, 600));
      writeText(root, `${directory}/second.json`, "2");
      await until(async () => (await storage.load(`${directory}/second`)) === 2);
    },
  );

  it("that was moved away leaves its name to another", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a/b/first", 1);
    await storage.flush();
    await new Promise((resolve) => setTimeout(resolve, 300));
    renameSync(join(root, "a"), join(root, "moved"));
    mkdirSync(join(root, "a/b"), { recursive: true });
    writeText(root, "a/b/other.json", "1");
    await new Promise((resolve) => setTimeout(resolve, 600));
    writeText(root, "a/b/second.json", "2");
    await until(async () => (await storage.load("a/b/second")) === 2);
  });

  it("is not read anew whenever a file of its own name is written in it", async () => {
    const root = temporaryRoot();
    let reads = 0;
    const files: FileSystemPort = {
      ...nodeFileSystem,
      readdir(path) {
        reads++;
        return nodeFileSystem.readdir(path);
      },
    };
    const storage = await openRootOn({ files }, root);
    const before = reads;
    await storage.save("x.app/x.app", new Uint8Array([1]));
    await storage.flush();
    expect(filesIn(root)).toContain("x.app/x.app");
    // As a directory that is new it is read once.
    await until(() => reads > before);
    await new Promise((resolve) => setTimeout(resolve, 300));
    reads = 0;
    for (let n = 0; n < 3; n++) {
      await storage.save("x.app/x.app", new Uint8Array([n]));
      await storage.flush();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(reads).toBe(0);
    // It is watched all the same.
    writeFileSync(join(root, "x.app/x.app"), new Uint8Array([7]));
    await until(async () => ((await storage.load("x.app/x.app")) as Uint8Array)[0] === 7);
  });

  it("is watched before it is read, so that nothing comes in between", async () => {
    const root = temporaryRoot();
    mkdirSync(join(root, "sub"));
    writeText(root, "sub/first.json", "1");
    const files: FileSystemPort = {
      ...nodeFileSystem,
      readdir(path) {
        const entries = nodeFileSystem.readdir(path);
        const isLate = entries.length === 1 && entries[0]?.name === "first.json";
        if (isLate) writeText(root, "sub/late.json", "2");
        return entries;
      },
    };
    const storage = await openRootOn({ files }, root);
    await until(async () => (await storage.load("sub/late")) === 2);
  });
});

describe("an open that fails", () => {
  it("leaves nothing that looks or watches", async () => {
    const root = temporaryRoot();
    writeText(root, "sub.json", "1");
    const scheduled = new Set<() => void>();
    const timers: Timers = {
      schedule(work, delay, urgency) {
        const run = () => {
          scheduled.delete(run);
          work();
        };
        scheduled.add(run);
        const cancel = systemPorts.timers.schedule(run, delay, urgency);
        return () => {
          scheduled.delete(run);
          cancel();
        };
      },
    };
    const watching = new Set<object>();
    const watchRoot: RootWatch = (directory, events) => {
      const watcher = realInternals.watchRoot?.(directory, events);
      const watch = {};
      watching.add(watch);
      return {
        add: (path) => watcher?.add(path),
        close() {
          watching.delete(watch);
          watcher?.close();
        },
      };
    };
    const readdir = () => {
      throw Object.assign(new Error("EIO: planted"), { code: "EIO" });
    };
    const adapter = filesystemOn({ ...realInternals, files: { ...nodeFileSystem, readdir }, watchRoot }, { root });
    await expect(openStorage(adapter, { ports: { timers }, retry: false })).rejects.toMatchObject({
      message: expect.stringContaining("EIO"),
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([scheduled.size, watching.size]).toEqual([0, 0]);
    expect(await (await openRoot(root)).load("sub")).toBe(1);
  });
});
