import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { StorageEngine } from "@holdfast/core";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, openRootOn, readJson, readText, temporaryRoot } from "./support/roots.js";

describe("the files of an item", () => {
  it("are the value in its format and a companion that says what it is", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, {}, { json: "pretty" });
    const item = await storage.save("blueprints/ann/flow.blueprint", { steps: 3 }, { format: "yaml", tags: ["draft"] });
    await storage.save("notes/first", { title: "Hello" }, { metadata: { by: "Ann" } });
    await storage.flush();
    expect(filesIn(root)).toEqual([
      "blueprints/ann/flow.blueprint.meta.json",
      "blueprints/ann/flow.blueprint.yaml",
      "notes/first.json",
      "notes/first.meta.json",
    ]);
    expect(readText(root, "blueprints/ann/flow.blueprint.yaml")).toBe("steps: 3\n");
    expect(readText(root, "notes/first.json")).toBe('{\n  "title": "Hello"\n}\n');
    expect(readJson(root, "blueprints/ann/flow.blueprint.meta.json")).toMatchObject({
      key: "blueprints/ann/flow.blueprint",
      file: "flow.blueprint.yaml",
      version: item.version,
      tags: ["draft"],
      sha256: item.checksum,
    });
  });

  it("keep a binary key's own extension, and get one where it has none", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("photo.png", new Uint8Array([1]));
    await storage.save("blob", new Uint8Array([2]));
    await storage.flush();
    expect(filesIn(root)).toEqual(["blob.bin", "blob.meta.json", "photo.png", "photo.png.meta.json"]);
  });

  it("are what gzip makes of the value where it is compressed, and say so", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", "x".repeat(1_000), { compress: true });
    await storage.flush();
    expect(filesIn(root)).toEqual(["a.json.gz", "a.meta.json"]);
  });

  it.each<[string, unknown, (storage: StorageEngine) => Promise<unknown>, string[]]>([
    ["a save", "small", (storage) => storage.save("a", 2), ["a.json", "a~.meta.json"]],
    ["a repair", "small", (storage) => storage.repair(), ["a.json", "a~.meta.json"]],
    ["a repair of a large item", new Uint8Array(70_000), (storage) => storage.repair(), ["a.bin", "a~.meta.json"]],
    ["a deletion", "small", (storage) => storage.delete("a"), []],
  ])("leave a directory alone that has come in a companion's place: %s", async (_, value, act, files) => {
    const root = temporaryRoot();
    const first = await openRoot(root, { watch: false });
    await first.save("a", value);
    await first.flush();
    rmSync(join(root, "a.meta.json"));
    mkdirSync(join(root, "a.meta.json"));
    await act(first);
    await first.flush();
    expect(readdirSync(join(root, "a.meta.json"))).toEqual([]);
    expect(filesIn(root).map((path) => path.replace(/~[0-9a-f]{12}/, "~"))).toEqual(files);
    expect((await first.verify()).problems).toEqual([]);
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    const second = await openRoot(root);
    expect((await second.list()).map(({ key }) => key)).toEqual(files.length === 0 ? [] : ["a"]);
  });

  it("are completed at the next open where a directory has come in a companion's place", async () => {
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save("a", 1);
    await first.close();
    rmSync(join(root, "a.meta.json"));
    mkdirSync(join(root, "a.meta.json"));
    const second = await openRoot(root);
    await second.flush();
    expect(filesIn(root).length).toBe(2);
    expect((await second.verify()).problems).toEqual([]);
  });

  it("take their new name with a new format, and leave nothing of the old one", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", { b: 1 }, { format: "yaml" });
    await storage.flush();
    await storage.save("a", { b: 1 });
    await storage.flush();
    expect(filesIn(root)).toEqual(["a.json", "a.meta.json"]);
  });

  it("go with the item, and empty directories with them", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a/b/c", 1);
    await storage.save("a/d", 1);
    await storage.flush();
    await storage.delete("a/b/c");
    await storage.flush();
    expect(filesIn(root)).toEqual(["a/d.json", "a/d.meta.json"]);
    await storage.delete("a/d");
    await storage.flush();
    expect(filesIn(root)).toEqual([]);
  });

  it("are kept in step by batches over many keys", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", 1);
    await storage.batch([
      { type: "delete", key: "a" },
      { type: "save", key: "b", data: 2 },
      { type: "save", key: "large", data: new Uint8Array(100_000) },
    ]);
    await storage.flush();
    expect(filesIn(root)).toEqual(["b.json", "b.meta.json", "large.bin", "large.meta.json"]);
  });
});

