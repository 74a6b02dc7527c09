import {
  compareStores,
  createMigrator,
  keyringOf,
  type MigrateOptions,
  openStorage,
  type RecordHeader,
  type StorageEngine,
  type StorageSettings,
} from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Keys } from "./support/keys.ts";

const NAMES = Array.from({ length: 7 }, (_, place) => `k${place}`);
const HISTORY = { history: true };
const READING = { now: 0, signal: undefined };
let keys: Keys;
let others: Keys;
let store: ReturnType<typeof createMemoryStore>;
let target: ReturnType<typeof createMemoryStore>;

beforeEach(() => {
  keys = new Keys();
  // Other bytes than those of the first.
  others = new Keys(100);
  store = createMemoryStore();
  target = createMemoryStore();
});

type Encryption = Partial<NonNullable<StorageSettings["encryption"]>>;

const open = (encryption: Encryption = {}) =>
  openStorage(memory({ store }), { ...HISTORY, encryption: { keys, ...encryption } });
const openTarget = (encryption: Encryption = {}) =>
  openStorage(memory({ store: target }), { ...HISTORY, encryption: { keys: others, ...encryption } });
const blind = (of: typeof store) => openStorage(memory({ store: of }), HISTORY);
const migrate = (from: StorageEngine, to: StorageEngine, options?: MigrateOptions) =>
  createMigrator(from, to).migrate(options);
const headerOf = (name: string) => memory({ store: target }).stat(name, READING) as RecordHeader | undefined;

/** Seven items, each with a previous version, and a plain one. */
async function fill(storage: StorageEngine): Promise<void> {
  for (const name of NAMES) {
    await storage.save(name, `before ${name}`);
    await storage.save(name, `now ${name}`, { tags: [name], metadata: { name } });
  }
  await storage.save("plain", "plain", { encrypt: false });
}

async function expectAll(storage: StorageEngine, rename = (name: string) => name): Promise<void> {
  for (const name of NAMES) {
    expect(await storage.load(rename(name))).toBe(`now ${name}`);
    expect(await storage.stat(rename(name))).toMatchObject({ encrypted: true, tags: [name], metadata: { name } });
  }
  expect((await storage.verify()).problems).toEqual([]);
}

async function differences(a: StorageEngine, b: StorageEngine): Promise<object[]> {
  const found: object[] = [];
  for await (const compared of compareStores(a, b)) if (compared.result !== "equal") found.push(compared);
  return found;
}

