import { readdirSync } from "node:fs";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { startSupabase } from "@holdfast/supabase";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { holdfastHere } from "./support/holdfast.ts";

let server: EmbeddedSupabase;

beforeAll(async () => {
  server = await startSupabase({ schema: [], database: "pglite" });
});

afterAll(() => server?.stop());

it("prints the SQL of a project, all of it and in order, and what takes it back", async () => {
  const names = readdirSync(new URL("../../../packages/cloud/supabase/migrations/", import.meta.url)).sort();
  const headings = (text: string) => [...text.matchAll(/^-- (.+\.sql)$/gm)].map(([, name]) => name);
  expect(headings((await holdfastHere(["cloud", "sql"])).stdout)).toEqual(names);
  expect(headings((await holdfastHere(["cloud", "sql", "--down"])).stdout)).toEqual([...names].reverse());
});

it("finds what an empty project lacks, and nothing once its SQL was run; then stores can be used by URL", async () => {
  vi.stubEnv("SUPABASE_URL", server.url);
  vi.stubEnv("SUPABASE_KEY", server.secretKey);
  const empty = await holdfastHere(["cloud", "check"]);
  expect(empty).toMatchObject({ code: 1, stdout: expect.stringMatching(/^FAIL {2}functions that write/) });
  expect(empty.stderr).toContain("holdfast cloud sql");

  const { stdout } = await holdfastHere(["--json", "cloud", "sql"]);
  for (const { sql } of (JSON.parse(stdout) as { files: { sql: string }[] }).files) await server.sql(sql);
  await server.reload();
  expect(await holdfastHere(["cloud", "check"])).toMatchObject({ code: 0, stderr: "" });

  const { id } = await server.signUp();
  const store = `supabase:notes?owner=${id}`;
  expect(await holdfastHere(["put", store, "a/b", "--value", '{"text":"hello"}', "--tag", "t"])).toMatchObject({
    code: 0,
  });
  expect((await holdfastHere(["get", store, "a/b"])).stdout).toContain("hello");
  expect((await holdfastHere(["ls", store])).stdout).toContain("a/b");
});

it("says which variable is missing", async () => {
  vi.stubEnv("SUPABASE_URL", "");
  const { code, stderr } = await holdfastHere(["cloud", "check"]);
  expect(code).toBe(2);
  expect(stderr).toContain("SUPABASE_URL is not set");
});
