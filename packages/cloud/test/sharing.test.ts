import { type CloudAdapter, type CloudClient, cloud, type ShareTarget } from "@holdfast/cloud";
import { openStorage, type StorageEngine, type StorageSettings } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { collect } from "./support/collect.ts";
import { expectBytes } from "./support/same-bytes.ts";
import { sharedServer } from "./support/shared-server.ts";

const LARGE = new Uint8Array(100_000).map((_, index) => index % 251);

let server: EmbeddedSupabase;
let ann: SignedUp;
let bob: SignedUp;
let eve: SignedUp;
let store: string;
let stores = 0;
let adapter: CloudAdapter;
let anns: StorageEngine;
const opened: StorageEngine[] = [];

beforeAll(async () => {
  server = sharedServer();
  [ann, bob, eve] = [await server.signUp(), await server.signUp(), await server.signUp()];
});

beforeEach(async () => {
  store = `store ${++stores}`;
  adapter = cloud({ client: ann.client, store });
  anns = await openStorage(adapter, { history: true });
  for (const key of ["private/a", "shared/a", "shared/b", "shared_"]) {
    await anns.save(key, key, { tags: ["t"], metadata: { words: "alpha" } });
  }
  await anns.save("private/large", LARGE);
  await anns.save("shared/large", LARGE.toReversed());
});

afterEach(async () => {
  await Promise.all([anns, ...opened.splice(0)].map((storage) => storage.close()));
});

/** Ann's store as another user sees it. */
async function openAs({ client }: SignedUp, settings: StorageSettings = {}): Promise<StorageEngine> {
  const storage = await openStorage(cloud({ client, store, owner: ann.id }), settings);
  opened.push(storage);
  return storage;
}

const keys = async (storage: StorageEngine) => (await storage.list()).map(({ key }) => key);
const unauthorized = expect.objectContaining({ code: "UNAUTHORIZED" });

describe("a viewer", () => {
  const targets: [what: string, target: ShareTarget, visible: string[]][] = [
    ["a key", { key: "shared/a" }, ["shared/a"]],
    ["a prefix", { prefix: "shared/" }, ["shared/a", "shared/b", "shared/large"]],
    ["a prefix that a pattern would read otherwise", { prefix: "shared_" }, ["shared_"]],
    ["everything", { prefix: "" }, ["private/a", "private/large", "shared/a", "shared/b", "shared/large", "shared_"]],
  ];
  it.each(targets)("of %s sees that, by every question, and nothing else", async (_, target, visible) => {
    await adapter.shares.share(target, bob.id, "viewer");
    const bobs = await openAs(bob);
    expect(await keys(bobs)).toEqual(visible);
    expect(await bobs.count()).toBe(visible.length);
    expect((await bobs.getInfo()).items).toBe(visible.length);
    const tagged = visible.filter((key) => !key.endsWith("large"));
    expect((await bobs.search({ tags: ["t"] })).map(({ key }) => key)).toEqual(tagged);
    expect(await bobs.count({ text: "alpha" })).toBe(tagged.length);
    expect(new Set((await collect(bobs.changes())).map(({ key }) => key))).toEqual(new Set(visible));
    for (const key of ["private/a", "shared/a", "shared/b", "shared_"]) {
      expect(await bobs.load(key)).toBe(visible.includes(key) ? key : undefined);
    }
    expect(await bobs.load("private/large")).toEqual(visible.includes("private/large") ? LARGE : undefined);
    expect(await bobs.load("shared/large")).toEqual(visible.includes("shared/large") ? LARGE.toReversed() : undefined);
  });

  it("changes nothing, sees no previous version, and shares nothing on", async () => {
    await anns.save("shared/a", "newer");
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "viewer");
    const bobsAdapter = cloud({ client: bob.client, store, owner: ann.id });
    const bobs = await openStorage(bobsAdapter, { history: true });
    opened.push(bobs);
    const before = await anns.list();
    for (const write of [
      () => bobs.save("shared/a", "x"),
      () => bobs.save("shared/new", "x"),
      () => bobs.save("shared/new", LARGE),
      () => bobs.delete("shared/a"),
      () => bobs.batch([{ type: "save", key: "shared/b", data: 1 }]),
      () => bobsAdapter.shares.share({ prefix: "" }, eve.id, "editor"),
      () => bobsAdapter.shares.publish({ prefix: "" }),
      () => bobsAdapter.shares.revoke({ prefix: "shared/" }, bob.id),
      () => bobsAdapter.shares.list(),
    ]) {
      await expect(write()).rejects.toEqual(unauthorized);
    }
    expect(await bobs.history("shared/a")).toEqual([]);
    expect(await bobs.sweep()).toBe(0);
    expect(await anns.list()).toEqual(before);
    expect(await anns.history("shared/a")).toHaveLength(1);
  });
});

