import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type KeyProvider,
  keyringOf,
  type MasterKey,
  masterKeyId,
  openStorage,
  type StorageEngine,
} from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";
import { filesystemOn, nodeFileSystem, realInternals } from "@holdfast/filesystem/port";
import { perform, startChild } from "@holdfast/vitest-preset/child";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Task } from "./processes/child.js";

const SECRET = "unmistakable";
let root: string;
let kept: MasterKey[];
let keys: KeyProvider;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast-encryption-"));
  kept = [];
  const all = async () => ({ active: kept.at(-1)?.id ?? "", keys: [...kept] });
  const add = async () => {
    const material = crypto.getRandomValues(new Uint8Array(32));
    kept.push({ id: await masterKeyId(material), material });
    return all();
  };
  await add();
  keys = { name: "test", load: all, add };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (): Promise<StorageEngine> =>
  openStorage(filesystem({ root }), { history: true, encryption: { keys, metadata: true } });

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Which files hold the text, or a key in some form. */
async function traces(): Promise<string[]> {
  const needles = [Buffer.from(SECRET)];
  for (const { material } of kept) {
    const key = Buffer.from(material as Uint8Array);
    needles.push(key, Buffer.from(key.toString("hex")), Buffer.from(key.toString("base64url").slice(0, 40)));
  }
  const found: string[] = [];
  for (const file of await filesBelow(root)) {
    const bytes = await readFile(file);
    if (needles.some((needle) => bytes.includes(needle))) found.push(file.slice(root.length + 1));
  }
  return found;
}

const names = async () =>
  (await filesBelow(root)).map((file) => file.slice(root.length + 1)).filter((name) => !name.startsWith("."));

describe("encrypted items in files", () => {
  it("end in .enc, and no file below the root holds a value or a key", async () => {
    const storage = await open();
    await storage.save("notes/a", { text: SECRET }, { tags: [SECRET], metadata: { author: SECRET } });
    await storage.save("notes/a", { text: `${SECRET} again` }, { compress: true });
    await storage.save("b.txt", new TextEncoder().encode(SECRET.repeat(50_000)));
    await storage.flush();
    expect((await names()).sort()).toEqual(["b.txt.enc", "b.txt.meta.json", "notes/a.json.enc", "notes/a.meta.json"]);
    expect(await traces()).toEqual([]);
    await storage.close();
    expect(await traces()).toEqual([]);
  });

  it.each([
    ["no file holds anything of a stream that is encrypted", true],
    // What is looked for would be found.
    ["a file holds what comes by a stream that is not", false],
  ])(
    "%s while it is written, and once its process was killed",
    async (_, encrypt) => {
      const child = await startChild(new URL("processes/child.ts", import.meta.url));
      const key = Buffer.from(kept[0]?.material as Uint8Array).toString("base64");
      await perform<Task>(child, { do: "stream", root, text: SECRET, encrypt, key });
      const sizes = await Promise.all((await filesBelow(root)).map(async (file) => (await stat(file)).size));
      expect(Math.max(...sizes)).toBeGreaterThan(2 ** 21);
      expect((await traces()).length > 0).toBe(!encrypt);
      child.kill("SIGKILL");
      await once(child, "exit");
      expect((await traces()).length > 0).toBe(!encrypt);
      const storage = await open();
      expect(await storage.list()).toEqual([]);
      await storage.flush();
      await storage.close();
      if (encrypt) expect(await traces()).toEqual([]);
    },
    60_000,
  );

  it("leave nothing of what was plain, versions included", async () => {
    const storage = await open();
    const large = new TextEncoder().encode(SECRET.repeat(20_000));
    for (const [key, value] of [
      ["small", SECRET],
      ["large", large],
    ] as const) {
      for (const _ of [1, 2]) {
        await storage.save(key, value, { encrypt: false, tags: [SECRET], metadata: { author: SECRET } });
        await storage.flush();
      }
      expect(await traces()).not.toEqual([]);
      await storage.save(key, value, { tags: [SECRET] });
      await storage.flush();
      expect((await traces()).filter((file) => !file.startsWith(".holdfast"))).toEqual([]);
    }
    await storage.close();
    expect(await traces()).toEqual([]);
    const again = await open();
    expect(await again.load("small")).toBe(SECRET);
    expect(await again.load("large")).toEqual(large);
    await again.close();
  });

  it("are rotated by their companions alone, and come back from the files when the state is deleted", async () => {
    const storage = await open();
    await storage.save("a", SECRET, { tags: ["t"] });
    await storage.flush();
    const before = await readFile(join(root, "a.json.enc"));
    expect(await keyringOf(storage).rotate()).toMatchObject({ ok: true, rewrapped: 1 });
    await storage.flush();
    expect(Buffer.compare(await readFile(join(root, "a.json.enc")), before)).toBe(0);
    await storage.close();
    const [former] = kept.splice(0, 1);
    expect(await readFile(join(root, "a.meta.json"), "utf8")).not.toContain(former?.id);
    await rm(join(root, ".holdfast"), { recursive: true });
    const again = await open();
    expect(await again.load("a")).toBe(SECRET);
    expect(await again.stat("a")).toMatchObject({ tags: ["t"], encrypted: true });
    expect((await again.verify()).problems).toEqual([]);
    await again.close();
  });

  it("that are rotated while they are brought into their files have the new key in their companions too", async () => {
    let rotate: (() => Promise<unknown>) | undefined;
    const files = {
      ...nodeFileSystem,
      async fsyncTogether(descriptors: readonly number[]) {
        const rotation = rotate?.();
        rotate = undefined;
        await rotation;
        return nodeFileSystem.fsyncTogether(descriptors);
      },
    };
    const storage = await openStorage(filesystemOn({ ...realInternals, files }, { root }), { encryption: { keys } });
    rotate = () => keyringOf(storage).rotate();
    await storage.save("a", SECRET);
    await storage.flush();
    expect(rotate).toBeUndefined();
    await storage.flush();
    const [former] = kept.splice(0, 1);
    await storage.close();
    expect(await readFile(join(root, "a.meta.json"), "utf8")).not.toContain(former?.id);
    await rm(join(root, ".holdfast"), { recursive: true });
    const again = await open();
    expect(await again.load("a")).toBe(SECRET);
    await again.close();
  });

  it("do not take in what somebody does to their bytes", async () => {
    const storage = await open();
    await storage.save("a", SECRET);
    await storage.flush();
    await storage.close();
    await writeFile(join(root, "a.json.enc"), "not what was encrypted");
    const again = await open();
    expect(await again.load("a")).toBe(SECRET);
    expect(await again.list()).toHaveLength(1);
    await again.close();
  });
});