describe("names", () => {
  it.each<[string[], string[]]>([
    [["CON"], ["%43ON.json"]],
    [["nul.txt"], ["%6Eul.txt.json"]],
    [["a:b*c"], ["a%3Ab%2Ac.json"]],
    [["100%"], ["100%25.json"]],
    [["end."], ["end%2E.json"]],
    [["back\\slash"], ["back%5Cslash.json"]],
    [
      ["a", "A"],
      ["A~559aead08264.json", "a.json"],
    ],
    [
      ["\u00e9", "e\u0301"],
      ["\u00e9.json", "e\u0301~0d5a30b8f7d2.json"],
    ],
    [
      ["x", "x.meta"],
      ["x.json", "x.meta~c3bd35e9e7ec.json"],
    ],
    [
      ["d.bin/x", "d"],
      ["d.bin/x.json", "d.json"],
    ],
  ])("of %j are %j", async (keys, files) => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    for (const key of keys) {
      await storage.save(key, key);
      await storage.flush();
    }
    const found = filesIn(root).filter((path) => !path.endsWith(".meta.json"));
    expect(found.map((path) => path.replace(/~[0-9a-f]{12}/, "~"))).toEqual(
      files.map((path) => path.replace(/~[0-9a-f]{12}/, "~")).sort(),
    );
    for (const key of keys) expect(await storage.load(key)).toBe(key);
  });

  /** As HFS+ does: gives names back decomposed, and finds them in either form. */
  const decomposing = new Proxy(nodeFileSystem, {
    get: (real, name: keyof FileSystemPort) => {
      if (name === "readdir") {
        return (path: string) =>
          real.readdir(path.normalize("NFC")).map((entry) => ({ ...entry, name: entry.name.normalize("NFD") }));
      }
      const compose = (value: unknown): unknown => {
        if (typeof value === "string") return value.normalize("NFC");
        return Array.isArray(value) ? value.map(compose) : value;
      };
      return (...values: unknown[]) => Reflect.apply(real[name], real, values.map(compose));
    },
  });

  it.each([
    ["by a file system that does so", decomposing, (_: string) => undefined],
    [
      "by an archive",
      nodeFileSystem,
      (root: string) => {
        for (const path of filesIn(root))
          renameSync(join(root, path), join(root, dirname(path), basename(path).normalize("NFD")));
        for (const name of readdirSync(root)) renameSync(join(root, name), join(root, name.normalize("NFD")));
      },
    ],
  ])("that are decomposed %s keep their keys and what belongs to them", async (_, files, decompose) => {
    const key = "caf\u00e9/r\u00e9sum\u00e9";
    const root = temporaryRoot();
    const first = await openRoot(root);
    await first.save(key, 1, { tags: ["x"], metadata: { by: "Ann" } });
    await first.close();
    rmSync(join(root, ".holdfast"), { recursive: true });
    decompose(root);
    const second = await openRootOn({ files }, root);
    const items = await second.list();
    expect(items).toMatchObject([{ key, tags: ["x"], metadata: { by: "Ann" } }]);
    expect(await second.load(key)).toBe(1);
    await second.flush();
    expect((await second.verify()).problems).toEqual([]);
    await second.save(key, 2, { tags: ["y"] });
    await second.flush();
    expect(filesIn(root).length).toBe(2);
    expect((await second.verify()).problems).toEqual([]);
    await second.close();
    const third = await openRootOn({ files }, root);
    expect((await third.list()).map((item) => [item.key, item.tags])).toEqual([[key, ["y"]]]);
    await third.delete(key);
    await third.flush();
    expect(filesIn(root)).toEqual([]);
  });

  it("set a binary item apart from a json item and from a directory that it would meet", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("x", 1);
    await storage.save("x.json", new Uint8Array([1]));
    await storage.save("photo.png", new Uint8Array([2]));
    await storage.save("photo.png/small", 3);
    await storage.flush();
    expect(filesIn(root).filter((path) => !path.endsWith(".meta.json"))).toEqual([
      "photo.png",
      expect.stringMatching(/^photo\.png~[0-9a-f]{12}\/small\.json$/),
      "x.json",
      expect.stringMatching(/^x~[0-9a-f]{12}\.json$/),
    ]);
    expect(await storage.load("x.json")).toEqual(new Uint8Array([1]));
    expect(await storage.load("photo.png/small")).toBe(3);
  });

  const segment = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom(
      "a",
      "A",
      "á",
      "a\u0301",
      "CON",
      "con.txt",
      "x.meta",
      "x",
      "x.json",
      "...",
      " ",
      ".Holdfast",
      "~$x",
    ),
    fc.string({ minLength: 100, maxLength: 300 }),
  );
  const key = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"))
    .filter(
      (text) =>
        text.isWellFormed() &&
        !/\p{Cc}/u.test(text) &&
        !text.split("/").some((part) => ["", ".", "..", ".holdfast"].includes(part)) &&
        Buffer.byteLength(text) <= 1_024,
    );

  it("are legal on every platform, meet on none, and give every key back once the item table is gone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 25 }), fc.boolean(), async (keys, binary) => {
        const root = temporaryRoot();
        const storage = await openRoot(root);
        await Promise.all(keys.map((each) => storage.save(each, binary ? Buffer.from(each) : each)));
        await storage.flush();
        await storage.close();
        const paths = filesIn(root);
        expect(paths.length).toBe(2 * keys.length);
        expect(new Set(paths.map((path) => path.normalize("NFD").toUpperCase().toLowerCase())).size).toBe(paths.length);
        for (const name of paths.flatMap((path) => path.split("/"))) {
          expect(name).not.toMatch(/[<>:"\\|?*\p{Cc}]|[. ]$/u);
          expect(name).not.toMatch(/^(?:con|prn|aux|nul|(?:com|lpt)\d)(?:\.|$)/i);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
        rmSync(join(root, ".holdfast"), { recursive: true });
        const again = await openRoot(root);
        expect((await again.list()).map((item) => item.key).sort()).toEqual([...keys].sort());
        await again.close();
      }),
      seeded({ numRuns: 30 }),
    );
  }, 60_000);
});
