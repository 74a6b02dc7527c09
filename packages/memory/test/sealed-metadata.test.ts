import {
  type AdapterContext,
  createMigrator,
  keyringOf,
  type MigrateOptions,
  openStorage,
  type RecordHeader,
  type StorageEngine,
  type StoredRecord,
} from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Keys } from "./support/keys.ts";

const HIDDEN = "unmistakable";
const ABOUT = { tags: [HIDDEN], metadata: { author: HIDDEN } };
const READING = { now: 0, signal: undefined };
const BIG = new Uint8Array(5 * 2 ** 20).fill(7);
let keys: Keys;
let store: ReturnType<typeof createMemoryStore>;
let target: ReturnType<typeof createMemoryStore>;

beforeEach(() => {
  keys = new Keys();
  store = createMemoryStore();
  target = createMemoryStore();
});

const opened = (of: typeof store, metadata: boolean) =>
  openStorage(memory({ store: of }), { history: true, encryption: { keys, metadata } });

/** What was stored under "a" and others with metadata and tags encrypted, seen by who has the keys and does not ask for that. */
async function reopened(): Promise<StorageEngine> {
  const sealing = await opened(store, true);
  await sealing.save("a", "before", ABOUT);
  await sealing.save("a", "now", ABOUT);
  await sealing.save("big", BIG, ABOUT);
  await notes(sealing, "1.0").save("n", { text: "x" }, ABOUT);
  await sealing.close();
  return opened(store, false);
}

function notes(storage: StorageEngine, version: "1.0" | "2.0") {
  const migrations = [{ from: "1.0", to: "2.0", up: (data: unknown) => ({ ...(data as object), more: 1 }) }];
  const schema = z.looseObject({ text: z.string() });
  return storage.collection("notes", { schema, version, ...(version === "2.0" && { migrations }) });
}

/** That no header of the store, standing or kept, tells what was hidden, nor any index; and that it is all there for who has the key. */
async function expectHidden(of: typeof store, shown: Record<string, object>): Promise<void> {
  const adapter = memory({ store: of });
  const standing = adapter.list({ prefix: "", after: undefined, limit: 100 }, READING) as RecordHeader[];
  const kept = await adapter.history?.scan({ after: undefined, limit: 100 }, READING);
  expect(standing.length).toBeGreaterThan(0);
  for (const header of [...standing, ...(kept ?? [])]) expect(JSON.stringify(header)).not.toContain(HIDDEN);
  const storage = await opened(of, false);
  for (const query of [{ text: HIDDEN }, { tags: [HIDDEN] }, { where: { author: HIDDEN } }]) {
    expect(await storage.count(query)).toBe(0);
  }
  for (const [key, about] of Object.entries(shown)) {
    expect(await storage.stat(key), key).toMatchObject({ encrypted: true, ...about });
  }
  expect((await storage.verify()).problems).toEqual([]);
}

const migrate = async (options: MigrateOptions, place?: string) => {
  const [from, to] = [await reopened(), await opened(target, false)];
  const report = await createMigrator(from, place === undefined ? to : to.namespace(place)).migrate(options);
  expect(report).toMatchObject({ ok: true, failures: [] });
};

