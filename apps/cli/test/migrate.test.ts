import { readdir, readFile, symlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { damage } from "./support/damage.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const FROM = "sqlite:./from.db";
const TO = "sqlite:./to.db";

const reportOf = (over: object) => ({
  ok: true,
  dryRun: false,
  planned: { items: 2, bytes: 5 },
  copied: 0,
  unchanged: 0,
  skipped: 0,
  verified: 0,
  bytes: 0,
  conflicts: [],
  failures: [],
  milliseconds: expect.any(Number),
  ...over,
});

async function fill(): Promise<void> {
  await space.store("from.db", async (storage) => {
    await storage.save("a/1", "x", { tags: ["t"], metadata: { m: 1 } });
    await storage.save("b", 42);
  });
}

describe("holdfast migrate", () => {
  it("copies everything with its headers, proves it, and is done when run again", async () => {
    await fill();
    const first = await space.json(["migrate", FROM, TO]);
    expect(first).toEqual({ code: 0, value: reportOf({ copied: 2, verified: 2, bytes: 5 }), stderr: "" });
    const headers = (name: string) => space.store(name, (storage) => storage.list());
    expect(await headers("to.db")).toEqual(await headers("from.db"));
    const again = await space.run(["migrate", FROM, TO]);
    expect(again.stdout).toMatch(/^copied 0 of 2 items, .*: 2 were there already, 2 read back and equal\n$/);
    expect(again.code).toBe(0);
  });

  it("plans only with --dry-run", async () => {
    await fill();
    const { code, value } = await space.json(["migrate", FROM, TO, "--dry-run"]);
    expect({ code, value }).toMatchObject({ code: 0, value: { dryRun: true, copied: 2, verified: 0 } });
    expect(await readdir(space.folder)).toEqual(["from.db"]);
    await space.store("to.db", (storage) => storage.save("b", "other"));
    const text = await space.run(["migrate", FROM, TO, "--dry-run", "--conflict", "overwrite"]);
    expect(text.stdout).toMatch(/^would copy 2 of 2 items, 5 B in /);
    expect((await space.run(["ls", TO])).stdout).toBe("b\n");
    expect(await space.run(["migrate", FROM, TO, "--dry-run"])).toMatchObject({ code: 4 });
  });

  it("stops at a conflict with exit code 4, and goes on as --conflict says", async () => {
    await fill();
    await space.store("to.db", (storage) => storage.save("b", "other"));
    const stopped = await space.json(["migrate", FROM, TO]);
    expect(stopped).toMatchObject({ code: 4, value: { ok: false, copied: 0, conflicts: ["b"] } });
    expect(JSON.parse(stopped.stderr)).toMatchObject({ error: { code: "CONFLICT", key: "b", exitCode: 4 } });
    const skipped = await space.json(["migrate", FROM, TO, "--conflict", "skip"]);
    expect(skipped).toMatchObject({ code: 0, value: { copied: 1, skipped: 1 } });
    expect((await space.run(["get", TO, "b"])).stdout).toBe('"other"\n');
    expect(await space.run(["migrate", FROM, TO, "--conflict", "overwrite"])).toMatchObject({ code: 0 });
    expect((await space.run(["get", TO, "b"])).stdout).toBe("42\n");
  });

  it("copies a part, unproven where that is asked for", async () => {
    await fill();
    const { value } = await space.json(["migrate", FROM, TO, "--prefix", "a/", "--no-validate", "--concurrency", "1"]);
    expect(value).toMatchObject({ planned: { items: 1 }, copied: 1, verified: 0 });
  });

  it("leaves behind what is damaged, names it, and fails with exit code 1", async () => {
    await fill();
    await space.store("from.db", (storage) => storage.save("c", new TextEncoder().encode("a body to be damaged")));
    await damage(space.path("from.db"), "a body to be damaged");
    const source = await readFile(space.path("from.db"));
    const { code, value, stderr } = await space.json(["migrate", FROM, TO]);
    expect(code).toBe(1);
    expect(value).toMatchObject({ ok: false, copied: 2, failures: [{ key: "c", code: "CORRUPT" }] });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "INCOMPLETE" } });
    expect((await readFile(space.path("from.db"))).equals(source)).toBe(true);
  });

  it("refuses to copy a store onto itself, by whatever path", async () => {
    await fill();
    await symlink(space.path("from.db"), space.path("link.db"));
    for (const to of [FROM, "sqlite:from.db", `sqlite:${space.path("from.db")}`, "sqlite:link.db"]) {
      const { code, stderr } = await space.run(["migrate", FROM, to]);
      expect(code).toBe(2);
      expect(stderr).toContain("are the same store");
    }
  });

  it("refuses options that mean nothing", async () => {
    await fill();
    expect(await space.run(["migrate", FROM, TO, "--conflict", "merge"])).toMatchObject({ code: 2 });
    expect(await space.run(["migrate", FROM, TO, "--concurrency", "0"])).toMatchObject({ code: 2 });
  });
});
