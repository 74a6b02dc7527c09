import { readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

async function writeTree(): Promise<void> {
  await space.write("data/a.json", '{"a":[1.5,"x"]}');
  await space.write("data/sub/b.yaml", "b: 2020-01-01\nc: yes\n");
  await space.write("data/sub/deep/c.yml", "[1, 2]");
  await space.write("data/sub/d.bin", Uint8Array.of(0, 1, 255));
  await space.write("data/ä b%.txt", "text");
}

const summaryOf = (over: object) => ({
  imported: 0,
  bytes: 0,
  skipped: 0,
  expired: 0,
  conflicts: [],
  leftOut: [],
  milliseconds: expect.any(Number),
  ...over,
});

describe("holdfast import", () => {
  it("makes each file a value under its path", async () => {
    await writeTree();
    const { code, value } = await space.json(["import", "data", STORE]);
    expect({ code, value }).toEqual({ code: 0, value: summaryOf({ imported: 5, bytes: expect.any(Number) }) });
    await space.store("app.db", async (storage) => {
      expect(await storage.load("a.json")).toEqual({ a: [1.5, "x"] });
      expect(await storage.load("sub/b.yaml")).toEqual({ b: "2020-01-01", c: "yes" });
      expect(await storage.load("sub/deep/c.yml")).toEqual([1, 2]);
      expect(await storage.load("sub/d.bin")).toEqual(Uint8Array.of(0, 1, 255));
      expect(await storage.load("ä b%.txt")).toEqual(new TextEncoder().encode("text"));
      const formats = (await storage.list()).map(({ key, format }) => [key, format]);
      expect(Object.fromEntries(formats)).toMatchObject({
        "a.json": "json",
        "sub/b.yaml": "yaml",
        "sub/d.bin": "binary",
      });
    });
  });

  it.each([
    ["--tag", ""],
    ["--prefix", "a//"],
    ["--prefix", "../"],
  ])("makes no store for what core refuses: %s %j", async (...option) => {
    await space.write("data/a.json", "1");
    for (const from of [[], ["--from", "unstorage"]]) {
      const { code, stdout } = await space.run(["import", "data", "sqlite:app.db", ...from, ...option]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(await readdir(space.folder)).toEqual(["data"]);
    }
  });

  it("adds a prefix, tags and metadata", async () => {
    await space.write("data/a.json", "1");
    const { code } = await space.run([
      "import",
      "data",
      STORE,
      "--prefix",
      "in/",
      "--tag",
      "x",
      "-t",
      "y",
      "-m",
      "n=1",
      "--compress",
    ]);
    expect(code).toBe(0);
    await space.store("app.db", async (storage) => {
      expect(await storage.stat("in/a.json")).toMatchObject({ tags: ["x", "y"], metadata: { n: 1 } });
    });
  });

  it("takes one file under its name", async () => {
    await space.write("data/a.json", "1");
    expect((await space.run(["import", "data/a.json", STORE])).code).toBe(0);
    expect((await space.run(["ls", STORE])).stdout).toBe("a.json\n");
  });

  it("keeps every file as bytes with --as binary", async () => {
    await space.write("data/bad.json", "{oops");
    expect((await space.run(["import", "data", STORE, "--as", "binary"])).code).toBe(0);
    expect((await space.run(["get", STORE, "bad.json"])).stdout).toBe("{oops");
  });

  it("leaves out what it cannot keep, names each, and fails with exit code 1", async () => {
    await writeTree();
    await space.write("data/bad.json", '{"a":');
    await space.write("data/bad.yaml", "a: 1\na: 2");
    await space.write("data/big.json", "[9007199254740993]");
    await space.write("data/big.yaml", "id: 0x20000000000001");
    await space.write("data/inf.json", "1e999");
    await space.write("data/latin.json", Uint8Array.of(0x22, 0xe4, 0x22));
    await space.write("data/.holdfast/x", "reserved");
    const { code, value, stderr } = await space.json(["import", "data", STORE]);
    expect(code).toBe(1);
    const leftOut = (value as { leftOut: { path: string; code: string; message: string }[] }).leftOut;
    expect(Object.fromEntries(leftOut.map(({ path, ...rest }) => [path, rest]))).toEqual({
      "bad.json": { code: "INVALID_VALUE", message: expect.stringContaining("it is not JSON") },
      "bad.yaml": {
        code: "INVALID_VALUE",
        message: expect.stringMatching(/duplicated mapping key \(line 2 column 1\)/),
      },
      "big.json": {
        code: "INVALID_VALUE",
        message: "the number 9007199254740993 cannot be held exactly; write it as text",
      },
      "big.yaml": {
        code: "INVALID_VALUE",
        message: "the number 0x20000000000001 cannot be held exactly; write it as text",
      },
      "inf.json": { code: "INVALID_VALUE", message: expect.any(String) },
      "latin.json": { code: "INVALID_VALUE", message: "it is not UTF-8" },
      ".holdfast/x": { code: "INVALID_KEY", message: expect.stringContaining(".holdfast") },
    });
    expect((value as { imported: number }).imported).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "INCOMPLETE", exitCode: 1 } });
    const text = await space.run(["import", "data", STORE, "--conflict", "skip"]);
    expect(text.stdout).toContain('left out "bad.json" (INVALID_VALUE): it is not JSON');
    expect(text.stderr).toContain("7 files left out");
  });

  it("keeps long numbers that are exact, and long fractions as any reader of JSON does", async () => {
    await space.write(
      "data/a.json",
      "[9007199254740992, -0.123456789012345678, 1e22, 10000000000000000000000, 12345678901234567000]",
    );
    expect((await space.run(["import", "data", STORE])).code).toBe(0);
    await space.store("app.db", async (storage) => {
      expect(await storage.load("a.json")).toEqual([
        2 ** 53,
        Number("-0.123456789012345678"),
        1e22,
        1e22,
        12345678901234567000,
      ]);
    });
  });

  it("follows no symbolic link below, and tells of it", async () => {
    await space.write("secret/passwd", "secret");
    await space.write("data/a.txt", "a");
    await symlink(space.path("secret/passwd"), space.path("data/link.txt"));
    await symlink(space.path("secret"), space.path("data/folder"));
    const { code, value } = await space.json(["import", "data", STORE]);
    expect(code).toBe(1);
    const message = "it is a symbolic link, which is not followed";
    expect(value).toMatchObject({
      imported: 1,
      leftOut: [
        { path: "folder", code: "UNSUPPORTED", message },
        { path: "link.txt", code: "UNSUPPORTED", message },
      ],
    });
  });

  it("follows the link that it was given", async () => {
    await space.write("data/a.txt", "a");
    await symlink(space.path("data"), space.path("link"));
    expect((await space.run(["import", "link", STORE])).code).toBe(0);
    expect((await space.run(["ls", STORE])).stdout).toBe("a.txt\n");
  });

  it("imports nothing when a key is taken, unless told to skip or overwrite", async () => {
    await space.write("data/a.txt", "new");
    await space.write("data/b.txt", "new");
    await space.run(["put", STORE, "b.txt", "-"], { input: "old" });
    const stopped = await space.json(["import", "data", STORE]);
    expect(stopped.code).toBe(4);
    expect(stopped.value).toEqual(summaryOf({ conflicts: ["b.txt"] }));
    expect(JSON.parse(stopped.stderr)).toMatchObject({ error: { code: "CONFLICT", key: "b.txt" } });
    expect((await space.run(["ls", STORE])).stdout).toBe("b.txt\n");

    const skipped = await space.json(["import", "data", STORE, "--conflict", "skip"]);
    expect(skipped).toMatchObject({ code: 0, value: summaryOf({ imported: 1, bytes: 3, skipped: 1 }) });
    expect((await space.run(["get", STORE, "b.txt"])).stdout).toBe("old");

    const replaced = await space.json(["import", "data", STORE, "--conflict", "overwrite"]);
    expect(replaced).toMatchObject({ code: 0, value: summaryOf({ imported: 2, bytes: 6 }) });
    expect((await space.run(["get", STORE, "b.txt"])).stdout).toBe("new");
  });

  it("makes no store when there is nothing to import from", async () => {
    const { code, stderr } = await space.run(["import", "nowhere", STORE]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "holdfast: there is no file or folder nowhere — try: another path\n",
    });
    expect((await space.run(["ls", STORE])).code).toBe(3);
  });

  it("refuses options that mean nothing", async () => {
    await space.write("data/a.txt", "a");
    expect(await space.run(["import", "data", STORE, "--as", "xml"])).toMatchObject({ code: 2 });
    expect(await space.run(["import", "data", STORE, "--conflict", "newer"])).toMatchObject({ code: 2 });
    expect(await space.run(["import", "data", STORE, "--accept-changes"])).toMatchObject({ code: 2 });
  });
});