describe("an editor", () => {
  it("writes, overwrites and deletes what is shared, and the owner sees it", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    const bobs = await openAs(bob, { history: true });
    const start = (await anns.getInfo()).cursor;
    const { version } = await anns.save("shared/a", "by Ann");
    await bobs.save("shared/a", "by Bob", { ifVersion: version, tags: ["bobs"], metadata: { words: "beta" } });
    await bobs.save("shared/new", LARGE);
    await bobs.save("shared/large", "small now");
    await bobs.delete("shared/b");
    await bobs.batch([{ type: "save", key: "shared/c", data: 1 }]);
    expect(await anns.load("shared/a")).toBe("by Bob");
    expectBytes(await anns.load("shared/new"), LARGE);
    expect(await anns.exists("shared/b")).toBe(false);
    expect((await anns.search({ tags: ["bobs"], text: "beta" })).map(({ key }) => key)).toEqual(["shared/a"]);
    expect(await anns.count({ text: "alpha", prefix: "shared/" })).toBe(0);
    expect(
      await anns.load("shared/large", { version: (await anns.history("shared/large"))[0]?.version ?? "" }),
    ).toEqual(LARGE.toReversed());
    expect((await bobs.history("shared/a")).length).toBe((await anns.history("shared/a")).length);
    const told = (await collect(anns.changes(start))).map(({ type, key }) => `${type} ${key}`);
    expect(told).toEqual([
      "save shared/a",
      "save shared/a",
      "save shared/new",
      "save shared/large",
      "delete shared/b",
      "save shared/c",
    ]);
  });

  it.each([
    ["that wants none", { history: false }],
    ["that says nothing", {}],
    ["that wants fewer", { history: { versions: 1 } }],
    ["that wants more", { history: { versions: 100 } }],
  ] as const)(
    "keeps of what it replaces and deletes what the owner wants kept, with a setting %s",
    async (_, settings) => {
      await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
      const values = Array.from({ length: 9 }, (__, index) => index);
      for (const value of values) await anns.save("shared/a", value);
      const before = await anns.history("shared/a");
      expect(before).toHaveLength(9);
      const standing = await anns.stat("shared/a");
      const bobs = await openAs(bob, settings);
      const first = await bobs.save("shared/a", "by Bob");
      const second = await bobs.save("shared/a", "again");
      const versions = async () => (await anns.history("shared/a")).map(({ version }) => version);
      const kept = [first.version, standing?.version, ...before.map(({ version }) => version)];
      expect(await versions()).toEqual(kept.slice(0, 10));
      expect(await bobs.delete("shared/a")).toBe(true);
      expect(await versions()).toEqual([second.version, ...kept].slice(0, 10));
      await bobs.batch([{ type: "save", key: "shared/b", data: "by Bob" }]);
      expect((await anns.history("shared/b")).length).toBe(1);
    },
  );

  it("keeps nothing where the owner wants nothing kept, and drops nothing that was kept before", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    await anns.save("shared/a", "newer");
    await anns.close();
    const openAgain = (settings: StorageSettings) => openStorage(cloud({ client: ann.client, store }), settings);
    anns = await openAgain({ history: false });
    const bobs = await openAs(bob, { history: true });
    await bobs.save("shared/a", "by Bob");
    expect(await anns.history("shared/a")).toHaveLength(1);
    // Who opens it without a word leaves it at that.
    await anns.close();
    anns = await openAgain({ history: { versions: 3 } });
    await (await openAgain({})).close();
    for (const value of [1, 2, 3, 4, 5]) await bobs.save("shared/a", value);
    expect(await anns.history("shared/a")).toHaveLength(3);
  });

  it.each([
    ["as many as there are", { history: { versions: Number.MAX_SAFE_INTEGER } }],
    ["none", { history: false }],
  ] as const)("keeps what the owner wants kept, also after one with the secret key wanted %s", async (_, settings) => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    await anns.close();
    anns = await openStorage(cloud({ client: ann.client, store }), { history: { versions: 2 } });
    const serving = cloud({ client: server.client(server.secretKey), store, owner: ann.id });
    await (await openStorage(serving, settings)).close();
    const bobs = await openAs(bob);
    for (const value of [1, 2, 3, 4]) await bobs.save("shared/a", value);
    expect(await anns.history("shared/a")).toHaveLength(2);
  });

  it("keeps all where the owner wants all kept", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    const all = { history: { versions: Number.MAX_SAFE_INTEGER } };
    await (await openStorage(cloud({ client: ann.client, store }), all)).close();
    const bobs = await openAs(bob);
    for (let value = 0; value < 12; value++) await bobs.save("shared/a", value);
    expect(await anns.history("shared/a")).toHaveLength(12);
  });

  it("changes nothing beside it, and a batch that would is refused as a whole", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    const bobs = await openAs(bob);
    const before = await anns.list();
    for (const write of [
      () => bobs.save("private/a", "x"),
      () => bobs.save("new", "x"),
      () => bobs.delete("private/a"),
      () =>
        bobs.batch([
          { type: "save", key: "shared/a", data: "x" },
          { type: "save", key: "private/a", data: "x" },
        ]),
    ]) {
      await expect(write()).rejects.toEqual(unauthorized);
    }
    expect(await anns.list()).toEqual(before);
  });

  it("cannot get at an object of an item that is not shared by making one of their own of it", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    const bobs = await openAs(bob);
    const [row] = (await server.sql(
      `select b.id::text as id, b.name, s.id::text as store from holdfast.bodies b join holdfast.stores s on s.id = b.store
       join holdfast.items i on b.id = any (i.parts) where s.name = '${store}' and i.key = 'private/large'`,
    )) as { id: string; name: string; store: string }[];
    const write = {
      ...{ type: "put", key: "shared/stolen", version: "ffffffffffff-0000-000000000000", expect: "any" },
      ...{ header: "{}", created: 0, modified: 0, expires: null, size: 1, stored: 1, tags: [], terms: [] },
      ...{ parts: [row?.id], hashes: null },
    };
    const parameters = { p_store: row?.store, p_writes: [write], p_now: 0, p_keep: null };
    const { data } = await bob.client.rpc("holdfast_write", parameters);
    expect(data).toMatchObject({ outcome: "refused", reason: { outcome: "gone" } });
    expect((await bob.client.storage.from("holdfast").download(row?.name ?? "")).data).toBeNull();
    // The same content, sent by Bob himself, is his to send: it is not taken from Ann's.
    await bobs.save("shared/own", LARGE);
    expectBytes(await bobs.load("shared/own"), LARGE);
    expect((await bob.client.storage.from("holdfast").download(row?.name ?? "")).data).toBeNull();
  });
});

