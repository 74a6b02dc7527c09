import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { lateAfter } from "./support/late-flushes.js";
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

  it.skipIf(process.platform === "win32")("and has a backslash in its name keeps what belongs to it", async () => {
    const root = temporaryRoot();
    writeText(root, "a\\b.json", "1");
    const first = await openRoot(root);
    const item = await first.save("a\\b", 2, { tags: ["x"] });
    await first.close();
    expect(filesIn(root)).toEqual(["a\\b.json", "a\\b.meta.json"]);
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect(await second.stat("a\\b")).toEqual(item);
    expect((await second.verify()).problems).toEqual([]);
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

  const encrypted = { v: 1, realm: "r", id: "i", key: "k", wrap: "w", mac: "m" };

  /** What a companion may say that no Holdfast wrote, and which item its file becomes. */
  it.each<[string, Record<string, unknown>, string]>([
    ["a version that no clock makes", { version: "ffffffffffff-0000-0123456789ab" }, "told"],
    ["a version of the year 2190", { version: "0650cb4e2800-0000-0123456789ab" }, "told"],
    ["a version that is none", { version: 5 }, "a"],
    ["the empty key", { key: "" }, "a"],
    ["a key with an empty segment", { key: "a//b" }, "a"],
    ["a key that leads out", { key: "../b" }, "a"],
    ["a key that is too long", { key: "x".repeat(2_000) }, "a"],
    ["a key with a control character", { key: "a\nb" }, "a"],
    ["a wrong checksum", { checksum: "0".repeat(64) }, "told"],
    ["a wrong size", { size: 7_000 }, "told"],
    ["a size below nothing", { size: -1 }, "a"],
    ["another format", { format: "yaml" }, "told"],
    ["a format that the file is not of", { compression: "gzip" }, "a"],
    ["a time that no date has", { created: 9e15 }, "a"],
    ["an expiration that no date has", { expiration: 9e15 }, "a"],
    ["encryption that is none", { encryption: 5 }, "a"],
    ["encryption without a key", { encryption: { ...encrypted, key: 5 } }, "a"],
    ["a schema that is none", { schema: 5 }, "a"],
    ["fields that are none", { schema: "c@1", indexed: ["b"], fields: "b" }, "a"],
    ["indexed paths that are none", { schema: "c@1", indexed: [5], fields: {} }, "a"],
    ["an indexed path that is none", { schema: "c@1", indexed: ["\\"], fields: {} }, "a"],
    ["the same tag twice", { tags: ["x", "x"] }, "told"],
    ["a tag that is none", { tags: [""] }, "a"],
    ["a file that is elsewhere", { file: "../a.json" }, "a"],
  ])("is an item that can be loaded whatever its companion says: %s", async (_, lie, key) => {
    const source = temporaryRoot();
    const root = temporaryRoot();
    const from = await openRoot(source);
    await from.save("told", { b: 1 });
    await from.close();
    writeText(root, "a.json", readText(source, "told.json"));
    const companion = { ...readJson(source, "told.meta.json"), file: "a.json", ...lie };
    writeText(root, "a.meta.json", JSON.stringify(companion));
    const first = await openRoot(root);
    expect(await first.load(key)).toEqual({ b: 1 });
    for (const item of await first.list()) expect(await first.load(item.key)).toBeDefined();
    const saved = await first.save("later", 1);
    expect(Math.abs(Number.parseInt(saved.version.slice(0, 12), 16) - Date.now())).toBeLessThan(60_000);
    await first.flush();
    expect((await first.verify()).problems).toEqual([]);
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect(await second.load(key)).toEqual({ b: 1 });
    await second.flush();
    await second.delete(key);
    await second.flush();
    expect((await second.verify()).problems).toEqual([]);
  });

  it("of any kind takes size and checksum from itself, not from its companion", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    const body = new Uint8Array(200_000).fill(1);
    await first.save("gzip", body, { compress: true });
    await first.save("json.gzip", { b: "x".repeat(2_000) }, { compress: true });
    await first.save("large", body);
    await first.close();
    for (const path of filesIn(root).filter((each) => each.endsWith(".meta.json"))) {
      writeText(root, path, JSON.stringify({ ...readJson(root, path), size: 5, checksum: "none" }));
    }
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect(await second.load("gzip")).toEqual(body);
    expect(await second.load("json.gzip")).toEqual({ b: "x".repeat(2_000) });
    expect(await second.load("large")).toEqual(body);
    await second.flush();
    expect((await second.verify()).problems).toEqual([]);
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
    const late = lateAfter(1);
    const storage = await openRoot(root, { watch: false, ...late.options }, late.settings);
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
      const late = lateAfter(1);
      const storage = await openRootOn({ files }, root, { watch: false, ...late.options }, late.settings);
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
