import { type CloudAdapter, cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import { type EmbeddedSupabase, type FaultyProxy, type SignedUp, startSigningStandIn } from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { expectBytes } from "./support/same-bytes.ts";
import { sharedServer } from "./support/shared-server.ts";

const MiB = 2 ** 20;
const IMAGE = new Uint8Array(MiB).map((_, index) => (index * 7 + (index >> 9)) % 251);
const VIDEO = new Uint8Array(9 * MiB).map((_, index) => (index * 3 + (index >> 11)) % 249);

let server: EmbeddedSupabase;
let signing: FaultyProxy;
let ann: SignedUp;
let bob: SignedUp;
let store: string;
let stores = 0;
let adapter: CloudAdapter;
let storage: StorageEngine;
const opened: StorageEngine[] = [];

beforeAll(async () => {
  server = sharedServer();
  signing = await startSigningStandIn(server);
  [ann, bob] = [await server.signUp(), await server.signUp()];
});

afterAll(async () => {
  await signing?.stop();
});

beforeEach(async () => {
  store = `store ${++stores}`;
  [adapter, storage] = await open(ann);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function open({ client: signedIn }: SignedUp, owner?: string): Promise<[CloudAdapter, StorageEngine]> {
  const token = (await signedIn.auth.getSession()).data.session?.access_token ?? "";
  const client = createClient(signing.url, server.publishableKey, { accessToken: async () => token });
  const adapter = cloud({ client, store, owner });
  const storage = await openStorage(adapter);
  opened.push(storage);
  return [adapter, storage];
}

async function fetchAll(parts: readonly { url: string }[]): Promise<Uint8Array> {
  const bodies = await Promise.all(parts.map(async ({ url }) => (await fetch(url)).blob()));
  return new Uint8Array(await new Blob(bodies).arrayBuffer());
}

it("gives addresses of a body's parts that anybody can fetch, in order", async () => {
  const { version } = await storage.save("image", IMAGE);
  const image = await adapter.signDownload("image");
  expect(image).toMatchObject({ version, storedSize: MiB, format: "binary", compression: null });
  expect(image?.parts.map(({ size }) => size)).toEqual([MiB]);
  expectBytes(await fetchAll(image?.parts ?? []), IMAGE);

  await storage.save("video", VIDEO);
  const video = await adapter.signDownload("video", { seconds: 60 });
  expect(video?.parts.map(({ size }) => size)).toEqual([4 * MiB, 4 * MiB, MiB]);
  expectBytes(await fetchAll(video?.parts ?? []), VIDEO);
});

it("gives addresses of as many parts as a body has, though a request takes a thousand", async () => {
  await storage.save("vast", IMAGE);
  // Of one object again and again: nobody has to send four gigabytes for that.
  const here = `store = (select id from holdfast.stores where owner = '${ann.id}' and name = '${store}')`;
  await server.sql(
    `update holdfast.items set parts = array_fill(parts[1], array[2001]) where ${here} and key = 'vast'`,
  );
  const vast = await adapter.signDownload("vast");
  expect(vast?.parts).toHaveLength(2_001);
  expect(new Set(vast?.parts.map(({ url }) => url)).size).toBe(2_001);
  expectBytes(await fetchAll(vast?.parts.slice(-1) ?? []), IMAGE);
});

it("gives them also where a request fails that passes the next time", async () => {
  await storage.save("image", IMAGE);
  signing.inject("holdfast_get", { fault: "drop" });
  signing.inject("/object/sign/", { fault: "answer", status: 503 }, { fault: "lose" });
  const image = await adapter.signDownload("image");
  expectBytes(await fetchAll(image?.parts ?? []), IMAGE);
});

it("gives none of what is not there, of what has expired, and of what stands in its row", async () => {
  await storage.save("small", "small");
  await storage.save("expired", IMAGE, { expiration: new Date(Date.now() - 1) });
  expect(await adapter.signDownload("absent")).toBeUndefined();
  expect(await adapter.signDownload("expired")).toBeUndefined();
  await expect(adapter.signDownload("small")).rejects.toMatchObject({ code: "UNSUPPORTED", key: "small" });
});

it("refuses what is no key and no time", async () => {
  await expect(adapter.signDownload("")).rejects.toMatchObject({ code: "INVALID_KEY" });
  for (const seconds of [0, -1, 1.5, 604_801, Number.NaN]) {
    await expect(adapter.signDownload("k", { seconds })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  }
});

it("gives them to whom the item is shared with, and to nobody else", async () => {
  await storage.save("shared/image", IMAGE);
  await storage.save("private", VIDEO);
  await adapter.shares.share({ prefix: "shared/" }, bob.id, "viewer");
  const [bobsAdapter] = await open(bob, ann.id);
  const shared = await bobsAdapter.signDownload("shared/image");
  expectBytes(await fetchAll(shared?.parts ?? []), IMAGE);
  expect(await bobsAdapter.signDownload("private")).toBeUndefined();
  // By its name, too.
  const [row] = (await server.sql(
    `select name from holdfast.bodies where name like '${ann.id}/%' and size = ${4 * MiB} limit 1`,
  )) as Row[];
  const token = (await bob.client.auth.getSession()).data.session?.access_token ?? "";
  const bobs = createClient(signing.url, server.publishableKey, { accessToken: async () => token });
  const { data } = await bobs.storage.from("holdfast").createSignedUrls([row?.name ?? ""], 60);
  expect(data).toEqual([expect.objectContaining({ signedUrl: null, error: expect.any(String) })]);
  // What was given goes on to work.
  await adapter.shares.revoke({ prefix: "shared/" }, bob.id);
  expectBytes(await fetchAll(shared?.parts ?? []), IMAGE);
});

it("says UNSUPPORTED where the server signs nothing, and CLOSED after close", async () => {
  const plain = cloud({ client: ann.client, store });
  const other = await openStorage(plain);
  await other.save("image", IMAGE);
  await expect(plain.signDownload("image")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await other.close();
  await expect(plain.signDownload("image")).rejects.toMatchObject({ code: "CLOSED" });
});

interface Row {
  readonly name: string;
}
