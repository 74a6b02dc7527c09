import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyringOf, type MasterKey, masterKeyId, openStorage } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SECRET = "unmistakable";
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-encryption-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function newKeys() {
  const kept: MasterKey[] = [];
  const add = async () => {
    const material = crypto.getRandomValues(new Uint8Array(32));
    kept.push({ id: await masterKeyId(material), material });
    return { active: kept.at(-1)?.id ?? "", keys: [...kept] };
  };
  await add();
  return {
    kept,
    provider: { name: "test", load: async () => ({ active: kept.at(-1)?.id ?? "", keys: [...kept] }), add },
  };
}

/** Whether any file of the store holds the text, or a key in any form, in any alignment. */
async function found(keys: readonly MasterKey[]): Promise<string[]> {
  const needles = [Buffer.from(SECRET), Buffer.from(SECRET, "utf16le")];
  for (const { material } of keys) {
    const key = Buffer.from(material as Uint8Array);
    needles.push(key, Buffer.from(key.toString("hex")), Buffer.from(key.toString("base64").slice(0, 40)));
    needles.push(Buffer.from(key.toString("base64url").slice(0, 40)));
  }
  const traces: string[] = [];
  for (const name of await readdir(directory)) {
    const bytes = await readFile(join(directory, name));
    for (const needle of needles) if (bytes.includes(needle)) traces.push(`${needle.toString("latin1")} in ${name}`);
  }
  return traces;
}

/** Whether the index of words or that of tags holds the text, in whatever has been committed. */
function wordsOf(path: string): boolean {
  const database = new Database(path, { readonly: true });
  const blocks = database.prepare<[], Buffer>("SELECT block FROM search_data").pluck().all();
  const tags = database.prepare<[], string>("SELECT tag FROM tags").pluck().all();
  database.close();
  return blocks.some((block) => block.includes(SECRET)) || tags.includes(SECRET);
}

describe("a file of encrypted items", () => {
  it("finds none of them by what is not in writing", async () => {
    const { provider } = await newKeys();
    const storage = await openStorage(sqlite({ path: join(directory, "app.db") }), {
      encryption: { keys: provider, metadata: true, byDefault: false },
    });
    await storage.save("bare", 1);
    await storage.save("hidden", 1, { metadata: { owner: "Ann" }, encrypt: true });
    const query = { where: { owner: { exists: false } } };
    expect((await storage.search(query)).map(({ key }) => key)).toEqual(["bare"]);
    expect(await storage.count(query)).toBe(1);
    await storage.close();
  });

  it("holds neither a value nor a key, while it is open and afterwards: items, versions, streams, words, rotated", async () => {
    const { kept, provider } = await newKeys();
    const path = join(directory, "app.db");
    const storage = await openStorage(sqlite({ path }), {
      history: true,
      encryption: { keys: provider, metadata: true },
    });
    const large = new TextEncoder().encode(SECRET.repeat(300_000));
    for (const value of [{ text: SECRET }, SECRET.repeat(10_000), large]) {
      await storage.save("a", value, { tags: [SECRET], metadata: { author: SECRET } });
      await storage.saveStream("b", new Blob([large]).stream(), { metadata: { author: SECRET } });
    }
    await storage.batch([{ type: "save", key: "c", data: SECRET, options: { tags: [SECRET] } }]);
    await keyringOf(storage).rotate();
    expect(await found(kept)).toEqual([]);
    await keyringOf(storage).reencrypt();
    expect(await found(kept)).toEqual([]);
    await storage.close();
    expect(await found(kept)).toEqual([]);
  });

  it("holds nothing of hidden metadata and tags that were written again by who does not ask for hiding them", async () => {
    const { kept, provider } = await newKeys();
    const path = join(directory, "app.db");
    const open = (metadata: boolean) =>
      openStorage(sqlite({ path }), { history: true, encryption: { keys: provider, metadata } });
    const about = { tags: [SECRET], metadata: { author: SECRET } };
    const sealing = await open(true);
    // One that is read whole, and one that goes through in pieces.
    await sealing.save("small", 1, about);
    await sealing.save("large", new Uint8Array(5 * 2 ** 20), about);
    await sealing.close();
    const storage = await open(false);
    await storage.update("small", () => 2);
    expect(await found(kept)).toEqual([]);
    expect(await keyringOf(storage).reencrypt()).toMatchObject({ ok: true, rewritten: 2 });
    expect(await storage.count({ text: SECRET })).toBe(0);
    expect(await storage.count({ tags: [SECRET] })).toBe(0);
    expect(await found(kept)).toEqual([]);
    for (const key of ["small", "large"]) expect(await storage.stat(key)).toMatchObject(about);
    await storage.close();
    expect(await found(kept)).toEqual([]);
    expect(wordsOf(path)).toBe(false);
  });

  it.each([
    ["have its words", true],
    ["have not come to it", false],
  ])(
    "loses the words of an item with the save that encrypts it, also where words are not deleted at once and indexes %s",
    async (_, indexed) => {
      const { kept, provider } = await newKeys();
      const path = join(directory, "app.db");
      const storage = await openStorage(sqlite({ path }), {
        history: true,
        encryption: { keys: provider, metadata: true },
      });
      const about = { tags: [SECRET], metadata: { author: `${SECRET} other words` } };
      await storage.save("a", SECRET, { ...about, encrypt: false });
      if (indexed) {
        // The search asks for it, and what is saved next comes behind it.
        expect(await storage.count({ text: SECRET })).toBe(1);
        await storage.save("b", "something else");
      }
      expect(wordsOf(path)).toBe(indexed);
      await storage.save("a", SECRET, about);
      expect(wordsOf(path)).toBe(false);
      // Nor do they come with what the indexes take in later.
      await storage.save("c", "something else", { tags: ["other"], encrypt: false });
      expect(await storage.count({ tags: ["other"] })).toBe(1);
      await storage.save("d", "something else");
      expect(wordsOf(path)).toBe(false);
      await storage.close();
      expect(await found(kept)).toEqual([]);
    },
  );

  it("forgets what was plain, its words and versions, once it is encrypted", async () => {
    const { kept, provider } = await newKeys();
    const path = join(directory, "app.db");
    const storage = await openStorage(sqlite({ path, secureDelete: "all" }), {
      history: true,
      encryption: { keys: provider, metadata: true },
    });
    const large = SECRET.repeat(200_000);
    for (const [key, value] of [
      ["small", SECRET],
      ["large", large],
    ] as const) {
      const about = { tags: [SECRET], metadata: { author: `${SECRET} other words` } };
      await storage.save(key, value, { ...about, encrypt: false });
      await storage.save(key, value, { ...about, encrypt: false });
      expect(await found([])).not.toEqual([]);
      await storage.save(key, value, about);
    }
    await storage.close();
    expect(await found(kept)).toEqual([]);
    const again = await openStorage(sqlite({ path, secureDelete: "all" }), { encryption: { keys: provider } });
    expect(await again.load("large")).toBe(large);
    expect((await again.verify()).problems).toEqual([]);
    await again.close();
  });
});
