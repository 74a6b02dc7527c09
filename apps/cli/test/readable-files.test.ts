import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "holdfast";
import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const FILES = "file:./data";

async function previousOf(key: string, store = FILES): Promise<number> {
  const { value } = await space.json(["log", store, key]);
  return (value as { previous: unknown[] }).previous.length;
}

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

  it("keeps three versions of each key without --history, as its page says, and all where somebody has said what to keep", async () => {
    for (const value of [1, 2, 3, 4, 5]) await space.run(["put", FILES, "a", "--value", `${value}`]);
    expect(await previousOf("a")).toBe(3);
    for (const value of [6, 7]) await space.run(["put", FILES, "a", "--value", `${value}`, "--history"]);
    await space.run(["put", FILES, "a", "--value", "8"]);
    expect(await previousOf("a")).toBe(6);
    await space.run(["put", FILES, "b", "--value", "1"]);
    await space.run(["put", FILES, "b", "--value", "2"]);
    await space.run(["rm", FILES, "b"]);
    expect(await previousOf("b")).toBe(2);
    expect((await space.run(["restore", FILES, "b", "1"])).code).toBe(0);
    expect((await space.run(["get", FILES, "b"])).stdout).toBe("2\n");
  });

  it("keeps nothing any more once an app sweeps without history, or its state directory is deleted, as its page says", async () => {
    const fill = async (key: string): Promise<void> => {
      await space.run(["put", FILES, key, "--value", "1"]);
      await space.run(["put", FILES, key, "--value", "2"]);
      expect(await previousOf(key)).toBe(1);
    };
    await fill("a");
    await using app = await openStore(FILES, { history: false });
    await app.sweep();
    await app.close();
    expect(await previousOf("a")).toBe(0);

    await fill("b");
    expect((await space.run(["migrate", FILES, "file:./new"])).code).toBe(0);
    expect(await previousOf("b", "file:./new")).toBe(0);
    await rm(space.path("data/.holdfast"), { recursive: true });
    expect(await previousOf("b")).toBe(0);
    expect((await space.run(["get", FILES, "b"])).stdout).toBe("2\n");
  });

  it("makes its directory and companions in a folder that it only lists, and none where it imports from", async () => {
    await space.write("plain/deep/x.txt", "hello");
    expect((await space.run(["import", "plain", "sqlite:./app.db"])).code).toBe(0);
    expect((await readdir(space.path("plain"), { recursive: true })).sort()).toEqual(["deep", join("deep", "x.txt")]);
    expect((await space.run(["ls", "file:./plain"])).stdout).toContain("deep/x.txt");
    expect(await readdir(space.path("plain"))).toContain(".holdfast");
    expect((await readdir(space.path("plain/deep"))).sort()).toEqual(["x.txt", "x.txt.meta.json"]);
    expect(await readFile(space.path("plain/deep/x.txt"), "utf8")).toBe("hello");
  });

  it("refuses a directory that is not there, where nothing is to be made", async () => {
    expect((await space.run(["ls", "file:./nowhere"])).code).toBe(3);
  });
});
