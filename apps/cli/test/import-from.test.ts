import { copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import KeyvSqlite from "@keyv/sqlite";
import Database from "better-sqlite3";
import Keyv from "keyv";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import { expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

it.each([
  ["fs", fsDriver],
  ["fs-lite", fsLiteDriver],
])("takes the directory of unstorage's driver %s: values, text, bytes and metadata", async (_name, driver) => {
  const old = createStorage({ driver: driver({ base: space.path("old") }) });
  const values = {
    "notes:first": { title: "Hello", tags: [1, null] },
    list: [1, 2],
    number: 42,
    text: "plain text",
    flag: true,
  };
  for (const [key, value] of Object.entries(values)) await old.setItem(key, value);
  await old.setItemRaw("image.png", new Uint8Array([0x89, 0x50, 0xff, 0]));
  await old.setMeta("notes:first", { stars: 3 });
  const { code, value } = await space.json([
    "import",
    "old",
    STORE,
    "--from",
    "unstorage",
    "--prefix",
    "cache/",
    "--tag",
    "old",
  ]);
  expect({ code, value }).toMatchObject({ code: 0, value: { imported: 6, leftOut: [], conflicts: [] } });
  await space.store("app.db", async (storage) => {
    for (const [key, expected] of Object.entries(values)) {
      expect(await storage.load(`cache/${key.replace(":", "/")}`)).toEqual(await old.getItem(key));
      expect(await storage.load(`cache/${key.replace(":", "/")}`)).toEqual(expected);
    }
    expect(await storage.load("cache/image.png")).toEqual(new Uint8Array([0x89, 0x50, 0xff, 0]));
    expect(await storage.stat("cache/notes/first")).toMatchObject({ metadata: { stars: 3 }, tags: ["old"] });
  });
  const again = await space.json(["import", "old", STORE, "--from", "unstorage", "--prefix", "cache/"]);
  expect(again).toMatchObject({ code: 4, value: { imported: 0 } });
});

it("takes a SQLite file of Keyv: values, bytes, namespaces and times to live", async () => {
  const uri = `sqlite://${space.path("old.sqlite")}`;
  const soon = Date.now() + 3_600_000;
  const plain = new Keyv({ store: new KeyvSqlite({ uri }) });
  await plain.set("a", { deep: [":colon", "text"] });
  await plain.set("bytes", Buffer.from([1, 2, 255]));
  await plain.set("soon", "later", 3_600_000);
  await plain.disconnect();
  const sessions = new Keyv({ store: new KeyvSqlite({ uri }), namespace: "sessions" });
  await sessions.set("abc", 1);
  await sessions.disconnect();
  const { code, value } = await space.json(["import", "old.sqlite", STORE, "--from", "keyv"]);
  expect({ code, value }).toMatchObject({ code: 0, value: { imported: 4, leftOut: [] } });
  await space.store("app.db", async (storage) => {
    expect(await storage.load("a")).toEqual({ deep: [":colon", "text"] });
    expect(await storage.load("bytes")).toEqual(new Uint8Array([1, 2, 255]));
    const expiration = (await storage.stat("soon"))?.expiration?.getTime() ?? 0;
    expect(Math.abs(expiration - soon)).toBeLessThan(60_000);
    expect(await storage.load("sessions/abc")).toBe(1);
  });
});

it("takes the layout of older versions of Keyv, and names what it cannot take", async () => {
  const database = new Database(space.path("old.sqlite"));
  database.exec("CREATE TABLE keyv(key VARCHAR(255) PRIMARY KEY, value TEXT)");
  const insert = database.prepare("INSERT INTO keyv VALUES (?, ?)");
  insert.run("keyv:a", '{"value":"::text","expires":null}');
  insert.run("sessions:b:c", '{"value":{"n":1},"expires":4102444800000}');
  insert.run("keyv:gone", '{"value":1,"expires":1}');
  insert.run("keyv:broken", "{");
  insert.run("keyv:x//y", '{"value":1}');
  database.close();
  const { code, value } = await space.json(["import", "old.sqlite", STORE, "--from", "keyv"]);
  expect(code).toBe(1);
  expect(value).toMatchObject({
    imported: 2,
    expired: 1,
    leftOut: expect.arrayContaining([
      expect.objectContaining({ path: "broken", code: "INVALID_VALUE" }),
      expect.objectContaining({ path: "x//y", code: "INVALID_KEY" }),
    ]),
  });
  expect((await space.run(["get", STORE, "a"])).stdout).toBe('":text"\n');
  expect((await space.run(["get", STORE, "sessions/b:c"])).stdout).toBe('{"n":1}\n');
});

it("refuses what is no such store, and options that mean nothing there", async () => {
  await space.write("text.sqlite", "this is no database, but long enough to be looked at as one");
  expect(await space.run(["import", "text.sqlite", STORE, "--from", "keyv"])).toMatchObject({ code: 6 });
  await mkdir(space.path("folder"));
  const folder = await space.run(["import", "folder", STORE, "--from", "keyv"]);
  expect(folder).toMatchObject({ code: 6, stderr: expect.stringContaining("folder is no database of Keyv") });
  expect(await space.run(["import", "absent", STORE, "--from", "keyv"])).toMatchObject({ code: 3 });
  expect(await space.run(["import", "absent", STORE, "--from", "unstorage"])).toMatchObject({ code: 3 });
  await mkdir(space.path("old"));
  await copyFile(space.path("text.sqlite"), space.path("old/a"));
  expect(await space.run(["import", "old", STORE, "--from", "unstorage", "--as", "binary"])).toMatchObject({ code: 2 });
  expect(await space.run(["import", "old", STORE, "--from", "levelup"])).toMatchObject({ code: 2 });
});

it.runIf(process.platform === "linux").each([[[]], [["--from", "unstorage"]]])(
  "leaves out files and folders that cannot be read, and takes the rest (%j)",
  async (from) => {
    await space.write("old/whole.json", "1");
    await symlink(space.path("nowhere"), space.path("old/link"));
    // Names that are not UTF-8: listed under others, under which nothing is found.
    const named = (byte: number) => Buffer.concat([Buffer.from(`${space.path("old")}/`), Buffer.of(byte)]);
    await writeFile(named(0xff), "1");
    await mkdir(named(0xfe));
    const { code, value, stderr } = await space.json(["import", "old", STORE, ...from]);
    expect({ code, value }).toMatchObject({ code: 1, value: { imported: 1 } });
    const { leftOut } = value as { leftOut: { path: string; code: string; message: string }[] };
    expect(leftOut.map(({ path, code: reason, message }) => [path, reason, message]).sort()).toEqual([
      ["link", "UNSUPPORTED", "it is a symbolic link, which is not followed"],
      ["\ufffd", "NOT_FOUND", expect.stringContaining("ENOENT")],
      ["\ufffd", "NOT_FOUND", "it is a folder that cannot be read (ENOENT)"],
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "INCOMPLETE" } });
  },
);

it.each(["unstorage", "keyv"])("makes no store where there is nothing of %s to import", async (origin) => {
  const { code, stderr } = await space.run(["import", "missing", STORE, "--from", origin]);
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr: expect.stringMatching(/^holdfast: there is no file .*missing — try: /),
  });
  expect(await readdir(space.folder)).toEqual([]);
});
