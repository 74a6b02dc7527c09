import { type CloudChannel, cloud, type SystemMessage } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import { type EmbeddedSupabase, type RealtimeStandIn, type SignedUp, startRealtimeStandIn } from "@holdfast/supabase";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { readDowns, readMigrations } from "./support/server.ts";
import { sharedServer } from "./support/shared-server.ts";

/** Long enough that nothing here is heard by looking. */
const NEVER = 1_000_000;

let server: EmbeddedSupabase;
let realtime: RealtimeStandIn;
let ann: SignedUp;
let bob: SignedUp;
let store: string;
let stores = 0;
const opened: StorageEngine[] = [];
const clients: SupabaseClient[] = [];

beforeAll(async () => {
  server = sharedServer();
  realtime = await startRealtimeStandIn(server);
  [ann, bob] = [await server.signUp(), await server.signUp()];
});

afterAll(async () => {
  await realtime?.stop();
});

beforeEach(() => {
  store = `store ${++stores}`;
  realtime.told.length = 0;
  realtime.log.length = 0;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()));
  await Promise.all(clients.splice(0).map((client) => client.realtime.disconnect()));
  Object.assign(realtime, { open: true, telling: true });
  // Nothing of this test is told, or listens, in the next one.
  await until(() => expect(realtime.channels()).toBe(0));
  await realtime.settled();
});

async function open(
  { client: signedIn }: SignedUp,
  { pollInterval = NEVER, owner }: { pollInterval?: number; owner?: string } = {},
): Promise<StorageEngine> {
  const token = (await signedIn.auth.getSession()).data.session?.access_token ?? "";
  // Tries anew at once, as a test has no seconds to wait.
  const client = createClient(realtime.url, server.publishableKey, {
    accessToken: async () => token,
    realtime: { reconnectAfterMs: () => 10 },
  });
  clients.push(client);
  const storage = await openStorage(cloud({ client, store, owner, pollInterval }));
  opened.push(storage);
  return storage;
}

/** What a storage is told from now on. */
async function watched(storage: StorageEngine): Promise<string[]> {
  const told: string[] = [];
  await storage.watch("", ({ type, key }) => told.push(`${type} ${key}`));
  return told;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });
const looks = () => realtime.log.filter((line) => line.endsWith("/rpc/holdfast_feed")).length;

it("tells of others' writes as they are pushed, without looking for them", async () => {
  const [watching, writing] = [await open(ann), await open(ann)];
  const told = await watched(watching);
  await until(() => expect(realtime.channels()).toBe(1));
  for (let index = 0; index < 5; index++) await writing.save(`k${index}`, index);
  await writing.delete("k0");
  const expected = [...Array.from({ length: 5 }, (_, index) => `save k${index}`), "delete k0"];
  await until(() => expect(told).toEqual(expected));
  // One when the watch began, one when pushes began, and one for each write at most.
  expect(looks()).toBeLessThanOrEqual(2 + 6);
});

it("looks once when pushes begin, also when they begin anew before anybody noticed that they had ended", async () => {
  const token = (await ann.client.auth.getSession()).data.session?.access_token ?? "";
  let looked = 0;
  const client = createClient(server.url, server.publishableKey, {
    accessToken: async () => token,
    global: {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (String(input).endsWith("/rpc/holdfast_feed")) looked++;
        return response;
      },
    },
  });
  let begin = (): void => undefined;
  const channel: CloudChannel = {
    on(type: string, _: unknown, listener: (told: SystemMessage & { new: Record<string, unknown> }) => void) {
      if (type === "system") begin = () => listener({ extension: "postgres_changes", status: "ok", new: {} });
      return channel;
    },
    subscribe: () => channel,
  };
  const alone = Object.assign(Object.create(client), { channel: () => channel, removeChannel: async () => undefined });
  const storage = await openStorage(cloud({ client: alone, store, pollInterval: NEVER }));
  opened.push(storage);
  const told = await watched(storage);
  await until(() => expect(looked).toBe(1));
  for (const round of [1, 2]) {
    begin();
    await until(() => expect(looked).toBe(2 * round));
    // An own write is looked for, too: behind whatever else there was to look for.
    await storage.save(`k${round}`, round);
    await until(() => expect(told.at(-1)).toBe(`save k${round}`));
    expect(looked).toBe(2 * round + 1);
  }
});

