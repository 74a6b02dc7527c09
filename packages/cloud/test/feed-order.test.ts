import { type CloudAdapter, cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collect } from "./support/collect.ts";
import { startServer, TIME_TO_START } from "./support/server.ts";

// On PostgreSQL always: PGlite has one connection, so no transaction overlaps another.
let server: EmbeddedSupabase;
let user: SignedUp;
let database: postgres.Sql;
let adapter: CloudAdapter;
let reader: StorageEngine;
let store: string;

beforeAll(async () => {
  server = await startServer("postgres");
  user = await server.signUp();
  database = postgres(server.postgres ?? "", { max: 4 });
  adapter = cloud({ client: user.client });
  reader = await openStorage(adapter);
  const [row] = await database`select id::text from holdfast.stores where owner = ${user.id}`;
  store = String(row?.["id"]);
}, TIME_TO_START);

afterAll(async () => {
  await reader?.close();
  await database?.end();
  await server?.stop();
});

interface Held {
  end(how: "commit" | "rollback"): Promise<void>;
}

/** A transaction of the user's that has done something and holds it back, until it is told how to end. */
async function begun(work: (connection: postgres.ReservedSql) => Promise<unknown>): Promise<Held> {
  const connection = await database.reserve();
  await connection`begin`;
  await connection`set local role authenticated`;
  const claims = JSON.stringify({ role: "authenticated", sub: user.id });
  await connection`select set_config('request.jwt.claims', ${claims}, true)`;
  await connection`select set_config('request.jwt.claim.sub', ${user.id}, true)`;
  await work(connection);
  return {
    async end(how) {
      await connection.unsafe(how);
      connection.release();
    },
  };
}

/** One that has written a key. */
function heldBack(key: string, number: number): Promise<Held> {
  const version = `${(10 ** 12 + number).toString(16).padStart(12, "0")}-0000-00000000c0de`;
  const header = {
    ...{ key, version, size: 1, storedSize: 1, format: "json", compression: null, modified: 0, expiration: null },
    ...{ tags: [], metadata: {}, checksum: "0".repeat(64) },
  };
  const write = {
    ...{ type: "put", key, version, expect: "any", header: JSON.stringify(header), created: 0, modified: 0 },
    ...{ expires: null, size: 1, stored: 1, tags: [], terms: [], body: "MQ==", hashes: null, encrypted: false },
  };
  return begun(
    (connection) => connection`select public.holdfast_write(${store}, ${connection.json([write])}, 0, null)`,
  );
}

const told = async (since?: string) => (await collect(reader.changes(since))).map(({ key }) => key);

it("tells of no write before all that have a place before it: who comes second waits for the first to end", async () => {
  const first = await heldBack("first", 1);
  let secondIsThrough = false;
  const second = heldBack("second", 2).then((held) => {
    secondIsThrough = true;
    return held;
  });
  await waitsForLock(1);
  expect(secondIsThrough).toBe(false);
  expect(await told()).toEqual([]);
  await first.end("commit");
  const held = await second;
  // The first one is told, the second one holds its place and is not.
  expect(await told()).toEqual(["first"]);
  const cursor = (await collect(reader.changes())).at(-1)?.cursor;
  await held.end("commit");
  expect(await told(cursor)).toEqual(["second"]);
  expect(await told()).toEqual(["first", "second"]);
});

it("leaves no gap where a write was rolled back", async () => {
  const before = (await reader.getInfo()).cursor;
  const rolledBack = await heldBack("rolled back", 11);
  const waiting = heldBack("kept", 12);
  await waitsForLock(1);
  await rolledBack.end("rollback");
  await (await waiting).end("commit");
  const [change, ...others] = await collect(reader.changes(before));
  expect([change?.key, others]).toEqual(["kept", []]);
  const sequence = (cursor: string | undefined) => Number(cursor?.split(":")[1]);
  expect(sequence(change?.cursor)).toBe(sequence(before) + 1);
});

it("lets writes to different stores pass each other", async () => {
  const held = await heldBack("held", 21);
  const other = await server.signUp();
  const storage = await openStorage(cloud({ client: other.client }));
  await storage.save("k", 1);
  expect(await storage.load("k")).toBe(1);
  await storage.close();
  await held.end("commit");
});

it("lets the same be shared twice at once, and the later one counts", async () => {
  const other = await server.signUp();
  const grant = (role: string) =>
    begun((connection) => connection`select public.holdfast_share(${store}, 'k', true, ${other.id}, ${role})`);
  const first = await grant("viewer");
  const second = grant("editor");
  await waitsForLock(1);
  await first.end("commit");
  await (await second).end("commit");
  expect(await adapter.shares.list()).toEqual([{ key: "k", user: other.id, role: "editor" }]);
});

/** Resolves when so many transactions of the database wait for others. */
async function waitsForLock(count: number): Promise<void> {
  for (;;) {
    const [row] = await database`select count(*)::integer as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (Number(row?.["waiting"]) >= count) return;
  }
}
