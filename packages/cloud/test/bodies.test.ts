import { type CloudClient, cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { expectBytes } from "./support/same-bytes.ts";
import { sharedServer } from "./support/shared-server.ts";

const MiB = 2 ** 20;

let server: EmbeddedSupabase;
let user: SignedUp;
let store: string;
let stores = 0;
let storage: StorageEngine;

beforeAll(async () => {
  server = sharedServer();
  user = await server.signUp();
});

beforeEach(async () => {
  store = `store ${++stores}`;
  storage = await open();
});

afterEach(() => storage.close());

function open(client: CloudClient = user.client, history = false): Promise<StorageEngine> {
  return openStorage(cloud({ client, store }), { history });
}

/** A client that does something before each call of a function. */
function interrupted(name: string, before: () => Promise<unknown>): CloudClient {
  const { client } = user;
  const rpc: CloudClient["rpc"] = (called, parameters) => ({
    async abortSignal(signal) {
      if (called === name) await before();
      return client.rpc(called, parameters).abortSignal(signal);
    },
  });
  return { rpc, storage: client.storage, auth: client.auth };
}

function bytes(length: number, seed = 1): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * seed + (index >> 10)) % 253);
}

interface Row {
  readonly name: string;
  readonly refs: number;
  readonly condemned: boolean;
}

/** The rows of the store's objects. */
async function rows(): Promise<Row[]> {
  return (await server.sql(
    `select b.name, b.refs, b.condemned from holdfast.bodies b join holdfast.stores s on s.id = b.store
     where s.owner = '${user.id}' and s.name = '${store}' order by b.id`,
  )) as Row[];
}

/** The names of those objects that are in the bucket. */
async function objects(names: readonly Row[]): Promise<string[]> {
  const found = (await server.sql("select name from storage.objects where bucket_id = 'holdfast'")) as Row[];
  return names.map(({ name }) => name).filter((name) => found.some((each) => each.name === name));
}

/** Two days pass for every object of the user. */
function age(): Promise<unknown> {
  return server.sql(
    `update holdfast.bodies set touched = now() - interval '2 days'
     where store in (select id from holdfast.stores where owner = '${user.id}')`,
  );
}

it("keeps a small body in its row and a large one in parts of 4 MiB", async () => {
  await storage.save("small", bytes(64 * 1024));
  expect(await rows()).toEqual([]);
  await storage.save("large", bytes(64 * 1024 + 1));
  await storage.save("parts", bytes(9 * MiB, 3));
  const all = await rows();
  expect(all.map(({ refs }) => refs)).toEqual([1, 1, 1, 1]);
  for (const { name } of all) expect(name).toMatch(new RegExp(`^${user.id}/[0-9a-f]{64}/[0-9a-f]{32}$`));
  expect(await objects(all)).toHaveLength(4);
  expectBytes(await storage.load("parts"), bytes(9 * MiB, 3));
});

it("stores equal parts once, and counts who has them", async () => {
  await storage.save("a", bytes(MiB));
  await storage.save("b", bytes(MiB));
  // Every part of it is the same.
  await storage.saveStream("c", new Blob([new Uint8Array(12 * MiB)]).stream());
  expect((await rows()).map(({ refs }) => refs)).toEqual([2, 3]);
  await storage.delete("a");
  expect((await rows()).map(({ refs }) => refs)).toEqual([1, 3]);
  expectBytes(await storage.load("b"), bytes(MiB));
  expectBytes(await storage.load("c"), new Uint8Array(12 * MiB));
});

it("sweeps what nothing has referred to for a day, and nothing else", async () => {
  await storage.save("stays", bytes(MiB, 3));
  await storage.save("replaced", bytes(MiB, 5));
  await storage.save("replaced", "small");
  await storage.save("deleted", bytes(MiB, 7));
  await storage.delete("deleted");
  const before = await rows();
  await storage.sweep();
  expect(await rows()).toEqual(before);
  await age();
  await storage.sweep();
  expect((await rows()).map(({ refs }) => refs)).toEqual([1]);
  expect(await objects(before)).toHaveLength(1);
  expectBytes(await storage.load("stays"), bytes(MiB, 3));
});

it("keeps what a kept version refers to, until that goes", async () => {
  const keeping = await open(user.client, true);
  const { version } = await keeping.save("k", bytes(MiB, 3));
  await keeping.save("k", "small");
  await age();
  await keeping.sweep();
  expectBytes(await keeping.load("k", { version }), bytes(MiB, 3));
  await keeping.close();
  const none = await open(user.client, false);
  await none.sweep();
  await age();
  await none.sweep();
  expect(await rows()).toEqual([]);
  await none.close();
});

it("uploads again when a sweep takes the objects between upload and write", async () => {
  let swept = false;
  const racing = await open(
    interrupted("holdfast_write", async () => {
      if (swept) return;
      swept = true;
      await age();
      await storage.sweep();
    }),
  );
  await racing.save("k", bytes(MiB));
  expect(swept).toBe(true);
  expectBytes(await storage.load("k"), bytes(MiB));
  await racing.close();
});

