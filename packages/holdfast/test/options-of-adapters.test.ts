import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { filesystem } from "@holdfast/filesystem";
import type { sqlite } from "@holdfast/sqlite";
import { betterSqlite3 } from "@holdfast/sqlite/item-table";
import { createStorage, type FileStoreOptions, type SqliteDriver, type SqliteStoreOptions } from "holdfast";
import { expect, expectTypeOf, it, onTestFinished } from "vitest";

it("writes out all that the adapters take, and nothing else, since their packages need not be installed", () => {
  expectTypeOf<Required<SqliteStoreOptions>>().branded.toEqualTypeOf<Required<Parameters<typeof sqlite>[0]>>();
  expectTypeOf<Required<FileStoreOptions>>().branded.toEqualTypeOf<Required<Parameters<typeof filesystem>[0]>>();
});

it("hands on by type what only code can name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-options-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const driver: SqliteDriver = { ...betterSqlite3(), name: "mine" };
  await using database = await createStorage({ type: "sqlite", path: join(folder, "a.db"), driver });
  expect((await database.getInfo()).details).toMatchObject({ driver: "mine" });
  const seen: number[] = [];
  await mkdir(join(folder, "cache"));
  await writeFile(join(folder, "cache", "a.json"), "1");
  await using files = await createStorage({
    type: "file",
    root: join(folder, "cache"),
    cache: { size: 1_000 },
    onProgress: (progress) => seen.push(progress.files),
  });
  expect(await files.load("a")).toBe(1);
  expect(seen).toContain(1);
});
