import { type CloudAdapter, type CloudClient, type CloudOptions, cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine, type StorageSettings, systemPorts } from "@holdfast/core";
import {
  type EmbeddedSupabase,
  type FaultyProxy,
  type NetworkFault,
  type SignedUp,
  startFaultyProxy,
} from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { collect } from "./support/collect.ts";
import { expectBytes } from "./support/same-bytes.ts";
import { sharedServer } from "./support/shared-server.ts";

const WRITE = "holdfast_write";
const LARGE = new Uint8Array(4 * 2 ** 20 + 100_000).map((_, index) => (index * 31 + (index >> 12)) % 251);
const PASSING: NetworkFault[] = [
  { fault: "drop" },
  { fault: "lose" },
  { fault: "cut" },
  { fault: "duplicate" },
  { fault: "answer", status: 429, headers: { "retry-after": "1" } },
  { fault: "answer", status: 500 },
  { fault: "answer", status: 503 },
  { fault: "answer", status: 504 },
];

let server: EmbeddedSupabase;
let proxy: FaultyProxy;
let token: string;
let stores = 0;
let storage: StorageEngine;

beforeAll(async () => {
  server = sharedServer();
  proxy = await startFaultyProxy(server.url);
  const { client } = await server.signUp();
  token = (await client.auth.getSession()).data.session?.access_token ?? "";
});

afterAll(async () => {
  await proxy?.stop();
});

beforeEach(async () => {
  storage = await open({ store: `store ${++stores}` });
});

afterEach(async () => {
  proxy.clear();
  await storage.close();
});

function open(options: Omit<CloudOptions, "client">, settings?: StorageSettings): Promise<StorageEngine> {
  const retry = { minDelay: 1, maxDelay: 10 };
  return openStorage(cloud({ client: connect(), pollInterval: 20, ...options }), { retry, history: true, ...settings });
}

function connect(): CloudClient {
  return createClient(proxy.url, server.publishableKey, { accessToken: async () => token });
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** How many requests `work` makes, by the last part of their path. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = proxy.log.length;
  await work();
  return proxy.log.slice(before).map((line) => line.split("?")[0]?.split("/").at(-1) ?? "");
}

describe("requests", () => {
  it("are one for each operation with a small body", async () => {
    const item = { tags: ["a"], metadata: { title: "some words" } };
    const calls: [name: string, work: () => Promise<unknown>][] = [
      ["holdfast_write", () => storage.save("k", "value", item)],
      ["holdfast_write", () => storage.save("k", "again", item)],
      ["holdfast_get", () => storage.load("k")],
      ["holdfast_stat", () => storage.stat("k")],
      ["holdfast_list", () => storage.list("", { limit: 100 })],
      ["holdfast_query", () => storage.search({ tags: ["a"], limit: 10 })],
      ["holdfast_query", () => storage.search({ text: "words", limit: 10 })],
      ["holdfast_query", () => storage.count({ text: "words" })],
      [
        "holdfast_write",
        () =>
          storage.batch([
            { type: "save", key: "b", data: 1 },
            { type: "delete", key: "k" },
          ]),
      ],
      ["holdfast_write", () => storage.delete("b")],
    ];
    for (const [name, work] of calls) expect(await requestsOf(work)).toEqual([name]);
  });

  it("for a large body are its parts and two more, and none for parts that are there already", async () => {
    const saving = await requestsOf(() => storage.save("large", LARGE));
    expect(saving.filter((name) => name.startsWith("holdfast_"))).toEqual(["holdfast_stage", WRITE]);
    expect(saving).toHaveLength(2 + 2);
    expect(await requestsOf(() => storage.load("large"))).toHaveLength(1 + 2);
    expect(await requestsOf(() => storage.save("copy", LARGE))).toEqual(["holdfast_stage", WRITE]);
    expectBytes(await storage.load("copy"), LARGE);
  });
});