it("tells what was written while there was no connection, once, as soon as there is one again", async () => {
  const [watching, writing] = [await open(ann), await open(ann)];
  const told = await watched(watching);
  await until(() => expect(realtime.channels()).toBe(1));
  await writing.save("before", 1);
  await until(() => expect(told).toEqual(["save before"]));
  for (const round of [1, 2, 3]) {
    realtime.open = false;
    realtime.disconnect();
    await until(() => expect(realtime.channels()).toBe(0));
    await writing.save(`away ${round}`, 1);
    realtime.open = true;
    await until(() => expect(told.at(-1)).toBe(`save away ${round}`));
    await until(() => expect(realtime.channels()).toBe(1));
    await writing.save(`back ${round}`, 1);
    await until(() => expect(told.at(-1)).toBe(`save back ${round}`));
  }
  expect(told).toEqual(["save before", ...[1, 2, 3].flatMap((round) => [`save away ${round}`, `save back ${round}`])]);
});

it("tells what no push came of with the next one that comes", async () => {
  const [watching, writing] = [await open(ann), await open(ann)];
  const told = await watched(watching);
  await until(() => expect(realtime.channels()).toBe(1));
  realtime.telling = false;
  await writing.save("lost", 1);
  // Else it would find the next one too, and lose it.
  await realtime.settled();
  realtime.telling = true;
  await writing.save("heard", 1);
  await until(() => expect(told).toEqual(["save lost", "save heard"]));
});

it("tells what no push came of, and nothing comes behind, by looking a while later", async () => {
  const [watching, writing] = [await open(ann, { pollInterval: 10 }), await open(ann)];
  const told = await watched(watching);
  await until(() => expect(realtime.channels()).toBe(1));
  realtime.telling = false;
  await writing.save("lost", 1);
  await realtime.settled();
  await until(() => expect(told).toEqual(["save lost"]));
  expect(realtime.told).toEqual([]);
});

it("looks where no push comes: without Realtime, and where the table is not published", async () => {
  realtime.open = false;
  const [watching, writing] = [await open(ann, { pollInterval: 10 }), await open(ann)];
  const told = await watched(watching);
  await writing.save("without", 1);
  await until(() => expect(told).toEqual(["save without"]));
  // Else it would tell of that once it is there again.
  await realtime.settled();
  const [down] = readDowns();
  onTestFinished(async () => void (await server.sql(readMigrations().at(-1) ?? "")));
  await server.sql(down ?? "");
  // Only now: the first storage joins as soon as it can, and would be heard were the table still published.
  realtime.open = true;
  const other = await open(ann, { pollInterval: 10 });
  const heard = await watched(other);
  await writing.save("unpublished", 1);
  await until(() => expect(heard).toEqual(["save unpublished"]));
  await realtime.settled();
  expect(realtime.told).toEqual([]);
});

it("pushes nothing to who may not see the store, and to others what is shared with them", async () => {
  const anns = cloud({ client: ann.client, store });
  const writing = await openStorage(anns);
  opened.push(writing);
  await anns.shares.share({ prefix: "shared/" }, bob.id, "viewer");
  const bobs = await open(bob, { owner: ann.id });
  const told = await watched(bobs);
  await until(() => expect(realtime.channels()).toBe(1));
  const through = await open(ann);
  await through.save("private", 1);
  await through.save("shared/a", 1);
  await until(() => expect(told).toEqual(["save shared/a"]));
  await realtime.settled();
  await anns.shares.revoke({ prefix: "shared/" }, bob.id);
  realtime.told.length = 0;
  await through.save("shared/b", 1);
  await through.save("shared/c", 1);
  await realtime.settled();
  expect(realtime.told).toEqual([]);
  expect(told).toEqual(["save shared/a"]);
});

it("leaves the connection when nobody watches any more", async () => {
  const storage = await open(ann);
  const unwatch = await storage.watch("", () => undefined);
  await until(() => expect(realtime.channels()).toBe(1));
  await unwatch();
  await until(() => expect(realtime.channels()).toBe(0));
});