describe("holdfast import of an export", () => {
  async function exportOne(): Promise<void> {
    await space.store("app.db", (storage) => storage.save("a", { b: 1 }, { tags: ["t"], metadata: { m: 1 } }));
    await space.run(["export", STORE, "out"]);
  }

  it("adds a prefix, tags and metadata to what the manifest tells", async () => {
    await exportOne();
    const { code } = await space.run(["import", "out", "sqlite:b.db", "--prefix", "p/", "--tag", "u", "-m", "n=2"]);
    expect(code).toBe(0);
    await space.store("b.db", async (storage) => {
      expect(await storage.stat("p/a")).toMatchObject({ tags: ["t", "u"], metadata: { m: 1, n: 2 } });
    });
  });

  it("refuses files that are not what was exported, unless told to accept them", async () => {
    await exportOne();
    await space.write("out/a.json", '{"b":2}');
    const refused = await space.json(["import", "out", "sqlite:b.db"]);
    expect(refused).toMatchObject({
      code: 1,
      value: { imported: 0, leftOut: [{ path: "a.json", code: "CORRUPT" }] },
    });
    const accepted = await space.run(["import", "out", "sqlite:b.db", "--accept-changes"]);
    expect(accepted.code).toBe(0);
    expect((await space.run(["get", "sqlite:b.db", "a"])).stdout).toBe('{"b":2}\n');
  });

  it("refuses a changed file that is too large to be read at once", async () => {
    await space.store("app.db", (storage) => storage.save("a", new Uint8Array(3_000_000)));
    await space.run(["export", STORE, "out"]);
    await space.write("out/a", new Uint8Array(3_000_000).fill(1));
    expect(await space.json(["import", "out", "sqlite:b.db"])).toMatchObject({
      code: 1,
      value: { imported: 0, leftOut: [{ path: "a", code: "CORRUPT" }] },
    });
    expect((await space.run(["ls", "sqlite:b.db"])).stdout).toBe("");
  });

  it("tells of files that are missing, new, or lead out", async () => {
    await exportOne();
    await space.store("app.db", (storage) => storage.save("b", "secret"));
    await space.run(["export", STORE, "both"]);
    await space.write("both/new.txt", "new");
    await rm(space.path("both/a.json"));
    await rename(space.path("both/b.json"), space.path("b.json"));
    await symlink(space.path("b.json"), space.path("both/b.json"));
    const { code, value } = await space.json(["import", "both", "sqlite:b.db"]);
    expect(code).toBe(1);
    expect(value).toMatchObject({
      imported: 0,
      leftOut: [
        { path: "a.json", code: "NOT_FOUND" },
        { path: "b.json", code: "UNSUPPORTED", message: "it leads out of the export" },
        { path: "new.txt", code: "UNSUPPORTED", message: expect.stringContaining("not part of the export") },
      ],
    });
  });

  it("passes over what has expired since", async () => {
    await exportOne();
    const manifest = space.path("out/.holdfast/export.jsonl");
    await editManifest(manifest, (entry) => ({ ...entry, expiration: "2020-01-01T00:00:00.000Z" }));
    expect(await space.json(["import", "out", "sqlite:b.db"])).toMatchObject({
      code: 0,
      value: summaryOf({ expired: 1 }),
    });
  });

  it.each<[string, (entry: object) => object | string]>([
    ["a path that leads out", (entry) => ({ ...entry, path: "../secret" })],
    ["an absolute path", (entry) => ({ ...entry, path: "/etc/passwd" })],
    ["a path in the manner of Windows", (entry) => ({ ...entry, path: "..\\secret" })],
    ["no path", (entry) => ({ ...entry, path: undefined })],
    ["an unknown format", (entry) => ({ ...entry, format: "xml" })],
    ["tags that are none", (entry) => ({ ...entry, tags: [1] })],
    ["a wrong time", (entry) => ({ ...entry, expiration: "soon" })],
    ["a line that is cut off", (entry) => JSON.stringify(entry).slice(0, -5)],
  ])("refuses a manifest with %s, and imports nothing", async (_, change) => {
    await exportOne();
    await editManifest(space.path("out/.holdfast/export.jsonl"), change);
    const { code, stderr } = await space.run(["import", "out", "sqlite:b.db"]);
    expect(code).toBe(6);
    expect(stderr).toContain("export.jsonl is damaged at line 2");
    expect((await space.run(["ls", "sqlite:b.db"])).code).toBe(3);
  });

  it("refuses a manifest that is empty, of another kind or of another layout", async () => {
    await exportOne();
    const manifest = space.path("out/.holdfast/export.jsonl");
    for (const [header, exitCode] of [
      ["", 6],
      ['{"kind":"other"}\n', 6],
      ['{"kind":"holdfast-export","layout":2}\n', 10],
    ] as const) {
      await writeFile(manifest, header);
      expect((await space.run(["import", "out", "sqlite:b.db"])).code).toBe(exitCode);
    }
  });

  it("refuses a key that the manifest makes up", async () => {
    await exportOne();
    await editManifest(space.path("out/.holdfast/export.jsonl"), (entry) => ({ ...entry, key: "../a" }));
    expect(await space.json(["import", "out", "sqlite:b.db"])).toMatchObject({
      code: 1,
      value: { leftOut: [{ path: "a.json", code: "INVALID_KEY" }] },
    });
  });

  it("refuses an export that was broken off, and --as, which its manifest answers", async () => {
    await exportOne();
    expect(await space.run(["import", "out", "sqlite:b.db", "--as", "binary"])).toMatchObject({ code: 2 });
    const manifest = space.path("out/.holdfast/export.jsonl");
    await rename(manifest, `${manifest}.partial`);
    const { code, stderr } = await space.run(["import", "out", "sqlite:b.db"]);
    expect(code).toBe(6);
    expect(stderr).toContain("out is an export that was broken off");
  });

  async function editManifest(file: string, change: (entry: object) => object | string): Promise<void> {
    const [header = "", line = ""] = (await readFile(file, "utf8")).split("\n");
    const changed = change(JSON.parse(line) as object);
    await writeFile(file, `${header}\n${typeof changed === "string" ? changed : JSON.stringify(changed)}\n`);
  }
});
