import { inspect } from "node:util";
import { checkEnvironment, supabaseEntry } from "@holdfast/cloud";
import { openStorage } from "@holdfast/core";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { openStore, register } from "holdfast";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

declare module "holdfast" {
  interface AdapterRegistry {
    supabase: { url: string; key: string; store?: string | undefined; owner?: string | undefined };
  }
}

let server: EmbeddedSupabase;

beforeAll(async () => {
  server = sharedServer();
  register("supabase", supabaseEntry);
});

beforeEach(() => {
  vi.stubEnv("SUPABASE_URL", server.url);
  vi.stubEnv("SUPABASE_KEY", server.secretKey);
});

it("opens the store of an owner by a URL, with project and key from the environment", async () => {
  const { id, client } = await server.signUp();
  const storage = await openStore(`supabase:my-app?owner=${id}`);
  await storage.save("k", 1);
  await storage.close();
  const { cloud } = await import("@holdfast/cloud");
  const theirs = await openStorage(cloud({ client, store: "my-app" }));
  expect(await theirs.load("k")).toBe(1);
  await theirs.close();
});

it("says which variable is missing, and takes no key in the URL", async () => {
  for (const [name, value] of Object.entries({ SUPABASE_URL: server.url, SUPABASE_KEY: "x" })) {
    vi.stubEnv(name, "");
    await expect(openStore("supabase:")).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(openStore("supabase:")).rejects.toThrow(name);
    vi.stubEnv(name, value);
  }
  await expect(openStore("supabase:?key=sb_secret_x")).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

it("refuses an address that cannot be one, and does not tell it", async () => {
  for (const url of [
    ...["unmistakable", "unmistakable.supabase.co", "//unmistakable.supabase.co", "https://", "https//unmistakable"],
    ...["postgres://postgres:unmistakable@db.example.com/postgres", "https://user:unmistakable@example.com"],
    ...["https://unmistakable@example.com", "ftp://unmistakable", "https://un mistakable", "localhost:54321"],
  ]) {
    vi.stubEnv("SUPABASE_URL", url);
    for (const work of [() => openStore("supabase:"), () => checkEnvironment()]) {
      const error: unknown = await work().catch((thrown: unknown) => thrown);
      expect(error, url).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining("SUPABASE_URL") });
      expect(inspect(error, { depth: 10 })).not.toContain("mistakable");
    }
  }
  vi.stubEnv("SUPABASE_URL", ` ${server.url}/\n`);
  await expect(openStore("supabase:")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

it("refuses a key that cannot be one, and does not tell it", async () => {
  for (const key of ["sb_secret_a\nb", "sb_secret_a b", "sb_secret_ä"]) {
    vi.stubEnv("SUPABASE_KEY", key);
    const error: unknown = await openStore("supabase:").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining("SUPABASE_KEY") });
    expect(inspect(error, { depth: 10 })).not.toContain("sb_secret");
  }
  vi.stubEnv("SUPABASE_KEY", `${server.secretKey}\n`);
  await expect(openStore("supabase:")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

it("says UNAUTHORIZED where the key needs an owner", async () => {
  await expect(openStore("supabase:")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});