describe("sharing", () => {
  it("is told to both sides, and opens nothing to a third", async () => {
    await adapter.shares.share({ key: "shared/a" }, bob.id, "viewer");
    await adapter.shares.share({ key: "shared/a" }, bob.id, "editor");
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "viewer");
    expect(await adapter.shares.list()).toEqual([
      { prefix: "shared/", user: bob.id, role: "viewer" },
      { key: "shared/a", user: bob.id, role: "editor" },
    ]);
    const bobsAdapter = cloud({ client: bob.client });
    opened.push(await openStorage(bobsAdapter));
    const received = (await bobsAdapter.shares.received()).filter((share) => share.store === store);
    expect(received).toEqual([
      { prefix: "shared/", owner: ann.id, store, role: "viewer" },
      { key: "shared/a", owner: ann.id, store, role: "editor" },
    ]);
    await expect(openAs(eve)).rejects.toEqual(unauthorized);
  });

  it("ends when it is revoked: for who has the store open, for their streams to come, and for the feed", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "editor");
    const bobs = await openAs(bob);
    expect(await bobs.load("shared/a")).toBe("shared/a");
    expect(await adapter.shares.revoke({ prefix: "shared/" }, bob.id)).toBe(true);
    expect(await adapter.shares.revoke({ prefix: "shared/" }, bob.id)).toBe(false);
    for (const call of [
      () => bobs.load("shared/a"),
      () => bobs.save("shared/a", "x"),
      () => bobs.list(),
      () => bobs.loadStream("shared/large"),
      () => collect(bobs.changes()),
    ]) {
      await expect(call()).rejects.toEqual(unauthorized);
    }
    expect(await anns.load("shared/a")).toBe("shared/a");
  });

  it("of what is published reaches every user that is signed in, to view, and no visitor", async () => {
    await adapter.shares.publish({ key: "shared/a" });
    for (const user of [bob, eve]) {
      const theirs = await openAs(user);
      expect(await keys(theirs)).toEqual(["shared/a"]);
      await expect(theirs.save("shared/a", "x")).rejects.toEqual(unauthorized);
    }
    await expect(openStorage(cloud({ client: server.client(), store, owner: ann.id }))).rejects.toEqual(unauthorized);
    expect(await adapter.shares.list()).toEqual([{ key: "shared/a", user: null, role: "viewer" }]);
    expect(await adapter.shares.revoke({ key: "shared/a" })).toBe(true);
    await expect(openAs(eve)).rejects.toEqual(unauthorized);
  });

  it("lets watch look once at what is hidden, tells of what comes, and not of older things that are shared later", async () => {
    await adapter.shares.share({ key: "shared/a" }, bob.id, "viewer");
    const places: unknown[] = [];
    const { client } = bob;
    const rpc: CloudClient["rpc"] = (name, parameters) => {
      if (name === "holdfast_feed") places.push((parameters as { p_seq: string }).p_seq);
      return client.rpc(name, parameters);
    };
    const watching: CloudClient = { rpc, storage: client.storage, auth: client.auth };
    const bobs = await openStorage(cloud({ client: watching, store, owner: ann.id, pollInterval: 20 }));
    opened.push(bobs);
    const told: string[] = [];
    await bobs.watch("", ({ key }) => told.push(key));
    for (const value of [1, 2, 3]) await anns.save("private/a", value);
    await anns.save("shared/b", "before it is shared");
    const [row] = (await server.sql(
      `select seq::text as seq from holdfast.stores where owner = '${ann.id}' and name = '${store}'`,
    )) as { seq: string }[];
    await expect.poll(() => places.at(-1), { timeout: 20_000 }).toBe(row?.seq);
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "viewer");
    await anns.save("shared/a", 1);
    await anns.save("private/a", 4);
    await anns.save("shared/b", 2);
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["shared/a", "shared/b"]);
  });

  it("is told of by watch as far as it reaches", async () => {
    await adapter.shares.share({ prefix: "shared/" }, bob.id, "viewer");
    const bobs = await openStorage(cloud({ client: bob.client, store, owner: ann.id, pollInterval: 20 }));
    opened.push(bobs);
    const told: string[] = [];
    await bobs.watch("", ({ key }) => told.push(key));
    await anns.save("private/a", 1);
    await anns.save("shared/a", 1);
    await anns.save("private/a", 2);
    await anns.save("shared/b", 2);
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["shared/a", "shared/b"]);
  });

  it.each(["nothing is written to", "something was written to long ago"])(
    "gives who opens a trimmed feed a place to go on from, where of what is shared %s",
    async (which) => {
      const key = which.startsWith("nothing") ? "shared/new" : "shared/a";
      await adapter.shares.share({ key }, bob.id, "viewer");
      const bobs = await openStorage(cloud({ client: bob.client, store, owner: ann.id, pollInterval: 20 }));
      opened.push(bobs);
      const before = (await bobs.getInfo()).cursor;
      for (const value of [1, 2]) await anns.save("private/a", value);
      const here = `where owner = '${ann.id}' and name = '${store}'`;
      await server.sql(`update holdfast.stores set trimmed = seq - 1 ${here}`);
      await server.sql(
        `delete from holdfast.feed using holdfast.stores s ${here} and store = s.id and feed.seq <= trimmed`,
      );
      await expect(collect(bobs.changes(before))).rejects.toMatchObject({ code: "NOT_FOUND", resync: true });
      const { cursor } = await bobs.getInfo();
      expect(await collect(bobs.changes(cursor))).toEqual([]);
      const told: string[] = [];
      await bobs.watch("", (change) => told.push(change.key));
      await anns.save("private/a", 3);
      expect(await collect(bobs.changes(cursor))).toEqual([]);
      await anns.save(key, 4);
      const changes = await collect(bobs.changes(cursor));
      expect(changes.map((change) => change.key)).toEqual([key]);
      expect(await collect(bobs.changes(changes.at(-1)?.cursor))).toEqual([]);
      await expect.poll(() => told, { timeout: 20_000 }).toEqual([key]);
    },
  );

  it("that ends while a body is read is told as that, and not as damage", async () => {
    await anns.save("shared/stream", new Uint8Array(9 * 2 ** 20));
    await adapter.shares.share({ key: "shared/stream" }, bob.id, "viewer");
    await adapter.shares.share({ key: "shared/a" }, bob.id, "viewer");
    const reading = async (meanwhile: () => Promise<unknown>) => {
      const stream = await (await openAs(bob)).loadStream("shared/stream");
      const reader = (stream as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      await meanwhile();
      for (;;) if ((await reader.read()).done) return;
    };
    await expect(reading(() => anns.save("shared/stream", "small"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await anns.save("shared/stream", new Uint8Array(9 * 2 ** 20).fill(1));
    const revoked = reading(() => adapter.shares.revoke({ key: "shared/stream" }, bob.id));
    await expect(revoked).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    await adapter.shares.share({ key: "shared/stream" }, bob.id, "viewer");
    const all = reading(async () => {
      for (const key of ["shared/stream", "shared/a"]) await adapter.shares.revoke({ key }, bob.id);
    });
    await expect(all).rejects.toEqual(unauthorized);
  });

  it("refuses what means nothing", async () => {
    const { shares } = adapter;
    for (const [code, call] of [
      ["INVALID_OPTION", () => shares.share({} as never, bob.id, "viewer")],
      ["INVALID_OPTION", () => shares.share({ key: "a", prefix: "a" } as never, bob.id, "viewer")],
      ["INVALID_OPTION", () => shares.share({ key: "a" }, "bob", "viewer")],
      ["INVALID_OPTION", () => shares.share({ key: "a" }, bob.id, "owner" as never)],
      ["INVALID_KEY", () => shares.share({ key: "a//b" }, bob.id, "viewer")],
      ["INVALID_KEY", () => shares.publish({ prefix: "\n" })],
      ["UNAUTHORIZED", () => shares.share({ key: "a" }, "00000000-0000-4000-8000-000000000000", "viewer")],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code });
    }
    expect(await shares.list()).toEqual([]);
  });
});
