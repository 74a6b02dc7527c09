import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, openRootOn, readJson, readText, temporaryRoot, until, writeText } from "./support/roots.js";

describe("a file that is dropped in", () => {
  it("becomes an item, by its path and content", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    mkdirSync(join(root, "new/deep"), { recursive: true });
    writeText(root, "new/deep/a.json", '{"b": 1}');
    writeText(root, "c.yml", "d: 2\n");
    writeText(root, "not.json", "{");
    writeText(root, "readme.txt", "hello");
    writeText(root, "a%3Ab.json", "3");
    writeText(root, ".hidden", "x");
    writeText(root, "~$lock.json", "x");
    writeText(root, "app.db-wal", "x");
    await until(async () => (await storage.list()).length === 5);
    expect(await storage.load("new/deep/a")).toEqual({ b: 1 });
    expect(await storage.load("c")).toEqual({ d: 2 });
    expect(await storage.load("not.json")).toEqual(new TextEncoder().encode("{"));
    expect(await storage.load("readme.txt")).toEqual(new TextEncoder().encode("hello"));
    expect(await storage.load("a:b")).toBe(3);
    await storage.flush();
    expect(readJson(root, "c.meta.json")).toMatchObject({ key: "c", file: "c.yml", format: "yaml" });
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("with its companion is the item that it was elsewhere", async () => {
    const source = temporaryRoot();
    const target = temporaryRoot();
    const from = await openRoot(source);
    const item = await from.save("A", { b: 1 }, { tags: ["x"], metadata: { c: "d" } });
    await from.close();
    for (const path of filesIn(source)) writeText(target, path, readText(source, path));
    const to = await openRoot(target);
    expect(await to.stat("A")).toEqual(item);
  });

  it("and copied under another name is another item", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", 1, { tags: ["x"] });
    await storage.flush();
    writeText(root, "b.json", readText(root, "a.json"));
    await until(() => storage.exists("b"));
    expect(await storage.load("a")).toBe(1);
  });

  it.each([
    ["before", ["a.json", "a.meta.json"]],
    ["behind", ["a.meta.json", "a.json"]],
  ])("%s a file that has the name of its companion leaves that as it is", async (_, order) => {
    const root = temporaryRoot();
    writeText(root, "a.json", "1");
    writeText(root, "a.meta.json", '{"mine":"precious"}');
    const readdir: FileSystemPort["readdir"] = (path) =>
      nodeFileSystem.readdir(path).sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const files = { ...nodeFileSystem, readdir };
    const first = await openRootOn({ files }, root);
    await first.flush();
    expect(readText(root, "a.meta.json")).toBe('{"mine":"precious"}');
    expect(await first.load("a")).toBe(1);
    expect(await first.load("a.meta")).toEqual({ mine: "precious" });
    const tagged = await first.save("a", 1, { tags: ["x"] });
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRootOn({ files }, root);
    expect((await second.list()).map(({ key }) => key)).toEqual(["a", "a.meta"]);
    expect(await second.stat("a")).toEqual(tagged);
    await second.flush();
    expect((await second.verify()).problems).toEqual([]);
  });

  it("and is a link is not followed", async () => {
    const root = temporaryRoot();
    const outside = temporaryRoot();
    writeText(outside, "secret.json", '"secret"');
    symlinkSync(join(outside, "secret.json"), join(root, "linked.json"));
    symlinkSync(outside, join(root, "directory"));
    const storage = await openRoot(root);
    expect(await storage.list()).toEqual([]);
    expect((await storage.verify()).problems.length).toBe(2);
    await storage.save("directory/a", 1);
    await storage.save("linked", 2);
    await storage.flush();
    expect(readdirSync(outside)).toEqual(["secret.json"]);
    expect(readText(outside, "secret.json")).toBe('"secret"');
    expect(await storage.load("directory/a")).toBe(1);
  });

  it("keeps what stands in its place when a directory becomes a link later", async () => {
    const root = temporaryRoot();
    const outside = temporaryRoot();
    const storage = await openRoot(root, { watch: false, flushTimeout: 200 });
    await storage.save("d/a", 1);
    await storage.flush();
    renameSync(join(root, "d"), join(outside, "moved"));
    symlinkSync(join(outside, "moved"), join(root, "d"));
    await storage.save("d/a", 2);
    await storage.flush().catch((error) => expect(StorageError.is(error, "TIMEOUT")).toBe(true));
    expect(readText(outside, "moved/a.json")).toBe("1");
    expect(await storage.load("d/a")).toBe(2);
    rmSync(join(root, "d"));
  });

  it.runIf(process.platform === "linux")(
    "is not written through a link that takes a directory's place while it is worked in",
    async () => {
      const root = temporaryRoot();
      const outside = temporaryRoot();
      let exchange: (() => void) | undefined;
      const files: FileSystemPort = {
        ...nodeFileSystem,
        holdDirectory(from, segments) {
          const held = nodeFileSystem.holdDirectory(from, segments);
          if (segments.at(-1) === "d") exchange?.();
          return held;
        },
      };
      const storage = await openRootOn({ files }, root, { watch: false, flushTimeout: 500 });
      await storage.save("d/a", 1);
      await storage.flush();
      await storage.save("d/a", 2);
      exchange = () => {
        exchange = undefined;
        renameSync(join(root, "d"), join(root, "e"));
        symlinkSync(outside, join(root, "d"));
      };
      await storage.flush().catch((error) => expect(StorageError.is(error, "TIMEOUT")).toBe(true));
      expect(exchange).toBeUndefined();
      expect(readdirSync(outside)).toEqual([]);
      rmSync(join(root, "d"));
    },
  );

  it.each([".holdfast", ".holdfast/bodies", ".holdfast/quarantine", ".holdfast/temps", ".holdfast/versions"])(
    "is refused before anything is written where %s is a link",
    async (place) => {
      const root = temporaryRoot();
      const outside = temporaryRoot();
      if (place !== ".holdfast") mkdirSync(join(root, ".holdfast"));
      symlinkSync(outside, join(root, place));
      await expect(openRoot(root)).rejects.toMatchObject({
        code: "UNSUPPORTED",
        message: expect.stringContaining("is a symbolic link"),
      });
      expect(readdirSync(outside)).toEqual([]);
    },
  );
});
