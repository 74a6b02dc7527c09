import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { checkEnvironment, cloud, type SupabaseStoreOptions, supabaseEntry } from "@holdfast/cloud";
import { openStorage } from "@holdfast/core";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { createStorage, formatStoreUrl, openStore, parseStoreUrl, register } from "holdfast";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

declare module "holdfast" {
  interface AdapterRegistry {
    supabase: SupabaseStoreOptions;
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
  vi.stubEnv("SUPABASE_OWNER", "");
});

it("opens the store of an owner by a URL, with project and key from the environment", async () => {
  const { id, client } = await server.signUp();
  const storage = await openStore(`supabase:my-app?owner=${id}`);
  await storage.save("k", 1);
  await storage.close();
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

it("takes the owner whom the URL does not name from the environment", async () => {
  const { id } = await server.signUp();
  vi.stubEnv("SUPABASE_OWNER", id);
  await using storage = await openStore("supabase:my-app");
  await storage.save("k", 1);
  const other = await server.signUp();
  await using others = await openStore(`supabase:my-app?owner=${other.id}`);
  expect(await others.exists("k")).toBe(false);
});

describe("chosen by an app's name", () => {
  it("is what platform cloud opens, in the store of that name, and is recorded", async () => {
    const home = await newHome();
    const { id, client } = await server.signUp();
    vi.stubEnv("SUPABASE_OWNER", id);
    const storage = await createStorage({ platform: "cloud", name: "my app" });
    await storage.save("k", 1);
    const recorded = join(home, ".local", "state", "holdfast", "my%20app.json");
    expect((await storage.getInfo()).details).toMatchObject({ chosen: "supabase", platform: "cloud", recorded });
    await storage.close();
    await using theirs = await openStorage(cloud({ client, store: "my app" }));
    expect(await theirs.load("k")).toBe(1);

    const { location } = JSON.parse(await readFile(recorded, "utf8")) as { location: string };
    expect(location).toBe(`supabase:my%20app?owner=${id}`);
    await using byUrl = await openStore(location);
    expect(await byUrl.load("k")).toBe(1);
    const other = await server.signUp();
    vi.stubEnv("SUPABASE_OWNER", other.id);
    await expect(createStorage({ platform: "cloud", name: "my app" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(
        `is in ${location}, and this start would open supabase:my%20app?owner=${other.id}`,
      ),
    });
  });

  it("is what auto opens where nothing else can be kept", async () => {
    vi.stubEnv("HOME", join(await newHome(), "nowhere"));
    const { id } = await server.signUp();
    vi.stubEnv("SUPABASE_OWNER", id);
    await using storage = await createStorage({ platform: "auto", name: "my-app" });
    expect((await storage.getInfo()).details).toMatchObject({
      chosen: "supabase",
      platform: "cloud",
      because: expect.stringContaining("supabase: is registered"),
    });
  });

  it("takes each name that an app may have, but for one that is no Unicode", async () => {
    await newHome();
    const { id } = await server.signUp();
    vi.stubEnv("SUPABASE_OWNER", id);
    const open = await supabaseEntry.load();
    expect(open(supabaseEntry.ofApp("\u{1F4BE}".repeat(100))).name).toBe("cloud");
    for (const name of ["\u{1F4BE} notes", "100% & more = +#", "a\u2028b"]) {
      await using storage = await createStorage({ platform: "cloud", name });
      await storage.save("k", name);
      const { path: store, options } = parseStoreUrl(supabaseEntry.locate(supabaseEntry.ofApp(name)));
      expect({ store, options }).toEqual({ store: name, options: { owner: id } });
      expect(supabaseEntry.locate(supabaseEntry.ofApp(name))).toBe(
        formatStoreUrl({ scheme: "supabase", path: name, options: { owner: id } }),
      );
    }
    await expect(createStorage({ platform: "cloud", name: "a\ud800" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});

/** A home directory that nobody else has, where choices are recorded. */
async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_STATE_HOME", "");
  return home;
}