describe("metadata and tags that were encrypted stay so where the setting does not ask for it:", () => {
  it("an update, whether it names others or not", async () => {
    const storage = await reopened();
    expect(await storage.update("a", () => "later")).toMatchObject(ABOUT);
    await expectHidden(store, { a: ABOUT });
    const others = { tags: [HIDDEN, "more"], metadata: { author: `${HIDDEN} too` } };
    expect(await storage.update("a", () => "last", others)).toMatchObject(others);
    await expectHidden(store, { a: others });
    expect(await storage.load("a")).toBe("last");
  });

  it("encrypting anew under another key, values and streams", async () => {
    expect(await keyringOf(await reopened()).reencrypt()).toMatchObject({ ok: true, rewritten: 3 });
    await expectHidden(store, { a: ABOUT, big: ABOUT });
  });

  it("a rotation, and the restoring of a version", async () => {
    const storage = await reopened();
    expect(await keyringOf(storage).rotate()).toMatchObject({ ok: true });
    const [before] = await storage.history("a");
    expect(await storage.restore("a", before?.version ?? "")).toMatchObject(ABOUT);
    await expectHidden(store, { a: ABOUT });
  });

  it("a collection's item that is updated, and one that is brought to another version", async () => {
    const storage = await reopened();
    expect(await notes(storage, "1.0").update("n", () => ({ text: "y" }))).toMatchObject(ABOUT);
    await expectHidden(store, { "notes/n": ABOUT });
    expect(await notes(storage, "2.0").migrateAll()).toMatchObject({ ok: true, migrated: 1 });
    await expectHidden(store, { "notes/n": ABOUT });
    expect(await notes(storage, "2.0").load("n")).toEqual({ text: "y", more: 1 });
  });

  it("a migration that encrypts anew, with its versions", async () => {
    await migrate({ reencrypt: true, history: true });
    await expectHidden(target, { a: ABOUT, big: ABOUT });
  });

  it("a migration to other keys of the store, which is a rename", async () => {
    await migrate({}, "copy");
    await expectHidden(target, { "copy/a": ABOUT, "copy/big": ABOUT });
  });

  it("a migration whose transform names others, another value, or another key", async () => {
    await migrate({
      transform: ({ key, tags }) => {
        if (key === "a") return { tags: [...tags, "more"] };
        return key === "big" ? { data: "small" } : { key: "moved" };
      },
    });
    await expectHidden(target, { a: { ...ABOUT, tags: [HIDDEN, "more"] }, big: ABOUT, moved: ABOUT });
  });

  it("a record that an adapter carries to another key", async () => {
    await reopened();
    let context: AdapterContext | undefined;
    const adapter = memory({ store });
    const { open } = adapter;
    adapter.open = (given) => {
      context = given;
      return open.call(adapter, given);
    };
    await openStorage(adapter, { history: true, encryption: { keys } });
    const record = (await adapter.get("a", READING)) as StoredRecord;
    const carried = await context?.carry(record, { ...record.header, key: "b" });
    expect(carried?.header).toMatchObject({ key: "b", tags: [], metadata: {}, encryption: { v: 1 } });
    expect(JSON.stringify(carried?.header)).not.toContain(HIDDEN);
    expect(carried?.header.encryption?.sealed).toBeTypeOf("string");
  });
});

it("what is encrypted is not found by what it lacks in writing", async () => {
  const storage = await reopened();
  const schema = z.object({ text: z.string().optional() });
  const indexed = storage.collection("indexed", { schema, version: "1.0", index: ["text"] });
  await indexed.save("hidden", { text: "x" }, { ...ABOUT, encrypt: true });
  await indexed.save("bare", {}, { encrypt: false });
  const lacking = { where: { text: { exists: false } } };
  expect((await indexed.search(lacking)).map(({ key }) => key)).toEqual(["bare"]);
  expect(await indexed.count(lacking)).toBe(1);
  // That of "a" and the others is encrypted too, that of "hidden" is not.
  const query = { where: { author: { exists: false } } };
  expect((await storage.search(query)).map(({ key }) => key)).toEqual(["indexed/bare"]);
  expect(await storage.count(query)).toBe(1);
  expect(await storage.search({ where: { author: HIDDEN } })).toMatchObject([{ key: "indexed/hidden" }]);
});

it("a transform loses nothing of hidden metadata where the destination alone has the keys", async () => {
  await reopened();
  const [from, to] = [await openStorage(memory({ store })), await opened(target, false)];
  const report = await createMigrator(from, to).migrate({
    transform: ({ key }) => (key === "a" ? { tags: ["new"] } : null),
  });
  expect(report.failures).toEqual([]);
  await expectHidden(target, { a: { tags: ["new"], metadata: ABOUT.metadata } });
});

it("who says that an item is no longer to be encrypted has all of it in plain", async () => {
  const storage = await reopened();
  expect(await storage.update("a", () => "plain", { encrypt: false })).toMatchObject({ ...ABOUT, encrypted: false });
  expect(await storage.count({ tags: [HIDDEN] })).toBe(1);
});
