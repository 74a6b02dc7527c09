import { type KeyProvider, keyringOf, type MasterKey, masterKeyId } from "@holdfast/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lookInto, nameOf, openStore, tidyUp } from "./support/stores.ts";

afterEach(tidyUp);

const SECRET = "unmistakable";
const ABOUT = { tags: [SECRET], metadata: { author: `${SECRET} other words` } };
/** Above what lies in a record. */
const LARGE = new TextEncoder().encode(SECRET.repeat(200_000));

let kept: MasterKey[];
let keys: KeyProvider;
beforeEach(async () => {
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

const open = () => openStore({}, { history: true, encryption: { keys, metadata: true } });

/** In which stores of a database the secret stands, or a key in some form. */
async function traces(name: string): Promise<string[]> {
  const needles = [SECRET];
  for (const { material } of kept) {
    const key = latin1(material as Uint8Array);
    const hex = Array.from(key, (unit) => unit.charCodeAt(0).toString(16).padStart(2, "0")).join("");
    needles.push(key, hex, btoa(key).slice(0, 40), btoa(key).replaceAll("+", "-").replaceAll("/", "_").slice(0, 40));
  }
  const database = await lookInto(name);
  const found: string[] = [];
  for (const store of database.objectStoreNames) {
    const everything = [...(await database.getAllKeys(store)), ...(await database.getAll(store))].flatMap(texts);
    if (needles.some((needle) => everything.some((text) => text.includes(needle)))) found.push(store);
  }
  database.close();
  return found;
}

/** All text in a stored value, and all bytes as such. */
function texts(value: unknown): string[] {
  if (value instanceof Uint8Array) return [latin1(value)];
  if (value instanceof ArrayBuffer) return [latin1(new Uint8Array(value))];
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, part]) => [name, ...texts(part)]);
}

function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  // What one call takes as arguments.
  for (let start = 0; start < bytes.length; start += 8_192) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + 8_192)));
  }
  return parts.join("");
}

it("a database of encrypted items holds neither a value nor a key: items, versions, streams, words, feed, rotated", async () => {
  const storage = await open();
  const name = await nameOf(storage);
  for (const value of [{ text: SECRET }, SECRET.repeat(10_000), LARGE]) {
    await storage.save("a", value, ABOUT);
    await storage.saveStream("b", new Blob([LARGE]).stream(), { metadata: ABOUT.metadata });
  }
  await storage.batch([{ type: "save", key: "c", data: SECRET, options: ABOUT }]);
  await storage.save("d", SECRET, ABOUT);
  await storage.delete("d");
  expect(await traces(name)).toEqual([]);
  expect(await keyringOf(storage).rotate()).toMatchObject({ ok: true });
  expect(await traces(name)).toEqual([]);
  expect(await keyringOf(storage).reencrypt()).toMatchObject({ ok: true });
  expect(await traces(name)).toEqual([]);
  expect(await storage.load("b")).toEqual(LARGE);
});

it("a database forgets what was plain, its words and versions, with the save that encrypts it", async () => {
  const storage = await open();
  const name = await nameOf(storage);
  for (const [key, value] of [
    ["small", SECRET],
    ["large", LARGE],
  ] as const) {
    await storage.save(key, value, { ...ABOUT, encrypt: false });
    await storage.save(key, value, { ...ABOUT, encrypt: false });
    expect(await traces(name)).toEqual(expect.arrayContaining(["history", "records"]));
    await storage.save(key, value, ABOUT);
    // Pieces of a large body go behind the commit.
    await expect.poll(() => traces(name)).toEqual([]);
  }
});

it("tells a rule about what may be evicted no metadata and no tags that are encrypted", async () => {
  const evictable = vi.fn(() => false);
  const storage = await openStore({ evictable }, { encryption: { keys, metadata: true } });
  await storage.save("a", 1, ABOUT);
  await storage.save("b", 1, { ...ABOUT, encrypt: false });
  expect(evictable.mock.calls).toMatchObject([[{ key: "a", tags: [], metadata: {} }], [{ key: "b", ...ABOUT }]]);
});
