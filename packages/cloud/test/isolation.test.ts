import { cloud } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp, SupabaseClient } from "@holdfast/supabase";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "./support/collect.ts";
import { expectBytes } from "./support/same-bytes.ts";
import { readDowns, readMigrations, startServer, TIME_TO_START } from "./support/server.ts";

const TABLES = ["stores", "items", "tags", "terms", "tombstones", "versions", "feed", "bodies", "shares"];
/**
 * The only ones that look past row-level security: they answer what is shared with who asks, count what nobody else may, and drop
 * what belonged to a store that is gone.
 */
const DEFINERS = ["count_references", "drop_index", "enter_feed", "may_refer", "sees_body", "share_role", "store_role"];
const LARGE = new Uint8Array(100_000).fill(7);

/** What a visitor may do with a table, and whether a user may give their store to another one. */
const PRIVILEGES = `
  select t.table_name as name, p as privilege from information_schema.tables t, unnest(array['select', 'insert', 'update', 'delete']) p
  where t.table_schema = 'holdfast' and has_table_privilege('anon', 'holdfast.' || t.table_name, p)
  union all
  select 'stores', 'update of owner' where has_column_privilege('authenticated', 'holdfast.stores', 'owner', 'update')`;

let server: EmbeddedSupabase;
let ann: SignedUp;
let bob: SignedUp;
let visitor: SupabaseClient;
let privileges: unknown[];
let annsStore: string;
let annsObject: string;

beforeAll(async () => {
  server = await startServer();
  // Before the first request: the embedded server then gives every role every privilege, on all tables of all schemas.
  privileges = await server.sql(PRIVILEGES);
  [ann, bob] = [await server.signUp(), await server.signUp()];
  visitor = server.client();
  const storage = await openStorage(cloud({ client: ann.client }), { history: true });
  await storage.save("secret/plan", { step: 1 }, { tags: ["secret"], metadata: { title: "the plan" } });
  await storage.save("secret/plan", { step: 2 }, { tags: ["secret"], metadata: { title: "the plan" } });
  await storage.save("secret/large", LARGE);
  await storage.save("gone", 1);
  await storage.delete("gone");
  await storage.close();
  const [row] = (await server.sql(
    `select s.id::text as store, b.name from holdfast.stores s join holdfast.bodies b on b.store = s.id where s.owner = '${ann.id}'`,
  )) as { store: string; name: string }[];
  [annsStore, annsObject] = [row?.store ?? "", row?.name ?? ""];
}, TIME_TO_START);

afterAll(() => server?.stop());

/** Everything of Ann's, as the database holds it. */
async function annsRows(): Promise<string> {
  const rows: unknown[] = [];
  for (const table of TABLES) {
    const owner = table === "stores" ? "id" : "store";
    rows.push(
      await server.sql(
        `select to_jsonb(t)::text as row from holdfast.${table} t where ${owner} = ${annsStore} order by 1`,
      ),
    );
  }
  rows.push(
    await server.sql(`select name, metadata::text from storage.objects where name like '${ann.id}/%' order by 1`),
  );
  return JSON.stringify(rows);
}

/** Runs `work`, after which all of Ann's must be as it was. */
async function harmless(work: () => Promise<void>): Promise<void> {
  const before = await annsRows();
  await work();
  expect(await annsRows()).toBe(before);
}

