import { type EncryptionSettings, keyringOf, openStorage, type StorageEngine } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { collect, cut, MIB, noise } from "../codec/samples.js";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";
import { readByThePage } from "./independent.js";

const SECRET = "the quick brown secret";

async function opened(more: Partial<EncryptionSettings> = {}) {
  const adapter = new MapAdapter();
  const keys = new FakeKeys();
  const storage = await openStorage(adapter, { encryption: { keys, ...more } });
  return { adapter, keys, storage };
}

function stored({ records }: MapAdapter, key: string) {
  const record = records.get(key);
  if (record === undefined) throw new Error(`nothing stands under ${key}`);
  return record;
}

function everythingHeld({ records }: MapAdapter): string {
  return [...records.values()]
    .map(({ header, body }) => JSON.stringify(header) + Buffer.from(body).toString("latin1"))
    .join("\n");
}

/** Lets everything go on that is not waiting for something else. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("values", () => {
  it.each([
    ["json", { text: SECRET, list: [1, null, "ü"] }, {}],
    ["yaml", { text: SECRET, version: "1e3" }, { format: "yaml" as const }],
    ["binary", new TextEncoder().encode(SECRET), {}],
    ["nothing at all", new Uint8Array(0), {}],
    ["compressed", { text: SECRET.repeat(500) }, { compress: true }],
    ["one piece to the byte", noise(65_536), {}],
    ["a byte more than a piece", noise(65_537), {}],
    ["several pieces", noise(200_000), {}],
    ["more than a mebibyte", noise(MIB + 70_000), { compress: true }],
  ])("%s: come back as they were, and nothing of them is stored", async (_name, value, options) => {
    const { adapter, storage, keys } = await opened();
    const item = await storage.save("notes/ä", value, { ...options, tags: ["t"], metadata: { m: 1 } });
    expect(item).toMatchObject({ encrypted: true, tags: ["t"], metadata: { m: 1 } });
    expect(await storage.load("notes/ä")).toEqual(value);
    expect(everythingHeld(adapter)).not.toContain("quick");
    const { header, body } = stored(adapter, "notes/ä");
    expect(header.storedSize).toBe(body.length);
    expect(item.storedSize).toBe(body.length);
    const [key] = keys.keys;
    const found = readByThePage(
      { header: { ...header }, body: Buffer.from(body) },
      Buffer.from(key?.material as Uint8Array),
    );
    expect(found.bytes.length).toBe(item.size);
    expect((await storage.verify()).ok).toBe(true);
  });

  it("are what they were when they were saved, whatever the caller does with his bytes next", async () => {
    const { storage, keys } = await opened();
    const [raw] = (await keys.load()).keys;
    // Without `extractable` a key that needs promises on every platform.
    const material = await crypto.subtle.importKey("raw", raw?.material as Uint8Array<ArrayBuffer>, "HKDF", false, [
      "deriveBits",
    ]);
    const held = {
      name: "held",
      load: async () => ({ active: raw?.id ?? "", keys: [{ id: raw?.id ?? "", material }] }),
    };
    for (const each of [storage, await openStorage(new MapAdapter(), { encryption: { keys: held } })]) {
      const [bytes, shared] = [noise(200_000), new Uint8Array(new SharedArrayBuffer(100_000)).fill(1)];
      const saving = [
        each.save("a", bytes),
        each.batch([{ type: "save", key: "b", data: bytes }]),
        each.save("shared", shared),
      ];
      bytes.fill(0);
      shared.fill(0);
      await Promise.all(saving);
      for (const key of ["a", "b"]) expect(await each.load(key)).toEqual(noise(200_000));
      expect(await each.load("shared")).toEqual(new Uint8Array(100_000).fill(1));
      const gone = noise(100);
      structuredClone(gone, { transfer: [gone.buffer] });
      await expect(each.save("gone", gone)).rejects.toMatchObject({ code: "INVALID_VALUE" });
    }
  });

  it("are never the same bytes twice", async () => {
    const { adapter, storage } = await opened();
    await storage.save("a", SECRET);
    const first = stored(adapter, "a");
    await storage.save("a", SECRET);
    const second = stored(adapter, "a");
    for (const part of ["id", "wrap", "mac"] as const) {
      expect(second.header.encryption?.[part]).not.toBe(first.header.encryption?.[part]);
    }
    expect(Buffer.compare(first.body, second.body)).not.toBe(0);
  });

  it("are encrypted as each save says, and else as the storage does", async () => {
    const { storage } = await opened();
    expect((await storage.save("a", 1, { encrypt: false })).encrypted).toBe(false);
    expect((await storage.update("a", () => 2))?.encrypted).toBe(false);
    expect((await storage.update("a", () => 3, { encrypt: true }))?.encrypted).toBe(true);
    expect((await storage.update("a", () => 4))?.encrypted).toBe(true);
    const { storage: sparing } = await opened({ byDefault: false });
    expect((await sparing.save("a", 1)).encrypted).toBe(false);
    expect((await sparing.save("a", 1, { encrypt: true })).encrypted).toBe(true);
  });

  it("are refused where there are no keys, and nothing is written", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await expect(storage.save("a", 1, { encrypt: true })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(
      storage.batch([{ type: "save", key: "a", data: 1, options: { encrypt: true } }]),
    ).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(storage.saveStream("a", cut(noise(10), [10]), { encrypt: true })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(storage.save("a", 1, { encrypt: "yes" as never })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(adapter.records.size).toBe(0);
  });

  it("are all that is written and read where encryption is required", async () => {
    const { adapter, keys, storage } = await opened();
    await storage.save("plain", 1, { encrypt: false });
    await storage.save("encrypted", 2);
    const strict = await openStorage(peerOf(adapter), { encryption: { keys, required: true } });
    expect(await strict.load("encrypted")).toBe(2);
    for (const call of [strict.load("plain"), strict.loadStream("plain"), strict.update("plain", () => 3)]) {
      await expect(call).rejects.toMatchObject({
        code: "DECRYPT_FAILED",
        message: expect.stringContaining("not encrypted"),
      });
    }
    expect((await strict.verify()).problems).toMatchObject([{ key: "plain", code: "DECRYPT_FAILED" }]);
    await expect(strict.save("b", 1, { encrypt: false })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect((await strict.save("b", 1)).encrypted).toBe(true);
    expect((await strict.save("plain", 1)).encrypted).toBe(true);
  });

  it("cannot be read without keys, and say which one is missing", async () => {
    const { adapter, keys, storage } = await opened({ metadata: true });
    await storage.save("a", SECRET, { metadata: { m: SECRET } });
    const blind = await openStorage(peerOf(adapter));
    for (const call of [blind.load("a"), blind.loadStream("a"), blind.update("a", () => 1)]) {
      await expect(call).rejects.toMatchObject({ code: "KEY_MISSING", message: expect.stringContaining(keys.active) });
    }
    expect(await blind.stat("a")).toMatchObject({ encrypted: true, sealed: true, metadata: {} });
    expect((await blind.verify()).ok).toBe(true);
  });

  it("learn of a key that another process has made", async () => {
    const { adapter, keys, storage } = await opened();
    const elsewhere = await openStorage(peerOf(adapter), { encryption: { keys } });
    await keys.add();
    const third = await openStorage(peerOf(adapter), { encryption: { keys } });
    await third.save("a", SECRET);
    expect(await storage.load("a")).toBe(SECRET);
    expect(await elsewhere.load("a")).toBe(SECRET);
  });
});

describe("keys", () => {
  it("that were asked for before a rotation, and come after it, do not take the place of the new one", async () => {
    const { adapter, keys, storage } = await opened();
    await storage.save("0", 1);
    // So that nothing of the rotation is loaded in between.
    await keyringOf(storage).keys();
    await keys.add();
    await (await openStorage(peerOf(adapter), { encryption: { keys } })).save("a", SECRET);
    const late = Promise.withResolvers<void>();
    const load = keys.load.bind(keys);
    keys.load = async () => {
      const found = await load();
      await late.promise;
      return found;
    };
    // It is encrypted with a key that this storage does not know yet.
    const loading = storage.load("a");
    const rotating = keyringOf(storage).rotate();
    await Promise.race([rotating, turns(50)]);
    late.resolve();
    expect(await loading).toBe(SECRET);
    const { key } = await rotating;
    expect(key).toBe(keys.active);
    await storage.save("b", 1);
    expect(stored(adapter, "b").header.encryption?.key).toBe(key);
  });

  it("that are made while others are asked for are asked for once more", async () => {
    const { adapter, keys, storage } = await opened();
    const elsewhere = async (key: string) => {
      await keys.add();
      await (await openStorage(peerOf(adapter), { encryption: { keys } })).save(key, key);
    };
    await elsewhere("a");
    const late = Promise.withResolvers<void>();
    const load = keys.load.bind(keys);
    keys.load = async () => {
      const found = await load();
      await late.promise;
      return found;
    };
    const loading = storage.load("a");
    await turns(5);
    keys.load = load;
    await elsewhere("b");
    const both = Promise.all([loading, storage.load("b")]);
    await turns(5);
    late.resolve();
    expect(await both).toEqual(["a", "b"]);
  });

  it("of another realm, or of something else, make no rotation: no key is added", async () => {
    const { adapter, keys, storage } = await opened({ realm: "notes" });
    await storage.save("a", 1);
    await storage.save("plain", 1, { encrypt: false });
    const made = () => keys.keys.length;
    const elsewhere = await openStorage(peerOf(adapter), { encryption: { keys } });
    const others = new FakeKeys();
    await others.add();
    await others.add();
    await others.remove(keys.active);
    const stranger = await openStorage(peerOf(adapter), { encryption: { keys: others, realm: "notes" } });
    for (const verb of ["rotate", "reencrypt"] as const) {
      await expect(keyringOf(elsewhere)[verb]()).rejects.toMatchObject({
        code: "DECRYPT_FAILED",
        message: expect.stringMatching(/of the realm "notes".*for "holdfast": open it for the realm/),
      });
      expect(made()).toBe(1);
      await expect(keyringOf(stranger)[verb]()).rejects.toMatchObject({ code: "KEY_MISSING" });
      expect(others.keys).toHaveLength(1);
    }
    // With one item that opens there is something to do, and the other is named.
    await elsewhere.save("b", 1);
    expect(await keyringOf(elsewhere).rotate()).toMatchObject({
      ok: false,
      rewritten: 1,
      failures: [{ key: "a", code: "DECRYPT_FAILED" }],
    });
    expect(made()).toBe(2);
  });
});

describe("metadata and tags", () => {
  it("are encrypted where that is wanted, shown where the key is, and never found", async () => {
    const { adapter, storage } = await opened({ metadata: true });
    const options = { tags: [SECRET], metadata: { author: SECRET, stars: 5 } };
    const item = await storage.save("a", 1, options);
    const same = { tags: options.tags, metadata: options.metadata };
    expect(item).toMatchObject(same);
    expect(item.sealed).toBeUndefined();
    expect(await storage.stat("a")).toMatchObject(same);
    expect(await storage.list()).toMatchObject([same]);
    for await (const each of storage.scan()) expect(each).toMatchObject(same);
    expect(everythingHeld(adapter)).not.toContain("quick");
    for (const query of [{ text: "quick" }, { tags: [SECRET] }, { where: { stars: 5 } }]) {
      expect(await storage.search(query)).toEqual([]);
    }
    expect(await storage.search({ text: "a" })).toMatchObject([same]);
    expect(await storage.update("a", () => 2)).toMatchObject(same);
    expect(await storage.batch([{ type: "save", key: "b", data: 1, options }])).toMatchObject([same]);
  });

  it("of an item that no key here opens are shown empty, and hide no other item", async () => {
    const { adapter, keys, storage } = await opened({ metadata: true });
    await storage.save("a", 1, { tags: ["x"] });
    const lost = keys.active;
    await keys.add();
    await keys.remove(lost);
    const later = await openStorage(peerOf(adapter), { encryption: { keys, metadata: true } });
    await later.save("b", 1, { tags: ["y"] });
    expect(await later.list()).toMatchObject([
      { key: "a", sealed: true, tags: [] },
      { key: "b", tags: ["y"] },
    ]);
    await expect(later.load("a")).rejects.toMatchObject({
      code: "KEY_MISSING",
      message: expect.stringContaining(lost),
    });
    expect((await later.verify()).problems).toMatchObject([{ key: "a", code: "KEY_MISSING" }]);
  });
});

describe("streams", () => {
  it.each([0, 1, 65_536, 65_537, 131_072, MIB, 3 * MIB + 5])("of %i bytes come back", async (length) => {
    const { adapter, storage, keys } = await opened();
    const bytes = noise(length);
    const item = await storage.saveStream("a", cut(bytes, [70_000, 1, 33_000]));
    expect(item).toMatchObject({ encrypted: true, size: length });
    const stream = await storage.loadStream("a");
    expect(Buffer.compare(await collect(stream ?? []), bytes)).toBe(0);
    expect(Buffer.compare((await storage.load<Uint8Array>("a")) ?? noise(1), bytes)).toBe(0);
    const { header, body } = stored(adapter, "a");
    const [key] = keys.keys;
    const read = readByThePage(
      { header: { ...header }, body: Buffer.from(body) },
      Buffer.from(key?.material as Uint8Array),
    );
    expect(Buffer.compare(read.bytes, bytes)).toBe(0);
  });

  it("are compressed before they are encrypted", async () => {
    const { storage } = await opened();
    const bytes = new Uint8Array(3 * MIB).fill(7);
    const item = await storage.saveStream("a", cut(bytes, [MIB]), { compress: true });
    expect(item).toMatchObject({ encrypted: true, compressed: true });
    expect(item.storedSize).toBeLessThan(100_000);
    expect(Buffer.compare(await collect((await storage.loadStream("a")) ?? []), bytes)).toBe(0);
  });
});

describe("collections", () => {
  it("find encrypted items by nothing that is encrypted, and read them all the same", async () => {
    const { adapter, storage } = await opened({ byDefault: true });
    const notes = (of: StorageEngine) =>
      of.collection("notes", { schema: z.object({ author: z.string() }), version: "1.0", index: ["author"] });
    await notes(storage).save("a", { author: SECRET });
    await notes(storage).save("b", { author: SECRET }, { encrypt: false });
    expect(await notes(storage).load("a")).toEqual({ author: SECRET });
    expect((await notes(storage).search({ where: { author: SECRET } })).map(({ key }) => key)).toEqual(["b"]);
    expect((await notes(storage).search({ text: "quick" })).map(({ key }) => key)).toEqual(["b"]);
    expect(stored(adapter, "notes/a").header.fields).toBeUndefined();
    const wider = storage.collection("notes", {
      schema: z.object({ author: z.string(), stars: z.number() }),
      version: "2.0",
      migrations: [{ from: "1.0", to: "2.0", up: (data) => ({ ...(data as { author: string }), stars: 1 }) }],
      index: ["author", "stars"],
    });
    expect((await wider.search({ where: { stars: 1 } })).map(({ key }) => key)).toEqual(["b"]);
    expect(await wider.migrateAll()).toMatchObject({ ok: true });
    expect(await wider.load("a")).toEqual({ author: SECRET, stars: 1 });
    expect((await storage.stat("notes/a"))?.encrypted).toBe(true);
    expect((await storage.stat("notes/b"))?.encrypted).toBe(false);
  });
});

describe("settings", () => {
  it.each([
    [{ keys: {} }, "keys"],
    [{}, "keys"],
    [{ keys: new FakeKeys(), realm: "" }, "realm"],
    [{ keys: new FakeKeys(), realm: "a\n" }, "realm"],
    [{ keys: new FakeKeys(), realm: "é".repeat(128) }, "realm"],
    [{ keys: new FakeKeys(), byDefault: 1 }, "byDefault"],
    [{ keys: new FakeKeys(), required: "yes" }, "required"],
    [{ keys: new FakeKeys(), required: true, byDefault: false }, "byDefault"],
    [{ keys: new FakeKeys(), metadata: "no" }, "metadata"],
    [{ keys: new FakeKeys(), algorithm: "rot13" }, "algorithm"],
  ])("%o is refused", async (encryption, name) => {
    await expect(openStorage(new MapAdapter(), { encryption: encryption as never })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(name),
    });
  });

  it("of keys that cannot be had fail as the provider does, and the store is not opened", async () => {
    const adapter = new MapAdapter();
    const keys = new FakeKeys();
    keys.load = () => Promise.reject(new Error("no keychain"));
    await expect(openStorage(adapter, { encryption: { keys } })).rejects.toThrow("no keychain");
    keys.load = async () => ({ active: "0123456789abcdef", keys: [] });
    await expect(openStorage(adapter, { encryption: { keys } })).rejects.toMatchObject({ code: "KEY_MISSING" });
    expect(adapter.calls).toEqual([]);
  });
});