describe("requests of which the later one is faster", () => {
  const late = () => proxy.inject(WRITE, { fault: "delay", milliseconds: 200 });

  it("leave what was called last, whatever it is", async () => {
    late();
    await Promise.all([storage.save("k", 1), storage.save("k", 2)]);
    expect(await storage.load("k")).toBe(2);
    late();
    expect(await Promise.all([storage.save("k", 3), storage.delete("k")])).toEqual([expect.anything(), true]);
    expect(await storage.exists("k")).toBe(false);
    late();
    await Promise.all([storage.delete("k"), storage.save("k", 4)]);
    expect(await storage.load("k")).toBe(4);
    late();
    const batch = storage.batch([
      { type: "save", key: "k", data: 5 },
      { type: "save", key: "other", data: 5 },
    ]);
    await Promise.all([batch, storage.save("other", 6)]);
    expect([await storage.load("k"), await storage.load("other")]).toEqual([5, 6]);
  });

  it("leave what was called last, also behind the upload of a stream's last part", async () => {
    proxy.inject("/object/", { fault: "delay", milliseconds: 500 });
    const before = proxy.log.length;
    const streaming = storage.saveStream("k", new Blob([LARGE.subarray(0, 100_000)]).stream());
    await until(() => expect(proxy.log.slice(before).join()).toContain("/object/"));
    await Promise.all([storage.save("k", "last"), streaming]);
    expect(await storage.load("k")).toBe("last");
  });

  it("keep no other key waiting", async () => {
    const controller = new AbortController();
    proxy.inject(WRITE, { fault: "hang" });
    const before = proxy.log.length;
    const saving = expect(storage.save("k", 1, { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await until(() => expect(proxy.log.length).toBeGreaterThan(before));
    await storage.save("other", 1);
    controller.abort();
    await saving;
  });

  it("go on behind one that fails, and one that is given up", async () => {
    const signal = new AbortController();
    proxy.inject(WRITE, { fault: "hang" });
    const before = proxy.log.length;
    const hanging = storage.save("k", 1, { signal: signal.signal });
    await until(() => expect(proxy.log.length).toBeGreaterThan(before));
    const refused = storage.save("k", 2, { ifVersion: "018c00000000-0000-000000000000" });
    const saving = storage.save("k", 3);
    signal.abort();
    await expect(hanging).rejects.toMatchObject({ code: "ABORTED" });
    await expect(refused).rejects.toMatchObject({ code: "CONFLICT" });
    await saving;
    expect(await storage.load("k")).toBe(3);
  });
});

describe("a fault that passes", () => {
  it.each(PASSING)("is not seen, and a write takes effect once: $fault $status", async (fault) => {
    await storage.save("k", 0);
    const start = (await storage.getInfo()).cursor;
    proxy.inject(WRITE, fault);
    const saved = await storage.save("k", 1);
    proxy.inject(WRITE, fault);
    await storage.save("new", 1, { ifVersion: null });
    proxy.inject(WRITE, fault);
    const { version } = await storage.save("k", 2, { ifVersion: saved.version });
    proxy.inject(WRITE, fault);
    expect(await storage.delete("new")).toBe(true);
    proxy.inject(WRITE, fault);
    expect(await storage.delete("k", { ifVersion: version })).toBe(true);
    const changes = (await collect(storage.changes(start))).map(({ type, key }) => `${type} ${key}`);
    expect(changes).toEqual(["save k", "save new", "save k", "delete new", "delete k"]);
    expect((await storage.history("k")).length).toBe(3);
  });

  it.each(PASSING)("leaves a batch whole or not there at all, and says so: $fault $status", async (fault) => {
    await storage.save("old", 0);
    const start = (await storage.getInfo()).cursor;
    proxy.inject(WRITE, fault);
    const batch = storage.batch([
      { type: "save", key: "a", data: 1 },
      { type: "delete", key: "old" },
      { type: "delete", key: "never" },
    ]);
    if (fault.fault === "duplicate") expect(await batch).toEqual([await storage.stat("a"), true, false]);
    else await expect(batch).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const changes = (await collect(storage.changes(start))).map(({ type, key }) => `${type} ${key}`);
    const isDone = ["duplicate", "lose", "cut"].includes(fault.fault);
    expect(changes).toEqual(isDone ? ["save a", "delete old"] : []);
  });

  it.each(PASSING)("is not seen by those who read: $fault $status", async (fault) => {
    await storage.save("k", 1, { tags: ["t"] });
    for (const [path, work] of [
      ["holdfast_get", () => storage.load("k")],
      ["holdfast_list", () => storage.list()],
      ["holdfast_query", () => storage.count({ tags: ["t"] })],
      ["holdfast_feed", () => collect(storage.changes())],
    ] as const) {
      const sound = await work();
      proxy.inject(path, fault);
      expect(await work()).toEqual(sound);
    }
  });

  it.each(PASSING)("is not seen by those who move large bodies, whole or as streams: $fault $status", async (fault) => {
    proxy.inject("/object/", fault, fault);
    proxy.inject("holdfast_stage", fault);
    await storage.save("whole", LARGE);
    proxy.inject("/object/", fault, fault);
    expectBytes(await storage.load("whole"), LARGE);
    const other = LARGE.map((byte) => byte ^ 1);
    proxy.inject("/object/", fault);
    proxy.inject("holdfast_stage", fault, fault);
    await storage.saveStream("streamed", new Blob([other]).stream());
    proxy.inject("/object/", fault);
    const stream = await storage.loadStream("streamed");
    expectBytes(new Uint8Array(await new Response(stream as ReadableStream<BufferSource>).arrayBuffer()), other);
  });
});

describe("a fault that passes, and calls of the adapter's own", () => {
  const target = { prefix: "shared/" };
  let adapter: CloudAdapter;
  let sharing: StorageEngine;
  let bob: SignedUp;

  beforeEach(async () => {
    adapter = cloud({ client: connect(), store: `store ${++stores}` });
    sharing = await openStorage(adapter);
    bob ??= await server.signUp();
  });

  afterEach(() => sharing.close());

  it.each(PASSING)("is not seen by who shares and asks what is shared: $fault $status", async (fault) => {
    const all = [
      { prefix: "shared/", user: null, role: "viewer" },
      { prefix: "shared/", user: bob.id, role: "editor" },
    ];
    proxy.inject("holdfast_share", fault);
    await adapter.shares.share(target, bob.id, "editor");
    proxy.inject("holdfast_share", fault);
    await adapter.shares.publish(target);
    proxy.inject("holdfast_shares", fault);
    expect(await adapter.shares.list()).toEqual(all);
    proxy.inject("holdfast_received", fault);
    expect(await adapter.shares.received()).toEqual([]);
  });

  it("is told to who takes a share back, whose answer a second try would not know", async () => {
    await adapter.shares.share(target, bob.id, "editor");
    proxy.inject("holdfast_share", { fault: "lose" });
    await expect(adapter.shares.revoke(target, bob.id)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await adapter.shares.list()).toEqual([]);
  });
});

describe("a fault that stays", () => {
  const down = (count: number): NetworkFault[] => Array(count).fill({ fault: "answer", status: 503 });

  it("is UNAVAILABLE when it has been tried often enough, and changes nothing", async () => {
    await storage.save("k", 1);
    proxy.inject(WRITE, ...down(50));
    await expect(storage.save("k", 2)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true, key: "k" });
    proxy.inject("holdfast_get", ...down(50));
    await expect(storage.load("k")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    proxy.clear();
    expect(await storage.load("k")).toBe(1);
  });

  it("is TIMEOUT where no answer comes", async () => {
    const PATIENCE = 54_321;
    const schedule = vi.spyOn(systemPorts.timers, "schedule");
    const impatient = await open({ store: `store ${stores}`, timeout: PATIENCE }, { retry: false });
    proxy.inject(WRITE, { fault: "hang" });
    const before = proxy.log.length;
    const saving = expect(impatient.save("k", 1)).rejects.toMatchObject({ code: "TIMEOUT" });
    await until(() => expect(proxy.log.length).toBeGreaterThan(before));
    schedule.mock.calls.findLast(([, after]) => after === PATIENCE)?.[0]();
    await saving;
    expect(await storage.load("k")).toBeUndefined();
    await impatient.save("k", 2);
    expect(await storage.load("k")).toBe(2);
    await impatient.close();
  });

  it("is UNAVAILABLE at once where the device knows that it is offline", async () => {
    await storage.save("k", 1);
    vi.stubGlobal("navigator", { onLine: false });
    const requests = await requestsOf(async () => {
      for (const call of [() => storage.save("k", 2), () => storage.load("k"), () => storage.list()]) {
        await expect(call()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
      }
    });
    expect(requests).toEqual([]);
    vi.unstubAllGlobals();
    expect(await storage.load("k")).toBe(1);
  });

  it("is UNAVAILABLE with the way to mend it where the project has no tables", async () => {
    const bare = createClient(proxy.url, server.publishableKey, { accessToken: async () => token });
    const rpc = () => bare.rpc("holdfast_of_another_version", {});
    const opening = openStorage(cloud({ client: Object.assign(Object.create(bare), { rpc }) }));
    await expect(opening).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    await expect(opening).rejects.toThrow(/migrations/);
  });
});

describe("watch", () => {
  it("tells every write once, in order, also over looks that fail", async () => {
    const store = `store ${++stores}`;
    const [watching, writing] = [await open({ store }), await open({ store })];
    const told: string[] = [];
    await watching.watch("", ({ key }) => told.push(key));
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    for (const [index, key] of keys.entries()) {
      const fault = PASSING[index % PASSING.length];
      if (fault !== undefined) proxy.inject("holdfast_feed", fault);
      await writing.save(key, index);
    }
    await vi.waitFor(() => expect(told.length).toBeGreaterThanOrEqual(keys.length), { timeout: 50_000, interval: 20 });
    expect(told).toEqual(keys);
    await Promise.all([watching.close(), writing.close()]);
    proxy.clear();
  });
});