describe("another user", () => {
  it("sees an empty store of their own where Ann has hers, whatever they ask", async () => {
    await harmless(async () => {
      const storage = await openStorage(cloud({ client: bob.client }), { history: true });
      await expectNothing(storage);
      await storage.save("secret/plan", "of Bob");
      await storage.delete("secret/plan");
      await storage.sweep();
      await storage.close();
    });
    const anns = await openStorage(cloud({ client: ann.client }));
    expect(await anns.load("secret/plan")).toEqual({ step: 2 });
    await anns.close();
  });

  it("cannot open Ann's store by her id", async () => {
    await expect(openStorage(cloud({ client: bob.client, owner: ann.id }))).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });

  it("is refused by every function that is exposed, with Ann's store named", async () => {
    await harmless(async () => {
      for (const [name, parameters] of Object.entries(callsOn(annsStore))) {
        const { data, error } = await bob.client.rpc(name, parameters);
        expect([name, data, error?.message]).toEqual([name, null, expect.stringContaining("HF001")]);
      }
    });
  });

  it("reads and changes no row of Ann's, also where the tables are within reach", async () => {
    await harmless(async () => {
      for (const table of TABLES) {
        const column = table === "stores" ? "id" : "store";
        expect(await server.sqlAs(bob.id, `select 1 from holdfast.${table} where ${column} = ${annsStore}`)).toEqual(
          [],
        );
        expect(
          await server.sqlAs(bob.id, `delete from holdfast.${table} where ${column} = ${annsStore} returning 1`),
        ).toEqual([]);
      }
      for (const change of [
        `update holdfast.stores set seq = 0 where id = ${annsStore} returning 1`,
        `update holdfast.items set header = 'x' where store = ${annsStore} returning 1`,
        `update holdfast.bodies set condemned = true where store = ${annsStore} returning 1`,
        `update holdfast.shares set grantee = '${bob.id}' where store = ${annsStore} returning 1`,
      ]) {
        expect(await server.sqlAs(bob.id, change)).toEqual([]);
      }
    });
  });

  it("plants no row in Ann's store, and makes no row theirs or hers", async () => {
    await harmless(async () => {
      const storage = await openStorage(cloud({ client: bob.client }));
      await storage.save("mine", 1);
      await storage.close();
      for (const plant of [
        `insert into holdfast.tombstones values (${annsStore}, 'planted', 'v')`,
        `insert into holdfast.tags values (${annsStore}, 'planted', 1)`,
        `insert into holdfast.feed values (${annsStore}, 99, 'save', 'planted', 'v')`,
        `insert into holdfast.shares (store, prefix, whole, grantee, role) values (${annsStore}, '', false, '${bob.id}', 'editor')`,
        `insert into holdfast.stores (owner, name, tokenizer) values ('${ann.id}', 'planted', 1)`,
        `update holdfast.items set store = ${annsStore}`,
      ]) {
        await expect(server.sqlAs(bob.id, plant), plant).rejects.toThrow(/row-level security/);
      }
      await expect(server.sqlAs(bob.id, `update holdfast.stores set owner = '${ann.id}'`)).rejects.toThrow(
        /permission denied|row-level security/,
      );
    });
  });

  it("gets at no object of Ann's", async () => {
    await harmless(() => tryObjects(bob.client));
  });
});