describe.each([false, true])("a migration of what is encrypted (metadata too: %s)", (metadata) => {
  it("carries ciphertext as it is, without any key, where key and version stay", async () => {
    await fill(await open({ metadata }));
    const [from, to] = [await blind(store), await blind(target)];
    expect(await migrate(from, to, { history: true })).toMatchObject({ ok: true, copied: 8, verified: 8 });
    expect(await migrate(from, to, { history: true })).toMatchObject({ ok: true, unchanged: 8 });
    expect(await differences(from, to)).toEqual([]);
    for (const name of NAMES)
      expect(memory({ store: target }).get(name, READING)).toEqual(memory({ store }).get(name, READING));
    const read = await openStorage(memory({ store: target }), { ...HISTORY, encryption: { keys } });
    await expectAll(read);
    const [kept] = await read.history("k3");
    expect(await read.load("k3", { version: kept?.version ?? "" })).toBe("before k3");
  });

  it("finds a value equal whose key was wrapped anew since", async () => {
    const from = await open({ metadata });
    await fill(from);
    const to = await blind(target);
    await migrate(from, to);
    await keyringOf(from).rotate();
    expect(await migrate(from, to)).toMatchObject({ ok: true, unchanged: 8 });
    expect(await differences(from, to)).toEqual([]);
  });

  it("signs anew over what stands, and encrypts anew under another key, given the master key", async () => {
    const from = await open({ metadata });
    await fill(from);
    const report = await migrate(await blind(store), (await openStorage(memory())).namespace("copy"));
    expect(report.failures).toHaveLength(7);
    expect(report.failures[0]).toMatchObject({ code: "KEY_MISSING" });
    const to = await openTarget({ keys, metadata });
    expect(await migrate(from, to.namespace("copy"))).toMatchObject({ ok: true, copied: 8, verified: 8 });
    expect(await migrate(from, to.namespace("copy"))).toMatchObject({ ok: true, unchanged: 8 });
    await expectAll(to.namespace("copy"));
    await to.save("k1", "other");
    expect(await migrate(from, to, { conflict: "overwrite", prefix: "k" })).toMatchObject({ ok: true, verified: 7 });
    await expectAll(to);
  });

  it("encrypts anew when it is asked to, with all versions, and finds that done when it comes again", async () => {
    const from = await open({ metadata });
    await fill(from);
    const to = await openTarget({ metadata });
    const options = { reencrypt: true, history: true };
    expect(await migrate(from, to, options)).toMatchObject({ ok: true, copied: 8, verified: 8 });
    await expectAll(to);
    const [kept] = await to.history("k3");
    expect(await to.load("k3", { version: kept?.version ?? "" })).toBe("before k3");
    expect(await keyringOf(to).keys()).toMatchObject([{ active: true, items: 7, versions: 7 }]);
    expect(await migrate(from, to, options)).toMatchObject({ ok: true, unchanged: 8, verified: 8 });
    expect(await differences(from, to)).toEqual([]);
  });

  it("does not take what is there under the old encryption for done", async () => {
    const from = await open({ metadata });
    await fill(from);
    const to = await openTarget({ keys, metadata });
    await migrate(from, to);
    const before = headerOf("k1")?.encryption?.id;
    expect(await migrate(from, to, { reencrypt: true })).toMatchObject({ ok: false, conflicts: NAMES });
    expect(await migrate(from, to, { reencrypt: true, conflict: "overwrite" })).toMatchObject({ ok: true, copied: 7 });
    expect(headerOf("k1")?.encryption?.id).not.toBe(before);
    await expectAll(to);
  });

  it("shows filter and transform what is encrypted, and keeps encrypted what they change", async () => {
    const from = await open({ metadata });
    await fill(from);
    const to = await openTarget({ metadata });
    const options: MigrateOptions = {
      filter: ({ tags }) => tags[0] !== "k6",
      transform: async ({ key, tags }, load) => {
        if (key === "k0") return { key: "moved", tags: [...tags, "moved"] };
        if (key === "k1") return { tags: [...tags, "more"] };
        if (key === "k2") return { metadata: { secret: "of the transform" } };
        if (key === "k3") return { data: `changed ${String(await load())}` };
        if (key === "k4") return { format: "yaml", compress: true, expiration: new Date(4e12) };
        return {};
      },
    };
    // What only its place or its labels change goes on under its own key where these are shown.
    const plan = await migrate(from, to, { ...options, dryRun: true });
    expect(plan).toMatchObject({ ok: true, copied: 7 });
    const same = await openTarget({ keys, metadata });
    expect(await migrate(from, same, options)).toMatchObject({ ok: true, copied: 7, verified: 7 });
    expect(await migrate(from, same, options)).toMatchObject({ ok: true, unchanged: 7 });
    expect((await same.list()).map(({ key }) => key)).toEqual(["k1", "k2", "k3", "k4", "k5", "moved", "plain"]);
    expect(await same.load("moved")).toBe("now k0");
    expect(await same.stat("moved")).toMatchObject({
      encrypted: true,
      tags: ["k0", "moved"],
      metadata: { name: "k0" },
    });
    expect(await same.stat("k1")).toMatchObject({ encrypted: true, tags: ["k1", "more"], metadata: { name: "k1" } });
    expect(await same.stat("k2")).toMatchObject({ encrypted: true, metadata: { secret: "of the transform" } });
    expect(headerOf("k2")?.metadata).toEqual(metadata ? {} : { secret: "of the transform" });
    expect(await same.load("k3")).toBe("changed now k3");
    expect(await same.stat("k3")).toMatchObject({ encrypted: true, tags: ["k3"], metadata: { name: "k3" } });
    expect(await same.stat("k4")).toMatchObject({ encrypted: true, format: "yaml", expiration: new Date(4e12) });
    expect(await same.load("k4")).toBe("now k4");
    expect((await same.verify()).problems).toEqual([]);
    expect(JSON.stringify([...bodiesOf(target)])).not.toContain("now k");
  });

  it("backs up what it replaces, and puts it back", async () => {
    const from = await open({ metadata });
    await fill(from);
    const to = await openTarget({ keys, metadata });
    for (const name of NAMES) await to.save(name, `the other ${name}`, { tags: ["other"] });
    const kept = (await openStorage(memory(), { encryption: { keys, metadata } })).namespace("before");
    const report = await migrate(from, to, { conflict: "overwrite", backup: kept });
    expect(report).toMatchObject({ ok: true, copied: 8, backedUp: 7 });
    await expectAll(to);
    expect(await migrate(kept, to, { conflict: "overwrite" })).toMatchObject({ ok: true, copied: 7 });
    expect(await to.load("k1")).toBe("the other k1");
    expect(await to.stat("k1")).toMatchObject({ encrypted: true, tags: ["other"] });
  });
});

