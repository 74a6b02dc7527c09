import { readdirSync } from "node:fs";
import { checkProject, MIGRATIONS } from "@holdfast/cloud";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readDowns, readMigrations, startServer, TIME_TO_START } from "./support/server.ts";

let server: EmbeddedSupabase;

beforeAll(async () => {
  server = await startServer();
}, TIME_TO_START);

afterAll(() => server?.stop());

it("names the files of the package, in order", () => {
  for (const directory of ["migrations", "down"]) {
    const files = readdirSync(new URL(`../supabase/${directory}/`, import.meta.url)).sort();
    expect(files).toEqual(MIGRATIONS.map((name) => `${name}.sql`));
  }
});

it("finds everything in a project that has it, and leaves nothing there", async () => {
  const checks = await checkProject(server.client(server.secretKey));
  expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
    ["functions that write", true],
    ["functions that read", true],
    ["policies, triggers and privileges", true],
    ["private bucket", true],
  ]);
  expect(await server.sql("select 1 from holdfast.stores union all select 1 from holdfast.bodies")).toEqual([]);
});

it("says UNAUTHORIZED with a key that is not the secret one, and leaves nothing there", async () => {
  const { client } = await server.signUp();
  for (const other of [server.client(), client, server.client("sb_secret_of_another_project")]) {
    const checking = checkProject(other);
    await expect(checking).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(checking).rejects.toThrow(/secret key.*SUPABASE_KEY/);
  }
  expect(await server.sql("select 1 from holdfast.stores")).toEqual([]);
});

it("finds nothing to be lacking where everybody has what the files give, and no more", async () => {
  // With its first request the embedded server gives every role every privilege; this takes them back.
  for (const text of readMigrations()) await server.sql(text);
  expect(await server.sql("select public.holdfast_check() as lacking")).toEqual([{ lacking: [] }]);
});

// Each half in a test of its own, as it takes long on a machine that is busy.
it.each([0, 1])("knows every function that is there, half %d", async (half) => {
  const rows = (await server.sql(
    `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'public' and p.proname like 'holdfast%' order by p.proname`,
  )) as { name: string }[];
  expect(rows.length).toBeGreaterThan(20);
  const away = rows.map(({ name }) => name).filter((_, index) => index % 2 === half);
  const gone: string[] = [];
  // However it ends, so that the tests behind it find what they expect.
  onTestFinished(async () => {
    for (const name of gone) await server.sql(`alter function public.${name}_away rename to ${name}`);
    await server.reload();
  });
  for (const name of away) {
    await server.sql(`alter function public.${name} rename to ${name}_away`);
    gone.push(name);
  }
  await server.reload();
  const lacking = (await checkProject(server.client(server.secretKey))).filter(({ ok }) => !ok);
  expect(lacking.flatMap(({ detail }) => detail?.split(", ")).sort()).toEqual(away.sort());
});

it.each([
  ["drop policy guest_read on holdfast.items", "the policy guest_read on holdfast.items"],
  ["drop policy holdfast_upload on storage.objects", "the policy holdfast_upload on storage.objects"],
  [
    "create policy everybody on holdfast.items for select using (true)",
    "the policy everybody on holdfast.items is none of Holdfast's",
  ],
  ["alter table holdfast.feed disable row level security", "row-level security on holdfast.feed"],
  ["drop trigger check_record on holdfast.items", "the trigger check_record on holdfast.items"],
  ["alter table holdfast.bodies disable trigger check_body", "the trigger check_body on holdfast.bodies"],
  ["drop function holdfast.read_header", "the function holdfast.read_header(text)"],
  ["revoke select on holdfast.shares from authenticated", "the privilege of authenticated to select holdfast.shares"],
  ["revoke delete on holdfast.items from service_role", "the privilege of service_role to delete holdfast.items"],
  [
    "revoke update (parts) on holdfast.items from authenticated",
    "the privilege of authenticated to update holdfast.items",
  ],
  [
    "revoke all on function holdfast.is_mine from public, authenticated",
    "the privilege of authenticated to execute holdfast.is_mine(bigint)",
  ],
  [
    "revoke all on function public.holdfast_get from public, authenticated",
    "the privilege of authenticated to execute public.holdfast_get(text, text, bigint, text)",
  ],
  ["revoke usage on schema holdfast from authenticated", "the privilege of authenticated to use the schema holdfast"],
  [
    "alter publication supabase_realtime drop table holdfast.stores",
    "the table holdfast.stores in the publication supabase_realtime",
  ],
])("tells what guards the rows no more, or keeps their users out: %s", async (sql, detail) => {
  await server.sql(sql);
  const lacking = (await checkProject(server.client(server.secretKey))).filter(({ ok }) => !ok);
  expect(lacking).toEqual([{ name: "policies, triggers and privileges", ok: false, detail }]);
  await server.sql("drop policy if exists everybody on holdfast.items");
  await server.sql("alter table holdfast.bodies enable trigger check_body");
  for (const text of readMigrations()) await server.sql(text);
});

it.each(["for all tables", "for tables in schema holdfast", ""])(
  "takes the table out of a publication only where it was put in by name: %s",
  async (tables) => {
    await server.sql("drop publication supabase_realtime");
    await server.sql(`create publication supabase_realtime ${tables}`);
    const [up, down] = [readMigrations().at(-1) ?? "", readDowns()[0] ?? ""];
    const published = async () =>
      (await server.sql("select 1 from pg_publication_tables where tablename = 'stores' and schemaname = 'holdfast'"))
        .length;
    await server.sql(up);
    expect(await published()).toBe(1);
    await server.sql(down);
    expect(await published()).toBe(tables === "" ? 0 : 1);
    await server.sql(up);
    expect(await published()).toBe(1);
  },
);

it("knows every function of the schema", async () => {
  const rows = (await server.sql(
    "select p.oid::regprocedure::text as name, p.proname as short from pg_proc p where p.pronamespace = 'holdfast'::regnamespace",
  )) as { name: string; short: string }[];
  expect(rows.length).toBeGreaterThan(20);
  for (const { name, short } of rows) {
    await server.sql(`alter function ${name} rename to ${short}_away`);
    const [row] = (await server.sql("select public.holdfast_check() as lacking")) as { lacking: string[] }[];
    expect(row?.lacking.map((what) => what.replaceAll(" ", ""))).toEqual([`thefunction${name.replaceAll(" ", "")}`]);
    await server.sql(`alter function ${name.replace(short, `${short}_away`)} rename to ${short}`);
  }
});

it("tells of a bucket that everybody can read", async () => {
  await server.sql("update storage.buckets set public = true where id = 'holdfast'");
  const checks = await checkProject(server.client(server.secretKey));
  expect(checks.at(-1)).toEqual({ name: "private bucket", ok: false, detail: expect.stringContaining("is public") });
});

it("tells what is missing where nothing is there", async () => {
  for (const text of readDowns()) await server.sql(text);
  await server.sql("delete from storage.buckets where id = 'holdfast'");
  const checks = await checkProject(server.client(server.secretKey));
  expect(checks.map(({ ok }) => ok)).toEqual([false, false, false, false]);
  expect(checks[0]?.detail).toContain("holdfast_write");
});
