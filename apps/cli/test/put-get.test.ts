import { randomBytes } from "node:crypto";
import { readdir, readFile, symlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

describe("holdfast put", () => {
  it("saves JSON with tags, metadata and an expiration", async () => {
    const before = Date.now();
    const { code, stdout, stderr } = await space.run(
      ["put", STORE, "a/b", "--value", '{"x":[1,null]}', "--tag", "one", "-t", "two"].concat([
        "-m",
        "stars=3",
        "-m",
        "name=Max",
        "-m",
        'id="7"',
        "--expires",
        "2h",
      ]),
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "saved a/b: 14 B, json\n", stderr: "" });
    await space.store("app.db", async (storage) => {
      expect(await storage.load("a/b")).toEqual({ x: [1, null] });
      const item = await storage.stat("a/b");
      expect(item).toMatchObject({
        tags: ["one", "two"],
        metadata: { stars: 3, name: "Max", id: "7" },
        format: "json",
      });
      const expiration = item?.expiration?.getTime() ?? 0;
      expect(expiration).toBeGreaterThanOrEqual(before + 7_200_000);
      expect(expiration).toBeLessThanOrEqual(Date.now() + 7_200_000);
    });
  });

  it("tells with --json what was saved", async () => {
    const leap = await space.json(["put", STORE, "b", "--value", "1", "--expires", "2048-02-29T23:30:00-05:00"]);
    expect(leap.value).toMatchObject({ item: { expiration: "2048-03-01T04:30:00.000Z" } });
    const { code, value } = await space.json(["put", STORE, "a", "--value", "1", "--expires", "2040-01-02T03:04:05Z"]);
    expect(code).toBe(0);
    expect(value).toEqual({
      item: {
        key: "a",
        version: expect.any(String),
        size: 1,
        storedSize: 1,
        format: "json",
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        modified: expect.any(String),
        expiration: "2040-01-02T03:04:05.000Z",
        tags: [],
        metadata: {},
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
        encrypted: false,
        compressed: false,
      },
    });
  });

  it("takes the format from a file's name, or from --format", async () => {
    await space.write("a.json", '{"a":1}');
    await space.write("b.yml", "b: [1, yes]\n");
    await space.write("c.txt", "c: 2");
    await space.run(["put", STORE, "a", "a.json"]);
    await space.run(["put", STORE, "b", "b.yml"]);
    await space.run(["put", STORE, "c", "c.txt"]);
    await space.run(["put", STORE, "d", "c.txt", "--format", "yaml"]);
    await space.run(["put", STORE, "e", "a.json", "--format", "binary"]);
    await space.store("app.db", async (storage) => {
      expect(await storage.load("a")).toEqual({ a: 1 });
      expect(await storage.load("b")).toEqual({ b: [1, "yes"] });
      expect(await storage.load("c")).toEqual(new TextEncoder().encode("c: 2"));
      expect(await storage.load("d")).toEqual({ c: 2 });
      expect(await storage.load("e")).toEqual(new TextEncoder().encode('{"a":1}'));
      expect((await storage.list()).map(({ format }) => format)).toEqual(["json", "yaml", "binary", "yaml", "binary"]);
    });
  });

  it("keeps every byte that a pipe or a file brings, small and large", async () => {
    const small = Uint8Array.from({ length: 256 }, (_, index) => index);
    const large = randomBytes(3_000_001);
    await space.write("large.bin", large);
    expect((await space.run(["put", STORE, "small", "-"], { input: small })).code).toBe(0);
    expect((await space.run(["put", STORE, "large", "large.bin", "--compress"])).code).toBe(0);
    expect((await space.run(["put", STORE, "piped", "-"], { input: large })).code).toBe(0);
    expect((await space.run(["get", STORE, "small"])).bytes.equals(small)).toBe(true);
    expect((await space.run(["get", STORE, "large"])).bytes.equals(large)).toBe(true);
    expect((await space.run(["get", STORE, "piped"])).bytes.equals(large)).toBe(true);
  });

  it("reads JSON from a pipe, and follows a link that was named", async () => {
    expect((await space.run(["put", STORE, "a", "-", "--format", "json"], { input: "[1]" })).code).toBe(0);
    await space.write("real.json", '"x"');
    await symlink(space.path("real.json"), space.path("link.json"));
    expect((await space.run(["put", STORE, "b", "link.json"])).code).toBe(0);
    expect((await space.run(["get", STORE, "b"])).stdout).toBe('"x"\n');
  });

  it("writes only if nobody was first", async () => {
    expect((await space.run(["put", STORE, "a", "--value", "1", "--if-absent"])).code).toBe(0);
    const second = await space.run(["put", STORE, "a", "--value", "2", "--if-absent"]);
    expect(second.code).toBe(4);
    const { value } = await space.json(["get", STORE, "a"]);
    const { version } = (value as { item: { version: string } }).item;
    expect((await space.run(["put", STORE, "a", "--value", "3", "--if-version", version])).code).toBe(0);
    const stale = await space.run(["put", STORE, "a", "--value", "4", "--if-version", version]);
    expect(stale.code).toBe(4);
    expect((await space.run(["get", STORE, "a"])).stdout).toBe("3\n");
  });

  it.each([
    ["text that is no JSON", ["--value", "{oops"], 5, "--value is not JSON"],
    ["text without quotes", ["--value", "text"], 5, `text in both kinds: --value '{"a":1}', --value '"text"'`],
    [
      "a number that would be rounded",
      ["--value", "[12345678901234567]"],
      5,
      "12345678901234567 cannot be held exactly",
    ],
    ["a file that is no JSON", ["bad.json"], 5, "bad.json is not JSON"],
    ["a file that is not UTF-8", ["latin.json"], 5, "latin.json is not UTF-8"],
    ["a file that is no YAML", ["bad.yaml"], 5, "bad.yaml is not YAML"],
    ["a file that is not there", ["nowhere.json"], 3, "there is no file nowhere.json — try: another path"],
    ["a folder", ["folder"], 5, "folder is not a file — try: a file"],
    ["nothing", [], 2, "nothing to save"],
    ["two sources", ["bad.json", "--value", "1"], 2, "not from both"],
    ["bytes as an argument", ["--value", "1", "--format", "binary"], 2, "--value is JSON or YAML"],
    ["an unknown format", ["--value", "1", "--format", "xml"], 2, "Allowed choices are json, yaml, binary"],
    ["no time", ["--value", "1", "--expires", "tomorrow"], 2, "is no time"],
    ["no day", ["--value", "1", "--expires", "2030-02-31"], 2, "is no time"],
    ["no day of that month", ["--value", "1", "--expires", "2030-04-31T12:00:00Z"], 2, "is no time"],
    ["no leap day", ["--value", "1", "--expires", "2100-02-29"], 2, "is no time"],
    ["no metadata", ["--value", "1", "-m", "stars"], 2, "metadata is written name=value"],
    ["metadata twice", ["--value", "1", "-m", "a=1", "-m", "a=2"], 2, "given twice"],
    ["two conditions", ["--value", "1", "--if-absent", "--if-version", "x"], 2, "rule each other out"],
    ["an empty tag", ["--value", "1", "--tag", ""], 2, "a tag is a string"],
    ["a version where there is no store", ["--value", "1", "--if-version", "x"], 4, "look at what stands"],
  ])("refuses %s", async (_, args, exitCode, reason) => {
    await space.write("bad.json", '{"a":');
    await space.write("latin.json", Uint8Array.of(0x22, 0xe4, 0x22));
    await space.write("bad.yaml", "a: [1,\nb: {");
    await space.write("folder/file", "");
    const { code, stdout, stderr } = await space.run(["put", STORE, "key", ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toMatch(/^holdfast: .+ — try: .+\n$/);
    expect(stderr).toContain(reason);
    expect(await readdir(space.folder)).not.toContain("app.db");
  });

  it("makes no store for a pipe that brings no JSON", async () => {
    const { code } = await space.run(["put", STORE, "a", "-", "--format", "json"], { input: '{"a":' });
    expect(code).toBe(5);
    expect(await readdir(space.folder)).toEqual([]);
  });

  it.each(["", "a//b", "../a", "a/.holdfast/b", "a\nb"])("refuses the key %j", async (key) => {
    const { code, stderr } = await space.run(["put", STORE, key, "--value", "1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("key");
    expect(await readdir(space.folder)).toEqual([]);
  });
});

describe("holdfast get", () => {
  it("prints json and yaml as text and binary as it is", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("json", { b: 1, a: [true] });
      await storage.save("yaml", { b: 1 }, { format: "yaml" });
      await storage.save("binary", Uint8Array.of(0, 255, 10));
      await storage.save("empty", new Uint8Array());
    });
    expect((await space.run(["get", STORE, "json"])).stdout).toBe('{"b":1,"a":[true]}\n');
    expect((await space.run(["get", STORE, "yaml"])).stdout).toBe("b: 1\n");
    expect([...(await space.run(["get", STORE, "binary"])).bytes]).toEqual([0, 255, 10]);
    expect(await space.run(["get", STORE, "empty"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("prints with --json the value beside its header", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("json", { a: 1 }, { tags: ["t"], metadata: { m: 1 } });
      await storage.save("binary", Uint8Array.of(0, 255, 10));
    });
    const header = { key: "json", format: "json", tags: ["t"], metadata: { m: 1 } };
    expect((await space.json(["get", STORE, "json"])).value).toMatchObject({ item: header, value: { a: 1 } });
    const binary = (await space.json(["get", STORE, "binary"])).value;
    expect(binary).toMatchObject({ item: { key: "binary", size: 3 }, base64: "AP8K" });
    expect(Object.keys(binary as object)).toEqual(["item", "base64"]);
  });

  it("writes a file that appears whole", async () => {
    const bytes = randomBytes(2_000_000);
    await space.store("app.db", (storage) => storage.save("a", bytes));
    await space.write("out/copy.bin", "old");
    const { code, stdout } = await space.run(["get", STORE, "a", "--output", "out/copy.bin"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "wrote 2.0 MB to out/copy.bin\n" });
    expect((await readFile(space.path("out/copy.bin"))).equals(bytes)).toBe(true);
    expect(await readdir(space.path("out"))).toEqual(["copy.bin"]);
  });

  it("fails with exit code 3 when the key or the store is not there, and makes no store", async () => {
    const noStore = await space.run(["get", STORE, "a"]);
    expect(noStore).toMatchObject({ code: 3, stdout: "" });
    expect(noStore.stderr).toContain("there is no store at sqlite:./app.db");
    expect(await readdir(space.folder)).toEqual([]);
    await space.run(["put", STORE, "b", "--value", "1"]);
    const noKey = await space.run(["get", STORE, "a"]);
    expect(noKey).toMatchObject({ code: 3, stdout: "" });
    expect(noKey.stderr).toContain('there is no key "a" in sqlite:./app.db — try: `holdfast ls sqlite:./app.db`');
    expect(await space.run(["get", STORE, "a", "-o", "file"])).toMatchObject({ code: 3 });
    expect(await readdir(space.folder)).not.toContain("file");
  });

  it("writes no file where it cannot", async () => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    expect(await space.run(["get", STORE, "a", "-o", "no/such/folder"])).toMatchObject({ code: 3 });
    expect(await space.run(["get", STORE, "a", "-o", "x", "--json"])).toMatchObject({ code: 2, stdout: "" });
  });
});
