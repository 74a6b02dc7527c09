import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const FILES = "file:./data";

describe("holdfast on readable files", () => {
  it("puts items into files that are there when the command ends", async () => {
    const { code } = await space.run(["put", FILES, "notes/first", "--value", '{"title":"Hello"}', "--tag", "draft"]);
    expect(code).toBe(0);
    expect(await readFile(space.path("data/notes/first.json"), "utf8")).toBe('{"title":"Hello"}');
    expect((await readdir(space.path("data/notes"))).sort()).toEqual(["first.json", "first.meta.json"]);
    expect((await space.run(["search", FILES, "first", "--tag", "draft"])).stdout).toContain("notes/first");
  });

  it("sees what was edited and dropped in by hand", async () => {
    await space.run(["put", FILES, "a", "--value", "1"]);
    await writeFile(space.path("data/a.json"), "2");
    await writeFile(space.path("data/readme.txt"), "hello");
    expect((await space.run(["get", FILES, "a"])).stdout).toBe("2\n");
    expect((await space.run(["get", FILES, "readme.txt"])).stdout).toBe("hello");
    expect((await space.run(["ls", FILES])).stdout).toMatch(/^a\b.*\nreadme\.txt\b.*\n/m);
  });

  it("migrates there and back, and finds everything equal", async () => {
    await space.store("app.db", async (storage) => {
      for (const key of ["a", "A", "con", "deep/er/x", "photo.png"]) await storage.save(key, { key }, { tags: ["t"] });
      await storage.save("bytes", new Uint8Array(100_000));
    });
    const there = await space.json(["migrate", "sqlite:./app.db", FILES]);
    expect(there).toMatchObject({ code: 0, value: { copied: 6, verified: 6 } });
    const back = await space.json(["migrate", FILES, "sqlite:./back.db"]);
    expect(back).toMatchObject({ code: 0, value: { copied: 6, verified: 6 } });
    expect((await space.run(["verify", FILES])).code).toBe(0);
  });

  it("is looked over by doctor", async () => {
    await space.run(["put", FILES, "a", "--value", "1"]);
    const { code, value } = await space.json(["doctor", FILES]);
    expect(code).toBe(0);
    expect(JSON.stringify(value)).toMatch(/filesystem at [^"]*data opens in/);
  });

  it("refuses a directory that is not there, where nothing is to be made", async () => {
    expect((await space.run(["ls", "file:./nowhere"])).code).toBe(3);
  });
});
