import { readFile, writeFile } from "node:fs/promises";
import { environmentKeys } from "@holdfast/keychain";
import type { StorageEngine } from "holdfast";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const BACK = "sqlite:./back.db";
const VARIABLE = "HOLDFAST_TEST_KEYS";
const KEYS = ["--keys", `environment:${VARIABLE}`];

beforeEach(() => {
  process.env[VARIABLE] = Buffer.alloc(32, 1).toString("base64");
});
afterEach(() => {
  delete process.env[VARIABLE];
});

const schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => ({ value: value as { stars: number } }),
  },
} as const;
const notesOf = (storage: StorageEngine) => storage.collection("notes", { schema, version: "1.0", index: ["stars"] });
const encryption = () => ({ encryption: { keys: environmentKeys({ variable: VARIABLE }), byDefault: false } });

/** Schema and encryption of each key. */
async function marksOf(store: string): Promise<Record<string, [string | undefined, boolean]>> {
  const { items } = (await space.json(["ls", store])).value as {
    items: { key: string; schema?: string; encrypted: boolean }[];
  };
  return Object.fromEntries(items.map(({ key, schema: mark, encrypted }) => [key, [mark, encrypted]]));
}

describe("an export of collections", () => {
  it("gives an app its collections back", async () => {
    await space.store("app.db", async (storage) => {
      await notesOf(storage).save("a", { stars: 3 }, { tags: ["t"] });
      await notesOf(storage).save("deep/notes/b", { stars: 5 }, { format: "yaml" });
      await notesOf(storage.namespace("ann/notebooks")).save("c", { stars: 4 });
      await storage.collection("large", { schema, version: "2.1.0" }).save("d", new Uint8Array(2_000_000) as never);
      await storage.save("notes-to-self", 1);
    });
    const before = await marksOf(STORE);
    expect(before).toMatchObject({ "notes/a": ["notes@1.0", false], "large/d": ["large@2.1.0", false] });
    expect((await space.run(["export", STORE, "out"])).code).toBe(0);
    expect(await space.json(["import", "out", BACK])).toMatchObject({ code: 0, value: { imported: 5, leftOut: [] } });
    expect(await marksOf(BACK)).toEqual(before);
    await space.store("back.db", async (storage) => {
      expect(await notesOf(storage).load("a")).toEqual({ stars: 3 });
      expect((await notesOf(storage).stat("a"))?.tags).toEqual(["t"]);
      const found = await notesOf(storage).search({ where: { stars: { gte: 4 } } });
      expect(found.map(({ key }) => key)).toEqual(["deep/notes/b"]);
    });
  });

  it("keeps the marks below another prefix, and drops them where the collection could not be", async () => {
    await space.store("app.db", (storage) => notesOf(storage).save("a", { stars: 3 }));
    await space.run(["export", STORE, "out"]);
    expect((await space.run(["import", "out", BACK, "--prefix", "old/"])).code).toBe(0);
    expect((await space.run(["import", "out", BACK, "--prefix", "old-"])).code).toBe(0);
    expect(await marksOf(BACK)).toEqual({ "old-notes/a": [undefined, false], "old/notes/a": ["notes@1.0", false] });
  });

  it("refuses a manifest whose mark is none", async () => {
    await space.store("app.db", (storage) => notesOf(storage).save("a", { stars: 3 }));
    await space.run(["export", STORE, "out"]);
    const manifest = space.path("out/.holdfast/export.jsonl");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace("notes@1.0", "notes"));
    expect(await space.run(["import", "out", BACK])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("damaged at line 2"),
    });
  });
});

describe("an export of what is encrypted", () => {
  beforeEach(async () => {
    const save = async (storage: StorageEngine) => {
      await notesOf(storage).save("a", { stars: 3 }, { encrypt: true });
      await storage.save("plain", 1);
      await storage.save("secret", { token: 1 }, { encrypt: true });
    };
    await space.store("app.db", save, encryption());
    expect((await space.run(["export", STORE, "out", ...KEYS])).code).toBe(0);
  });

  it("comes back encrypted where it was, and plain where it was not", async () => {
    expect((await space.run(["import", "out", BACK, ...KEYS])).code).toBe(0);
    expect(await marksOf(BACK)).toEqual({
      "notes/a": ["notes@1.0", true],
      plain: [undefined, false],
      secret: [undefined, true],
    });
    expect((await space.run(["get", BACK, "secret", ...KEYS])).stdout).toBe('{"token":1}\n');
  });

  it("leaves out what the keys do not open, and exports the rest", async () => {
    const others = Buffer.alloc(32, 2).toString("base64");
    process.env[VARIABLE] = others;
    const another = (storage: StorageEngine) => storage.save("by others", 2, { encrypt: true });
    await space.store("app.db", another, encryption());
    const { code, value, stderr } = await space.json(["export", STORE, "part", ...KEYS]);
    const leftOut = (key: string) => ({ key, code: "KEY_MISSING", message: expect.any(String) });
    expect({ code, value }).toMatchObject({
      code: 8,
      value: { exported: 2, failures: [leftOut("notes/a"), leftOut("secret")] },
    });
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: "KEY_MISSING",
        key: "notes/a",
        message: "2 items could not be exported",
        hint: expect.stringContaining("--keys"),
      },
    });
    const imported = await space.json(["import", "part", BACK, ...KEYS]);
    expect(imported).toMatchObject({ code: 0, value: { imported: 2 } });
  });

  it("ends at once without keys", async () => {
    const { code, stdout, stderr } = await space.run(["export", STORE, "part"]);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toMatch(/ — try: --keys, .+; then again, into a new folder\n$/);
    expect((await space.run(["export", STORE, "part"])).stderr).toMatch(/ — try: a new or empty folder\n$/);
  });

  it("is not brought back in plain unless that is asked for", async () => {
    const refused = await space.run(["import", "out", BACK]);
    expect(refused).toMatchObject({ code: 8, stdout: "" });
    expect(refused.stderr).toContain('2 items of the export were encrypted, such as "notes/a"');
    expect(refused.stderr).toContain("--encrypt none");
    expect((await space.run(["ls", BACK])).code).toBe(3);
    expect((await space.run(["import", "out", BACK, "--encrypt", "none"])).code).toBe(0);
    expect(Object.values(await marksOf(BACK)).map(([, encrypted]) => encrypted)).toEqual([false, false, false]);
  });

  it("is encrypted as a whole where that is asked for", async () => {
    expect((await space.run(["import", "out", BACK, "--encrypt", "all"])).stderr).toContain(
      "--encrypt all needs --keys",
    );
    expect((await space.run(["import", "out", BACK, "--encrypt", "all", ...KEYS])).code).toBe(0);
    expect(Object.values(await marksOf(BACK)).map(([, encrypted]) => encrypted)).toEqual([true, true, true]);
  });

  it("is what --encrypt is for", async () => {
    await space.write("in/a", "x");
    for (const args of [["in"], ["in", "--from", "unstorage"]]) {
      const [from = "", ...more] = args;
      const { code, stderr } = await space.run(["import", from, BACK, "--encrypt", "none", ...more]);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("--encrypt") });
    }
  });
});
