import { readdirSync } from "node:fs";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { startSupabase } from "@holdfast/supabase";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { holdfastHere } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
let server: EmbeddedSupabase;

beforeAll(async () => {
  server = await startSupabase({ schema: [], database: "pglite" });
  // On a machine that is busy, a database takes a minute to start.
}, 240_000);

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
  // With --quiet, what is lacking and nothing else.
  expect((await holdfastHere(["cloud", "check", "--quiet"])).stdout).toMatch(/^(FAIL {2}.*\n)+$/);

  const { stdout } = await holdfastHere(["--json", "cloud", "sql"]);
  for (const { sql } of (JSON.parse(stdout) as { files: { sql: string }[] }).files) await server.sql(sql);
  await server.reload();
  expect(await holdfastHere(["cloud", "check"])).toMatchObject({ code: 0, stderr: "" });
  expect(await holdfastHere(["cloud", "check", "--quiet"])).toMatchObject({ code: 0, stdout: "" });

  const { id } = await server.signUp();
  const store = `supabase:notes?owner=${id}`;
  expect(await holdfastHere(["put", store, "a/b", "--value", '{"text":"hello"}', "--tag", "t"])).toMatchObject({
    code: 0,
  });
  expect((await holdfastHere(["get", store, "a/b"])).stdout).toContain("hello");
  expect((await holdfastHere(["ls", store])).stdout).toContain("a/b");

  // As the guides show it: from the desktop to the cloud, and back as a backup.
  const desktop = "sqlite:./app.db";
  await space.run(["put", desktop, "notes/plan", "--value", "1"]);
  await space.run(["put", desktop, "notes/plan", "--value", "2", "--history"]);
  const there = `supabase:my-app?owner=${id}`;
  const planned = await space.json(["migrate", desktop, there, "--dry-run"]);
  expect(planned).toMatchObject({ code: 0, value: { planned: { items: 1 }, conflicts: [], failures: [] } });
  const moved = await space.json(["migrate", desktop, there, "--journal", "./move.journal"]);
  expect(moved).toMatchObject({ code: 0, value: { copied: 1, verified: 1 } });
  expect((await space.run(["verify", desktop, there, "--differences"])).code).toBe(0);
  const back = await space.json(["migrate", there, "sqlite:./ann.db", "--history"]);
  expect(back).toMatchObject({ code: 0, value: { copied: 1, verified: 1 } });
  expect((await space.run(["get", "sqlite:./ann.db", "notes/plan"])).stdout).toBe("2\n");
});

it("says which variable is missing", async () => {
  vi.stubEnv("SUPABASE_URL", "");
  const { code, stderr } = await holdfastHere(["cloud", "check"]);
  expect(code).toBe(2);
  expect(stderr).toContain("SUPABASE_URL is not set");
});