it("uploads again when a sweep has marked the objects before the write, and deletes them after it", async () => {
  let marked: { id: string; name: string }[] = [];
  const racing = await open(
    interrupted("holdfast_write", async () => {
      if (marked.length > 0) return;
      await age();
      const { data } = await user.client.rpc("holdfast_condemn", { p_store: await storeId(), p_limit: 10 });
      marked = data;
    }),
  );
  await racing.save("k", bytes(MiB));
  expect(marked).toHaveLength(1);
  await user.client.storage.from("holdfast").remove(marked.map(({ name }) => name));
  await user.client.rpc("holdfast_forget", { p_store: await storeId(), p_bodies: marked.map(({ id }) => id) });
  expectBytes(await storage.load("k"), bytes(MiB));
  expect((await rows()).map(({ refs }) => refs)).toEqual([1]);
  await racing.close();
});

it("tells a stream whose first parts were swept that it is too late, and writes nothing", async () => {
  const racing = await open(
    interrupted("holdfast_write", async () => {
      await age();
      await storage.sweep();
    }),
  );
  const saving = racing.saveStream("k", new Blob([bytes(5 * MiB) as BlobPart]).stream());
  await expect(saving).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
  expect(await storage.exists("k")).toBe(false);
  await racing.close();
});

it("does not name an object that is about to be deleted to who saves the same content", async () => {
  await storage.save("old", bytes(MiB));
  await storage.delete("old");
  await age();
  const sweeping = await open(
    interrupted("holdfast_forget", async () => {
      await storage.save("new", bytes(MiB));
    }),
  );
  await sweeping.sweep();
  expectBytes(await storage.load("new"), bytes(MiB));
  await age();
  await storage.sweep();
  expectBytes(await storage.load("new"), bytes(MiB));
  await sweeping.close();
});

it("finishes a sweep that ended between marking and deleting, or between deleting and forgetting", async () => {
  for (const step of ["holdfast_condemn", "holdfast_forget"]) {
    await storage.save("k", bytes(MiB));
    await storage.delete("k");
    await age();
    const before = await rows();
    let calls = 0;
    const dying = await openStorage(
      cloud({
        client: interrupted(step, async () => {
          // Of the first call only the answer is lost.
          if (step === "holdfast_condemn" && calls++ === 0) {
            await user.client.rpc(step, { p_store: await storeId(), p_limit: 10 });
          }
          throw new Error("the process ends here");
        }),
        store,
      }),
      { retry: false },
    );
    await expect(dying.sweep()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect((await rows()).map(({ condemned }) => condemned)).toEqual([true]);
    await storage.sweep();
    expect(await rows()).toEqual([]);
    expect(await objects(before)).toEqual([]);
    await dying.close();
  }
});

it("goes on where an upload ended when the same body is saved again", async () => {
  const body = bytes(11 * MiB, 3);
  const dying = await openStorage(
    cloud({
      client: interrupted("holdfast_write", () => Promise.reject(new Error("the process ends here"))),
      store,
    }),
    { retry: false },
  );
  await expect(dying.save("k", body)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await dying.close();
  const before = await rows();
  expect(await objects(before)).toHaveLength(3);
  // The last part never arrived.
  await server
    .client(server.secretKey)
    .storage.from("holdfast")
    .remove([before[2]?.name ?? ""]);
  await storage.save("k", body);
  expect((await rows()).map(({ refs }) => refs)).toEqual([1, 1, 0, 1]);
  expectBytes(await storage.load("k"), body);
  await age();
  await storage.sweep();
  expect((await rows()).map(({ refs }) => refs)).toEqual([1, 1, 1]);
  expectBytes(await storage.load("k"), body);
});

it("sends an object again that was deleted by other means, when the same bytes are saved", async () => {
  const body = bytes(MiB, 3);
  await storage.save("a", body);
  const [lost] = await rows();
  await server
    .client(server.secretKey)
    .storage.from("holdfast")
    .remove([lost?.name ?? ""]);
  await storage.save("a", body);
  expectBytes(await storage.load("a"), body);
  await storage.save("b", body);
  expect((await rows()).map(({ refs }) => refs)).toEqual([0, 2]);
  expectBytes(await storage.load("b"), body);
});

it("leaves nothing for ever of an upload that was given up", async () => {
  const source = async function* () {
    yield bytes(5 * MiB);
    throw new Error("enough");
  };
  await expect(storage.saveStream("k", source())).rejects.toThrow("enough");
  expect((await rows()).map(({ refs }) => refs)).toEqual([0]);
  await age();
  await storage.sweep();
  expect(await rows()).toEqual([]);
});

it("says CORRUPT of an item whose object is gone, and of no other", async () => {
  await storage.save("broken", bytes(MiB, 3));
  await storage.save("sound", bytes(MiB, 5));
  const [broken] = await rows();
  await server
    .client(server.secretKey)
    .storage.from("holdfast")
    .remove([broken?.name ?? ""]);
  await expect(storage.load("broken")).rejects.toMatchObject({ code: "CORRUPT", key: "broken" });
  const { problems } = await storage.verify();
  expect(problems.map(({ key, code }) => [key, code])).toEqual([["broken", "CORRUPT"]]);
  expectBytes(await storage.load("sound"), bytes(MiB, 5));
});

async function storeId(): Promise<string> {
  const [row] = (await server.sql(
    `select id::text as id from holdfast.stores where owner = '${user.id}' and name = '${store}'`,
  )) as { id: string }[];
  return row?.id ?? "";
}
