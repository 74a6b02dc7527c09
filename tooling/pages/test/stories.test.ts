import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { claim } from "../setups/claim.ts";
import { folder } from "../src/compile.ts";

// What a page shows runs in an empty directory, with an account of its own.
const home = mkdtempSync(join(tmpdir(), "holdfast-pages-"));
const before = process.cwd();

beforeAll(() => {
  process.chdir(home);
});

afterAll(() => {
  process.chdir(before);
  rmSync(home, { recursive: true, force: true });
});

const stories = inject("modules").filter(({ runs }) => runs);

it.each(stories.map(({ page, origins, path }) => [`${page}:${origins[0]?.page}`, path]))("%s", async (_, path) => {
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_DATA_HOME", join(home, "data"));
  vi.stubEnv("XDG_STATE_HOME", join(home, "state"));
  vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"));
  await import(join(folder, path));
});

it("has the stories of the guides", () => {
  expect(stories.map(({ page }) => page)).toEqual(
    expect.arrayContaining(["docs/start.md", "docs/testing-your-app.md", "docs/guides/change-a-schema.md"]),
  );
});

it("shows the progress that the guide on schemas speaks of", async () => {
  await import(join(folder, stories.find(({ page }) => page === "docs/guides/change-a-schema.md")?.path ?? ""));
  const { shown } = await import("../setups/change-a-schema.ts");
  expect(shown.at(-1)).toEqual([3, 3]);
});

it("notices a claim that is not true", () => {
  expect(() => claim("one + 1", 2, 3)).toThrow("one + 1 is 2, not 3");
});

it("catches the app that loads and saves, as the page on testing says", async () => {
  const conflicts = stories.find(({ text }) => text.includes("addToCart(ann"));
  vi.resetModules();
  const { carts } = await import("../setups/testing-your-app.ts");
  carts.careless = true;
  await expect(import(join(folder, conflicts?.path ?? ""))).rejects.toThrow(/simulation with seed \d+/);
});
