import { readdir, readFile, symlink } from "node:fs/promises";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import type { StorageEngine } from "holdfast";
import { describe, expect, it } from "vitest";
import { damage } from "./support/damage.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

const NAUGHTY_KEYS = [
  "a",
  "a/b",
  "a/b/c",
  "a.json",
  "a.json/x",
  "A",
  "A/b",
  "x",
  "x.json",
  "x.json.json",
  "x.yaml",
  "CON",
  "nul.txt",
  "com1",
  "dir/PRN/x",
  "trailing.",
  "trailing ",
  "trailing./x",
  " ",
  "...",
  "..a",
  "%2e%2e",
  "%~2",
  "a%~2",
  "50%",
  "C:\\x\\y",
  "back\\slash",
  'quote"<>|*?',
  "q?x=1#y",
  "ä",
  "a\u0308",
  "ﬃ",
  "ß",
  "SS",
  "😀/🎉",
  "\u200e\u202e",
  "\ue000",
  ".HOLDFAST/export.jsonl",
  ".holdfast2",
  "-rf",
  "~",
  "$HOME`x`",
  "l".repeat(300),
  `${"l".repeat(299)}m`,
  `${"ß".repeat(250)}`,
  Array.from({ length: 100 }, (_, index) => `segment${index}`).join("/"),
  Array.from({ length: 100 }, (_, index) => `segment${index}`)
    .join("/")
    .toUpperCase(),
];

interface Kept {
  key: string;
  format: string;
  tags: string[];
  metadata: object;
  expiration: Date | undefined;
  compressed: boolean;
  checksum: string;
  data: unknown;
}

/** All that an export is to bring back. */
async function contents(storage: StorageEngine): Promise<Kept[]> {
  const kept: Kept[] = [];
  for await (const { key, format, tags, metadata, expiration, compressed, checksum } of storage.scan()) {
    kept.push({ key, format, tags, metadata, expiration, compressed, checksum, data: await storage.load(key) });
  }
  return kept;
}