describe("a migration of what is encrypted", () => {
  it("encrypts anew streams too, and between realms", async () => {
    const from = await open();
    const big = new Uint8Array(5 * 2 ** 20).map((_, place) => (place * 31) & 0xff);
    await from.save("big", big);
    await from.save("small", { a: 1 }, { compress: true });
    const to = await openTarget({ realm: "other" });
    // The keys of the first are not those of the second: what is read is read with the former.
    expect(await migrate(from, to, { reencrypt: true })).toMatchObject({ ok: true, copied: 2, verified: 2 });
    expect(await migrate(from, to, { reencrypt: true })).toMatchObject({ ok: true, unchanged: 2 });
    expect(Buffer.compare((await to.load<Uint8Array>("big")) ?? new Uint8Array(), big)).toBe(0);
    expect(await to.load("small")).toEqual({ a: 1 });
    expect(await keyringOf(to).keys()).toMatchObject([{ active: true, items: 2 }]);
  });

  it("encrypts what is plain on its way into a storage that takes nothing else, streams and indexed fields too", async () => {
    const from = await openStorage(memory({ store }));
    const big = new Uint8Array(5 * 2 ** 20).fill(7);
    await from.save("big", big);
    await from.save("small", { a: 1 }, { tags: ["t"], metadata: { n: 1 } });
    const books = { version: "1", schema: z.object({ title: z.string() }), index: ["title" as const] };
    await from.collection("books", books).save("one", { title: "hidden" });
    const to = await openTarget({ required: true, metadata: true });
    expect(await migrate(from, to)).toMatchObject({ ok: true, copied: 3, verified: 3 });
    expect(await migrate(from, to)).toMatchObject({ ok: true, unchanged: 3 });
    expect(Buffer.compare((await to.load<Uint8Array>("big")) ?? new Uint8Array(), big)).toBe(0);
    expect(await to.stat("small")).toMatchObject({ encrypted: true, tags: ["t"], metadata: { n: 1 } });
    expect(await to.collection("books", books).load("one")).toEqual({ title: "hidden" });
    expect(JSON.stringify(headerOf("books/one"))).not.toContain("hidden");
    const both = ["big", "books/one", "small"].map((key) => ({
      key,
      result: "different",
      differences: ["encryption"],
    }));
    expect(await differences(from, to)).toMatchObject([both[0] ?? {}, { key: "books/one" }, both[2] ?? {}]);
  });

  it("tells values apart that were encrypted anew and differ, although all that can be seen of them is alike", async () => {
    const ports = { clock: { now: () => 1_000 } };
    const settings = { ports, encryption: { keys } };
    const [from, to] = [
      await openStorage(memory({ store }), settings),
      await openStorage(memory({ store: target }), settings),
    ];
    await from.save("a", "one");
    await to.save("a", "two");
    expect(await differences(from, to)).toMatchObject([{ key: "a", result: "different" }]);
    expect(await migrate(from, to, { reencrypt: true })).toMatchObject({ ok: false, conflicts: ["a"] });
    expect(await migrate(from, to)).toMatchObject({ ok: false, conflicts: ["a"] });
  });

  it("signs nothing that only a listing said", async () => {
    await fill(await open());
    const honest = memory({ store });
    const { list } = honest;
    honest.list = async (range, options) =>
      (await list.call(honest, range, options)).map((header) => ({ ...header, tags: ["forged"] }));
    const from = await openStorage(honest, { ...HISTORY, encryption: { keys } });
    const to = await openTarget({ keys });
    await to.save("k1", "other");
    const ways: [StorageEngine, MigrateOptions][] = [
      [to, { conflict: "overwrite", prefix: "k1" }],
      [to.namespace("copy"), { prefix: "k2" }],
      [to.namespace("changed"), { prefix: "k3", transform: () => ({ data: "new", metadata: { name: "k3" } }) }],
    ];
    for (const [into, options] of ways) {
      await migrate(from, into, { ...options, validate: false });
      for (const { tags } of await into.list(options.prefix)) expect(tags).toEqual([options.prefix]);
      expect(await into.count({ prefix: options.prefix ?? "" })).toBe(1);
    }
    expect((await to.verify()).problems).toEqual([]);
  });

  it("keeps what a transform says of what is encrypted for the first time", async () => {
    const from = await openStorage(memory({ store }));
    await from.save("a", 1, { tags: ["t"] });
    const to = await openTarget({ required: true });
    expect(await migrate(from, to, { transform: () => ({ tags: ["u"] }) })).toMatchObject({ ok: true, verified: 1 });
    expect(await to.stat("a")).toMatchObject({ encrypted: true, tags: ["u"] });
  });

  it("tells nothing of a value or a key in its journal, its events and its report", async () => {
    const from = await open({ metadata: true });
    await fill(from);
    await from.save("k0", "now k0", { tags: ["hush"], metadata: { author: "hush" } });
    const to = await openTarget({ metadata: true });
    await to.save("k1", "now k1, the other one");
    const told: string[] = [];
    const journal = {
      async *read() {
        yield* [];
      },
      append: async (line: string) => void told.push(line),
      clear: async () => undefined,
    };
    const onEvent = (event: object) => void told.push(JSON.stringify(event));
    const options: MigrateOptions = { reencrypt: true, history: true, conflict: "keep-both", journal, onEvent };
    told.push(JSON.stringify(await migrate(from, to, options)));
    expect(told.length).toBeGreaterThan(3);
    const held = [...keys.keys, ...others.keys].flatMap(({ material }) => {
      const key = Buffer.from(material as Uint8Array);
      return (["latin1", "hex", "base64", "base64url"] as const).map((form) => key.toString(form).slice(0, 40));
    });
    for (const secret of ["now k", "before k", "hush", ...held]) expect(told.join("\n")).not.toContain(secret);
  });

  it("is refused where there is nothing to encrypt with", async () => {
    const from = await open();
    const to = await blind(target);
    await expect(migrate(from, to, { reencrypt: true })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("key provider"),
    });
    await expect(migrate(from, to, { reencrypt: "yes" } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  it("finds what somebody changes in the destination before it is verified", async () => {
    const from = await open();
    await fill(from);
    const to = await openTarget();
    let spoilt = false;
    const report = await migrate(from, to, {
      reencrypt: true,
      progress: async ({ phase }) => {
        if (phase !== "verify" || spoilt) return;
        spoilt = true;
        await to.save("k5", "now k5", { tags: ["k5"], metadata: { name: "k5" } });
      },
    });
    expect(report).toMatchObject({ ok: false, verified: 7, failures: [{ key: "k5", code: "CORRUPT" }] });
  });
});

function bodiesOf(of: typeof store): string[] {
  const adapter = memory({ store: of });
  const headers = adapter.list({ prefix: "", after: undefined, limit: 100 }, READING) as RecordHeader[];
  return headers
    .filter(({ encryption }) => encryption !== undefined)
    .map(({ key }) => {
      const record = adapter.get(key, READING) as { body: Uint8Array };
      return Buffer.from(record.body).toString("latin1");
    });
}