describe("a visitor", () => {
  it("may open nothing", async () => {
    await expect(openStorage(cloud({ client: visitor }))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(openStorage(cloud({ client: visitor, owner: ann.id }))).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });

  it("may execute no function", async () => {
    await harmless(async () => {
      for (const [name, parameters] of Object.entries(callsOn(annsStore))) {
        const { error } = await visitor.rpc(name, parameters);
        expect([name, error?.code]).toEqual([name, "42501"]);
      }
    });
  });

  it("reads no row, whether or not they have access to the tables", async () => {
    for (const table of TABLES) {
      const rows = server.sqlAs(null, `select * from holdfast.${table}`).catch((error: Error) => error.message.trim());
      expect([[], "permission denied for schema holdfast"], table).toContainEqual(await rows);
    }
  });

  it("gets at no object", async () => {
    await harmless(() => tryObjects(visitor));
  });
});

describe("the interface of the project", () => {
  it("exposes the functions that these tests try, and no others", async () => {
    const rows = (await server.sql(
      `select p.proname as name, p.prosecdef as definer, p.proconfig::text as config from pg_proc p
       join pg_namespace n on n.oid = p.pronamespace
       where n.nspname in ('public', 'holdfast') and p.prokind = 'f' order by 1`,
    )) as { name: string; definer: boolean; config: string }[];
    const exposed = rows.map(({ name }) => name).filter((name) => name.startsWith("holdfast_"));
    const others = ["holdfast_check", "holdfast_open", "holdfast_received"];
    expect(exposed).toEqual([...others, ...Object.keys(callsOn("1"))].sort());
    for (const { name, definer, config } of rows) {
      expect([name, definer, config]).toEqual([name, DEFINERS.includes(name), expect.stringContaining("search_path")]);
    }
  });

  it("has no trigger on the way of a user's deletion that runs as who deletes them", async () => {
    const reached = `
      with recursive reached (oid) as (
        select 'auth.users'::regclass::oid
        union
        select c.conrelid from pg_constraint c join reached r on c.confrelid = r.oid where c.contype = 'f' and c.confdeltype = 'c'
      )`;
    const tables = (await server.sql(`${reached} select oid::regclass::text as name from reached`)) as {
      name: string;
    }[];
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["stores", "items", "versions", "bodies", "shares"].map((name) => `holdfast.${name}`)),
    );
    const triggers = (await server.sql(
      `${reached} select t.tgname as name, p.prosecdef as definer from pg_trigger t join reached r on t.tgrelid = r.oid
       join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = 'holdfast' and t.tgtype & 8 > 0`,
    )) as { name: string; definer: boolean }[];
    expect(triggers.map(({ name }) => name)).toContain("drop_index");
    expect(triggers.filter(({ definer }) => !definer)).toEqual([]);
  });

  it("lets a user be deleted by who may do nothing else, and keeps nothing of theirs", async () => {
    const eve = await server.signUp();
    const storage = await openStorage(cloud({ client: eve.client }), { history: true });
    for (const value of ["words", LARGE]) await storage.save("k", value, { tags: ["t"], metadata: { title: "words" } });
    await storage.close();
    const [row] = (await server.sql(`select id::text from holdfast.stores where owner = '${eve.id}'`)) as {
      id: string;
    }[];
    await server.sql(`
      do $$ begin
        create role deleter;
        grant usage on schema auth to deleter;
        grant select, delete on auth.users to deleter;
      end $$`);
    await server.sql(`
      do $$ begin
        set local role deleter;
        delete from auth.users where id = '${eve.id}';
      end $$`);
    for (const table of TABLES) {
      const column = table === "stores" ? "id" : "store";
      expect(await server.sql(`select 1 from holdfast.${table} where ${column} = ${row?.id}`), table).toEqual([]);
    }
    await server.sql("drop owned by deleter; drop role deleter");
  });

  it("does not expose the tables", async () => {
    for (const client of [ann.client, bob.client, visitor]) {
      const { error } = await client
        .schema("holdfast" as never)
        .from("items")
        .select("*");
      expect(error?.code).toBe("PGRST106");
    }
  });

  it("gives visitors no privilege on a table, and nobody that of changing a store's owner", () => {
    expect(privileges).toEqual([]);
  });

  it("guards every table", async () => {
    const rows = await server.sql(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'holdfast' and c.relkind = 'r' and c.relrowsecurity order by 1`,
    );
    expect(rows).toEqual([...TABLES].sort().map((name) => ({ name })));
  });

  it("has migrations each of which can be run again by itself, and takes nothing away from the others", async () => {
    // The embedded server has given every role every privilege: this leaves what the files give.
    for (const text of readMigrations()) await server.sql(text);
    const adapter = cloud({ client: ann.client, store: "again" });
    const anns = await openStorage(adapter, { history: true });
    for (const [index, text] of readMigrations().entries()) {
      await server.sql(text);
      await anns.save("k", index, { tags: ["t"], metadata: { title: "words" } });
      await anns.save("large", LARGE);
      await adapter.shares.share({ key: "k" }, bob.id, "editor");
      const bobs = await openStorage(cloud({ client: bob.client, store: "again", owner: ann.id }));
      expect(await bobs.load("k")).toBe(index);
      await bobs.save("k", "by Bob");
      await bobs.close();
      expect((await anns.search({ prefix: "k" })).map(({ key }) => key)).toEqual(["k"]);
      await anns.sweep();
      await anns.delete("large");
      expect(await server.sql("select public.holdfast_check() as lacking")).toEqual([{ lacking: [] }]);
    }
    await anns.close();
  });

  it("has migrations that can be run again over data, be taken back, and be run anew", async () => {
    await harmless(async () => {
      for (const text of readMigrations()) await server.sql(text);
    });
    for (const text of readDowns()) await server.sql(text);
    const left = await server.sql(
      `select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = 'holdfast' or p.proname like 'holdfast%'
       union all select nspname from pg_namespace where nspname = 'holdfast'
       union all select policyname from pg_policies where policyname like 'holdfast%'`,
    );
    expect(left).toEqual([]);
    for (const text of readMigrations()) await server.sql(text);
    const storage = await openStorage(cloud({ client: ann.client }));
    expect(await storage.list()).toEqual([]);
    await storage.save("k", LARGE);
    expectBytes(await storage.load("k"), LARGE);
    await storage.close();
  });
});

/** Every exposed function but holdfast_open, called on a store. */
function callsOn(store: string): Record<string, Record<string, unknown>> {
  const put = {
    ...{ type: "put", key: "secret/plan", version: "ffffffffffff-0000-000000000000", expect: "any", header: "{}" },
    ...{
      created: 0,
      modified: 0,
      expires: null,
      size: 0,
      stored: 0,
      tags: [],
      terms: [],
      body: "",
      hashes: null,
      encrypted: false,
    },
  };
  const query = {
    ...{ from: "", below: null, after: null, tags: [], terms: [], ends: [], texts: [], order: "key" },
    ...{ descending: false, limit: 10, offset: 0 },
  };
  const named = (parameters: Record<string, unknown>) => ({ p_store: store, ...parameters });
  return {
    holdfast_write: named({ p_writes: [put], p_now: 0, p_keep: null }),
    holdfast_stage: named({ p_parts: [{ sha256: "0", size: 1, name: `${ann.id}/0/0` }] }),
    holdfast_condemn: named({ p_limit: 10 }),
    holdfast_forget: named({ p_bodies: ["1", "2", "3"] }),
    holdfast_sweep: named({ p_from: "", p_below: null, p_due: "all", p_before: 0, p_now: 0 }),
    holdfast_rewrap: named({ p_key: "secret/plan", p_version: "x", p_from: "{}", p_to: "{}" }),
    holdfast_drop: named({ p_key: "secret/plan", p_version: "x" }),
    holdfast_kept: named({ p_key: null, p_version: null, p_limit: 10, p_now: 0 }),
    holdfast_reindex: named({ p_entries: [{ key: "secret/plan", version: "x", terms: ["planted"] }] }),
    holdfast_reindexed: named({ p_tokenizer: 99 }),
    holdfast_get: named({ p_key: "secret/plan", p_now: 0, p_version: null }),
    holdfast_stat: named({ p_key: "secret/plan", p_now: 0 }),
    holdfast_list: named({ p_from: "", p_below: null, p_after: null, p_limit: 10, p_now: 0 }),
    holdfast_query: named({ p_query: query, p_now: 0 }),
    holdfast_history: named({ p_key: "secret/plan", p_now: 0 }),
    holdfast_feed: named({ p_seq: "0", p_version: null, p_limit: 10 }),
    holdfast_feed_end: named({}),
    holdfast_standing: named({ p_after: null, p_limit: 10 }),
    holdfast_info: named({ p_now: 0 }),
    holdfast_share: named({ p_prefix: "", p_whole: false, p_grantee: bob.id, p_role: "editor" }),
    holdfast_shares: named({}),
  };
}

async function expectNothing(storage: StorageEngine): Promise<void> {
  expect(await storage.list()).toEqual([]);
  expect(await storage.load("secret/plan")).toBeUndefined();
  expect(await storage.exists("secret/large")).toBe(false);
  expect(await storage.loadStream("secret/large")).toBeUndefined();
  expect(await storage.search({ text: "plan" })).toEqual([]);
  expect(await storage.search({ tags: ["secret"] })).toEqual([]);
  expect(await storage.count()).toBe(0);
  expect(await storage.history("secret/plan")).toEqual([]);
  expect(await collect(storage.changes())).toEqual([]);
  expect((await storage.getInfo()).items).toBe(0);
}

/** Everything that Storage can be asked to do with Ann's object. */
async function tryObjects(client: SupabaseClient): Promise<void> {
  const bucket = client.storage.from("holdfast");
  expect((await bucket.download(annsObject)).data).toBeNull();
  expect((await bucket.createSignedUrl(annsObject, 60)).data).toBeNull();
  for (const folder of ["", ann.id, annsObject.slice(0, annsObject.lastIndexOf("/"))]) {
    expect((await bucket.list(folder)).data ?? []).toEqual([]);
  }
  expect((await bucket.remove([annsObject])).data ?? []).toEqual([]);
  for (const name of [annsObject, `${annsObject}x`, `${ann.id}/0/0`, `${bob.id}/0/0`]) {
    expect((await bucket.upload(name, LARGE)).error).not.toBeNull();
    expect((await bucket.upload(name, LARGE, { upsert: true })).error).not.toBeNull();
    expect((await bucket.update(name, LARGE)).error).not.toBeNull();
  }
  expect((await bucket.move(annsObject, `${bob.id}/0/0`)).error).not.toBeNull();
  expect((await bucket.copy(annsObject, `${bob.id}/0/0`)).error).not.toBeNull();
}