describe("holdfast export", () => {
  it("writes each item as a file of its own, readable where it is text", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("notes/first", { a: 1 });
      await storage.save("notes/second.json", [2]);
      await storage.save("plan", { b: 1 }, { format: "yaml" });
      await storage.save("photo.jpg", Uint8Array.of(1, 2));
    });
    const { code, value } = await space.json(["export", STORE, "out"]);
    expect({ code, value }).toEqual({
      code: 0,
      value: { exported: 4, bytes: 17, folder: "out", failures: [], milliseconds: expect.any(Number) },
    });
    const files = await readdir(space.path("out"), { recursive: true });
    expect(files.sort()).toEqual(
      [".holdfast", ".holdfast/export.jsonl", "notes", "notes/first.json", "notes/second.json"].concat([
        "photo.jpg",
        "plan.yaml",
      ]),
    );
    expect(await readFile(space.path("out/notes/first.json"), "utf8")).toBe('{"a":1}');
    expect(await readFile(space.path("out/plan.yaml"), "utf8")).toBe("b: 1\n");
    expect([...(await readFile(space.path("out/photo.jpg")))]).toEqual([1, 2]);
  });

  it("comes back whole by import, whatever the keys, with tags, metadata, expiration, format and compression", async () => {
    await space.store("app.db", async (storage) => {
      for (const [index, key] of NAUGHTY_KEYS.entries()) {
        await storage.save(key, index % 3 === 0 ? Uint8Array.of(index) : { index }, {
          ...(index % 3 === 1 ? { format: "yaml" } : {}),
          tags: [`tag ${index}`, "ä\n"],
          metadata: { index, nested: { list: [null, true] } },
          ...(index % 5 === 0 ? { expiration: new Date(4_000_000_000_000 + index) } : {}),
        });
      }
      await storage.save("compressed", "x".repeat(10_000), { compress: true });
      await storage.save("large", new Uint8Array(3_000_000).fill(7));
      await storage.save("empty", new Uint8Array());
    });
    const before = await space.store("app.db", contents);
    expect((await space.run(["export", STORE, "out"])).code).toBe(0);
    const imported = await space.run(["import", "out", "sqlite:./back.db"]);
    expect(imported.stderr).not.toContain("left out");
    expect(imported.code).toBe(0);
    expect(await space.store("back.db", contents)).toEqual(before);
  });

  it("comes back whole for generated keys and values", async () => {
    const segments = fc
      .string({ unit: fc.constantFrom(...'aAbB.%~ \\:*?"|<>-0\u0308ä😀'), minLength: 1, maxLength: 6 })
      .filter((segment) => segment !== "." && segment !== "..");
    const keys = fc.array(segments, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.uint8Array({ maxLength: 20 }));
    const [entries = []] = fc.sample(
      fc.uniqueArray(fc.tuple(keys, values), { minLength: 300, maxLength: 300, selector: ([key]) => key }),
      seeded({ numRuns: 1 }),
    );
    await space.store("app.db", async (storage) => {
      await storage.batch(entries.map(([key, data]) => ({ type: "save", key, data })));
    });
    const before = await space.store("app.db", contents);
    expect(before.length).toBe(300);
    expect((await space.run(["export", STORE, "out"])).code).toBe(0);
    expect(await space.json(["import", "out", "sqlite:./back.db"])).toMatchObject({ code: 0, value: { leftOut: [] } });
    expect(await space.store("back.db", contents)).toEqual(before);
  });

  it("makes no folder where no key begins with the prefix", async () => {
    await space.store("app.db", (storage) => storage.save("a", 1));
    const { code, stdout, stderr } = await space.run(["export", STORE, "out", "--prefix", "typo/"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(`no key in ${STORE} begins with "typo/"`);
    expect(await readdir(space.folder)).not.toContain("out");
  });

  it("writes nothing outside of its folder", async () => {
    await space.store("app.db", async (storage) => {
      for (const key of NAUGHTY_KEYS) await storage.save(key, 1);
    });
    await space.run(["export", STORE, "in/out"]);
    expect((await readdir(space.path("in"))).sort()).toEqual(["out"]);
    expect((await readdir(space.folder)).sort()).toEqual(["app.db", "in"]);
  });

  it.each(["./out", "out/", "./in/../out", "$PWD/out/"])("takes the folder as it is typed: %s", async (given) => {
    await space.store("app.db", (storage) => storage.save("a/b", 1));
    const folder = given.replace("$PWD", space.folder);
    const { code, value } = await space.json(["export", STORE, folder]);
    expect({ code, value }).toMatchObject({ code: 0, value: { exported: 1, folder } });
    expect(await readdir(space.path("out"), { recursive: true })).toContain("a/b.json");
  });

  it.each(["data", "data/out", "link/out"])("does not write into the files that it exports: %s", async (folder) => {
    await space.run(["put", "file:./data", "a", "--value", "1"]);
    await symlink(space.path("data"), space.path("link"), "junction");
    const { code, stdout, stderr } = await space.run(["export", "file:./data", folder]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${folder} is part of the store file:./data`);
    expect((await readdir(space.path("data"))).sort()).toEqual([".holdfast", "a.json", "a.meta.json"]);
    // A neighbour whose name begins alike is another folder.
    expect((await space.run(["export", "file:./data", "data2"])).code).toBe(0);
  });

  it("exports a part", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("a/1", 1);
      await storage.save("b/1", 2);
    });
    await space.run(["export", STORE, "out", "--prefix", "b/"]);
    await space.run(["import", "out", "sqlite:./back.db"]);
    expect((await space.run(["ls", "sqlite:./back.db"])).stdout).toBe("b/1\n");
  });

  it("overwrites nothing: the folder has to be new or empty", async () => {
    await space.store("app.db", (storage) => storage.save("a", 1));
    await space.write("out/mine.txt", "mine");
    const { code, stderr } = await space.run(["export", STORE, "out"]);
    expect(code).toBe(4);
    expect(stderr).toContain("out is not empty");
    expect(await readdir(space.path("out"))).toEqual(["mine.txt"]);
    await space.write("file", "");
    expect((await space.run(["export", STORE, "file"])).code).not.toBe(0);
  });

  it("exports what is whole, names what is damaged, and fails with exit code 6", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("bad", new TextEncoder().encode("the body that a disk will damage"));
      await storage.save("good", 1);
    });
    await damage(space.path("app.db"), "the body that a disk will damage");
    const { code, value, stderr } = await space.json(["export", STORE, "out"]);
    expect(code).toBe(6);
    expect(value).toMatchObject({ exported: 1, failures: [{ key: "bad", code: "CORRUPT" }] });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "CORRUPT" } });
    expect((await readdir(space.path("out"))).sort()).toEqual([".holdfast", "good.json"]);
  });
});
