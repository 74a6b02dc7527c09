import { cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { collect } from "./support/collect.ts";
import { sharedServer } from "./support/shared-server.ts";

let server: EmbeddedSupabase;
let token: string;
let stores = 0;
let a: StorageEngine;
let b: StorageEngine;
let start: string | undefined;
/** What happens once the server has done a write of A's, and A does not know it yet. */
let meanwhile: (() => Promise<unknown>) | undefined;
/** Whether the answer is lost, and A's client asks again; or the request arrives twice, and the second answer is handed on. */
let how: "lost" | "twice";

beforeAll(async () => {
  server = sharedServer();
  const { client } = await server.signUp();
  token = (await client.auth.getSession()).data.session?.access_token ?? "";
});

beforeEach(async () => {
  const store = `store ${++stores}`;
  const open = (fetch: typeof globalThis.fetch) => {
    const client = createClient(server.url, server.publishableKey, {
      accessToken: async () => token,
      global: { fetch },
    });
    return openStorage(cloud({ client, store }), { history: true, retry: { minDelay: 1, maxDelay: 10 } });
  };
  [meanwhile, how] = [undefined, "lost"];
  b = await open(fetch);
  a = await open(async (input, init) => {
    const response = await fetch(input, init);
    const then = meanwhile;
    if (then === undefined || !String(input).endsWith("/holdfast_write")) return response;
    meanwhile = undefined;
    await then();
    if (how === "twice") return fetch(input, init);
    throw new TypeError("fetch failed");
  });
  await b.save("k", "first", { metadata: { n: 0 } });
  start = (await b.getInfo()).cursor;
});

afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

const told = async () => (await collect(b.changes(start))).map(({ type }) => type);

describe.each(["lost", "twice"] as const)("a write whose answer is late, %s, has its effect once", (which) => {
  beforeEach(() => {
    how = which;
  });

  it("a deletion, behind which somebody saves", async () => {
    meanwhile = () => b.save("k", "by B");
    expect(await a.delete("k")).toBe(true);
    expect(await b.load("k")).toBe("by B");
    expect(await told()).toEqual(["delete", "save"]);
  });

  it("a deletion, behind which somebody saves and deletes", async () => {
    meanwhile = async () => {
      await b.save("k", "by B");
      await b.delete("k");
    };
    expect(await a.delete("k")).toBe(true);
    expect(await told()).toEqual(["delete", "save", "delete"]);
  });

  it("a save, behind which somebody saves", async () => {
    meanwhile = () => b.save("k", "by B");
    const saved = await a.save("k", "by A");
    expect(await b.load("k")).toBe("by B");
    expect(await told()).toEqual(["save", "save"]);
    expect((await b.history("k"))[0]).toMatchObject({ version: saved.version, created: saved.created });
  });

  it("a save, behind which somebody deletes", async () => {
    meanwhile = () => b.delete("k");
    await a.save("k", "by A");
    expect(await b.exists("k")).toBe(false);
    expect(await told()).toEqual(["save", "delete"]);
  });

  it("a save on a condition, behind which somebody saves", async () => {
    const standing = await b.stat("k");
    meanwhile = () => b.save("k", "by B");
    await a.save("k", "by A", { ifVersion: standing?.version ?? null });
    meanwhile = () => b.save("new", "by B");
    await a.save("new", "by A", { ifVersion: null });
    expect(await Promise.all(["k", "new"].map((key) => b.load(key)))).toEqual(["by B", "by B"]);
    expect(await told()).toEqual(["save", "save", "save", "save"]);
  });
});

it("a batch that arrives twice has its effect once, whatever others have written to some of its keys", async () => {
  how = "twice";
  await b.save("gone", 0);
  start = (await b.getInfo()).cursor;
  meanwhile = async () => {
    await b.save("k", "by B");
    await b.save("gone", "by B");
  };
  const results = await a.batch([
    { type: "save", key: "k", data: "by A" },
    { type: "save", key: "stays", data: "by A" },
    { type: "delete", key: "gone" },
    { type: "delete", key: "never" },
  ]);
  expect(results.map((result) => (typeof result === "boolean" ? result : result.key))).toEqual([
    ...["k", "stays", true, false],
  ]);
  expect(await Promise.all(["k", "stays", "gone"].map((key) => b.load(key)))).toEqual(["by B", "by A", "by B"]);
  expect(await told()).toEqual(["save", "save", "delete", "save", "save"]);
});

it("a write that was never done is not taken for one that was", async () => {
  const standing = await b.stat("k");
  await expect(a.save("k", 1, { ifVersion: `${standing?.version.slice(0, -1)}x` })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  expect(await told()).toEqual([]);
});
