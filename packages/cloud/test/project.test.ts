import { readdirSync } from "node:fs";
import { checkProject, MIGRATIONS } from "@holdfast/cloud";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readDowns, startServer } from "./support/server.ts";

let server: EmbeddedSupabase;

beforeAll(async () => {
  server = await startServer();
});

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
    ["private bucket", true],
  ]);
  expect(await server.sql("select 1 from holdfast.stores union all select 1 from holdfast.bodies")).toEqual([]);
});

it("says UNAUTHORIZED with a key that is not the secret one", async () => {
  await expect(checkProject(server.client())).rejects.toMatchObject({ code: "UNAUTHORIZED" });
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
  expect(checks.map(({ ok }) => ok)).toEqual([false, false, false]);
});
