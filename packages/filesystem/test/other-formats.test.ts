import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StorageEngine } from "@holdfast/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { filesIn, openRoot, readText, temporaryRoot, until, writeText } from "./support/roots.js";

/** The files of one item in two formats, one after the other, as they are on the machine where it was saved. */
async function savedElsewhere(): Promise<{ before: string; after: string }> {
  const [before, after] = [temporaryRoot(), temporaryRoot()];
  const storage = await openRoot(before);
  await storage.save("note", { n: 1 }, { tags: ["one"] });
  await storage.flush();
  await storage.save("other", 1);
  await storage.close();
  for (const path of filesIn(before)) copyFileSync(join(before, path), join(after, path));
  const later = await openRoot(after);
  await later.save("note", { n: 2 }, { format: "yaml", tags: ["two"] });
  await later.close();
  expect(filesIn(after)).toContain("note.yaml");
  return { before, after };
}

/** A folder that is synced, with what was saved first. */
async function syncedRoot(before: string): Promise<{ root: string; storage: StorageEngine }> {
  vi.stubEnv("XDG_DATA_HOME", temporaryRoot());
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const root = join(temporaryRoot(), "Dropbox", "data");
  mkdirSync(root, { recursive: true });
  for (const path of filesIn(before)) copyFileSync(join(before, path), join(root, path));
  const storage = await openRoot(root);
  expect(await storage.load("note")).toEqual({ n: 1 });
  expect((await storage.getInfo()).details["synced"]).toBe(true);
  await storage.flush();
  return { root, storage };
}

describe("an item that was saved in another format elsewhere", () => {
  const steps = {
    companion: (root: string, after: string) =>
      copyFileSync(join(after, "note.meta.json"), join(root, "note.meta.json")),
    data: (root: string, after: string) => copyFileSync(join(after, "note.yaml"), join(root, "note.yaml")),
    removal: (root: string) => rmSync(join(root, "note.json"), { force: true }),
  };

  it.each([
    [["companion", "data", "removal"]],
    [["data", "companion", "removal"]],
    [["companion", "removal", "data"]],
    [["removal", "companion", "data"]],
  ] as const)("is the same item here, in whatever order a sync brings it: %s", async (order) => {
    const { before, after } = await savedElsewhere();
    const { root, storage } = await syncedRoot(before);
    for (const step of order) {
      steps[step](root, after);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    await until(async () => (await storage.stat("note"))?.format === "yaml");
    await storage.flush();
    expect(await storage.load("note")).toEqual({ n: 2 });
    expect(await storage.stat("note")).toMatchObject({ tags: ["two"], format: "yaml" });
    expect((await storage.list()).map(({ key }) => key)).toEqual(["note", "other"]);
    expect(filesIn(root)).toEqual(["note.meta.json", "note.yaml", "other.json", "other.meta.json"]);
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("is the later one where both files stand and nothing else is known", async () => {
    const { before, after } = await savedElsewhere();
    const root = temporaryRoot();
    copyFileSync(join(before, "note.json"), join(root, "note.json"));
    for (const path of ["note.yaml", "note.meta.json"]) copyFileSync(join(after, path), join(root, path));
    const storage = await openRoot(root);
    await storage.flush();
    expect(await storage.load("note")).toEqual({ n: 2 });
    expect((await storage.list()).map(({ key }) => key)).toEqual(["note"]);
    expect(filesIn(root)).toEqual(["note.meta.json", "note.yaml"]);
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("a file whose key has another one", () => {
  it("is nobody's, stays as it is, and is told of by verify", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root);
    await storage.save("a", 1, { format: "yaml" });
    await storage.flush();
    writeText(root, "a.json", "2");
    await storage.close();
    const again = await openRoot(root);
    expect((await again.list()).map(({ key }) => key)).toEqual(["a"]);
    expect(await again.load("a")).toBe(1);
    expect((await again.verify()).problems).toMatchObject([{ message: expect.stringContaining("a.json") }]);
    expect(readText(root, "a.json")).toBe("2");
  });
});
