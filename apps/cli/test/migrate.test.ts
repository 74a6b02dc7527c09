import { once } from "node:events";
import { appendFile, readdir, readFile, rm, symlink } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { damage } from "./support/damage.ts";
import { outcomeOf, start } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const FROM = "sqlite:./from.db";
const TO = "sqlite:./to.db";

const reportOf = (over: object) => ({
  ok: true,
  dryRun: false,
  resumed: false,
  planned: { items: 2, bytes: 5 },
  copied: 0,
  unchanged: 0,
  skipped: 0,
  verified: 0,
  bytes: 0,
  backedUp: 0,
  changed: { saved: 0, deleted: 0, pending: false },
  conflicts: [],
  keptBoth: [],
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

  it.each([
    ["--concurrency", "5000"],
    ["--prefix", "a\nb", "--journal", "./j"],
    ["--prefix", "a\nb"],
  ])("makes no store, and no backup, for what core refuses: %j %j", async (...option) => {
    await fill();
    const args = ["migrate", FROM, TO, "--conflict", "overwrite", "--backup", "sqlite:./before.db", ...option];
    const { code, stdout } = await space.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(await readdir(space.folder)).toEqual(["from.db"]);
  });

  it("plans only with --dry-run", async () => {
    await fill();
    const { code, value } = await space.json(["migrate", FROM, TO, "--dry-run"]);
    expect({ code, value }).toMatchObject({ code: 0, value: { dryRun: true, copied: 2, verified: 0 } });
    expect(await readdir(space.folder)).toEqual(["from.db"]);
    await space.store("to.db", (storage) => storage.save("b", "other"));
    const text = await space.run(["migrate", FROM, TO, "--dry-run", "--conflict", "overwrite"]);
    expect(text.stdout).toMatch(/^would copy 2 of 2 items, 5 B in /);
    const part = await space.run(["migrate", FROM, TO, "--dry-run", "--conflict", "skip"]);
    expect(part.stdout).toMatch(/^would copy 1 of 2 items, 3 B in /);
    expect((await space.run(["ls", TO])).stdout).toBe("b\n");
    expect(await space.run(["migrate", FROM, TO, "--dry-run"])).toMatchObject({ code: 4 });
  });

  it.each(["sqlite:./to.db", "file:./to"])("plans for %s, which is not there yet, by what it will hold", async (to) => {
    await fill();
    // A plan reads headers alone.
    const resize = (size: number) => {
      const database = new DatabaseSync(space.path("from.db"));
      database.prepare("UPDATE items SET size = ?, stored_size = ? WHERE key = 'b'").run(size, size);
      database.close();
    };
    resize(2 ** 31);
    for (const flags of [[], ["--history"], ["--conflict", "keep-both", "--backup", "sqlite:./before.db"]]) {
      const { code, value } = await space.json(["migrate", FROM, to, "--dry-run", ...flags]);
      expect({ code, value }).toMatchObject({ code: 0, value: { ok: true, copied: 2, bytes: 2 ** 31 + 3 } });
    }
    resize(2 ** 37);
    const { code, value } = await space.json(["migrate", FROM, to, "--dry-run"]);
    expect({ code, value }).toMatchObject({ code: 1, value: { failures: [{ key: "b", code: "UNSUPPORTED" }] } });
    expect((await readdir(space.folder)).filter((name) => /^(to|before)/.test(name))).toEqual([]);
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

  it("keeps both with --conflict keep-both, and says where", async () => {
    await fill();
    await space.store("to.db", (storage) => storage.save("b", "other"));
    const { code, stdout } = await space.run(["migrate", FROM, TO, "--conflict", "keep-both"]);
    expect(code).toBe(0);
    expect(stdout).toContain('kept both of "b": the source\'s is "b~migrated"\n');
    expect((await space.run(["get", TO, "b~migrated"])).stdout).toBe("42\n");
    expect((await space.run(["get", TO, "b"])).stdout).toBe('"other"\n');
  });

  it("backs up what it replaces, and one command puts it back", async () => {
    await fill();
    await space.store("to.db", (storage) => storage.save("b", "other", { tags: ["mine"] }));
    const flags = ["--conflict", "overwrite", "--backup", "sqlite:./before.db"];
    const { code, stdout } = await space.run(["migrate", FROM, TO, ...flags]);
    expect(code).toBe(0);
    const command = /to put back what was replaced: holdfast (migrate .*)/.exec(stdout)?.[1]?.split(" ") ?? [];
    expect(await space.run(command)).toMatchObject({ code: 0 });
    expect((await space.run(["get", TO, "b"])).stdout).toBe('"other"\n');
    expect(await space.store("to.db", (storage) => storage.stat("b"))).toMatchObject({ tags: ["mine"] });
    await space.run(["put", FROM, "b", "--value", "43"]);
    expect(await space.run(["migrate", FROM, TO, ...flags])).toMatchObject({ code: 2 });
    for (const other of [FROM, TO]) {
      expect(await space.run(["migrate", FROM, TO, "--backup", other])).toMatchObject({ code: 2 });
    }
  });

  it("transforms by a module of the user's", async () => {
    await fill();
    await space.write(
      "move.mjs",
      "export const transform = ({ key }) => (key === 'b' ? null : { key: 'new/' + key });",
    );
    expect(await space.run(["migrate", FROM, TO, "--transform", "move.mjs"])).toMatchObject({ code: 0 });
    expect((await space.run(["ls", TO])).stdout).toBe("new/a/1\n");
    await space.write("none.mjs", "export const other = 1;");
    const other = "sqlite:./other.db";
    expect(await space.run(["migrate", FROM, other, "--transform", "none.mjs"])).toMatchObject({ code: 2 });
    expect(await space.run(["migrate", FROM, other, "--transform", "absent.mjs"])).toMatchObject({ code: 3 });
    expect(await readdir(space.folder)).not.toContain("other.db");
  });

  it("takes previous versions along with --history", async () => {
    const settings = { history: true };
    await space.store("from.db", (storage) => storage.save("a", "first"), settings);
    await space.store("from.db", (storage) => storage.save("a", "second"), settings);
    expect(await space.run(["migrate", FROM, TO, "--history"])).toMatchObject({ code: 0 });
    const versions = (name: string) =>
      space.store(name, async (storage) => (await storage.history("a")).map(({ version }) => version));
    expect(await versions("to.db")).toEqual(await versions("from.db"));
  });

  it("prints a line of JSON for each thing that happens with --events, the report last", async () => {
    await fill();
    await space.store("to.db", (storage) => storage.save("b", "other"));
    const { code, stdout } = await space.run(["migrate", FROM, TO, "--conflict", "keep-both", "--events"]);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === "kept-both")).toEqual([
      { type: "kept-both", key: "b", as: "b~migrated" },
    ]);
    const progress = lines.filter(({ type }) => type === "progress");
    expect([...new Set(progress.map(({ phase }) => phase))]).toEqual(["plan", "copy", "verify"]);
    expect(progress.at(-1)).toMatchObject({ items: 2, totalItems: 2, bytes: 5, totalBytes: 5 });
    expect(lines.at(-1)).toEqual({
      type: "report",
      ...reportOf({ copied: 2, verified: 2, bytes: 5, keptBoth: [{ key: "b", as: "b~migrated" }] }),
    });
  });

  it("prints the lines of --events as it happens, not when it is over", async () => {
    await fill();
    // Ten seconds, if nobody ended it.
    await space.store("from.db", (storage) => storage.save("long", "x".repeat(20_000)));
    const child = start(["migrate", FROM, TO, "--events", "--bandwidth", "2kB"], { cwd: space.folder });
    const ended = outcomeOf(child);
    try {
      const [first] = (await once(child.stdout, "data")) as [Buffer];
      expect(JSON.parse(first.toString().split("\n")[0] ?? "")).toMatchObject({ type: "progress", phase: "plan" });
    } finally {
      child.kill("SIGKILL");
    }
    expect((await ended).stdout).not.toContain('"report"');
  });

  /** A migration with a journal, killed in the middle. */
  async function killed(command: readonly string[]): Promise<void> {
    await space.store(
      "from.db",
      async (storage) => {
        for (let index = 0; index < 400; index++) await storage.save(`k/${String(index).padStart(4, "0")}`, { index });
      },
      { history: false },
    );
    // Slow enough to be killed in the middle, whatever the machine.
    const child = start([...command, "--bandwidth", "2kB"], { cwd: space.folder });
    const ended = outcomeOf(child);
    const lines = async () => (await readFile(space.path("move.journal"), "utf8").catch(() => "")).split("\n").length;
    while ((await lines()) < 8) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGKILL");
    await ended;
  }

  it("goes on from its journal after it was killed, and removes that at the end", async () => {
    const journal = space.path("move.journal");
    const command = ["migrate", FROM, TO, "--journal", "move.journal", "--concurrency", "1"];
    await killed(command);
    await appendFile(journal, '{"phase":"co');
    const { code, value } = await space.json(command);
    expect(code).toBe(0);
    expect(value).toMatchObject({ ok: true, resumed: true, planned: { items: 400 }, verified: 400 });
    const { copied, unchanged } = value as { copied: number; unchanged: number };
    expect(copied + unchanged).toBe(400);
    expect(unchanged).toBeLessThanOrEqual(16);
    expect(await space.run(["verify", FROM, TO, "--differences"])).toMatchObject({ code: 0 });
    expect(await readdir(space.folder)).not.toContain("move.journal");
  });

  it.each([
    [TO, "to.db"],
    ["file:./to", "to"],
  ])("does not take its journal for what happened in %s once that was deleted", async (to, path) => {
    const command = ["migrate", FROM, to, "--journal", "move.journal", "--concurrency", "1", "--no-validate"];
    await killed(command);
    const journal = await readFile(space.path("move.journal"), "utf8");
    for (const file of await readdir(space.folder)) {
      if (file === path || file.startsWith(`${path}-`)) await rm(space.path(file), { recursive: true });
    }
    const refused = await space.run(command);
    expect(refused).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("the destination is not the one"),
    });
    expect(await readFile(space.path("move.journal"), "utf8")).toBe(journal);
    await rm(space.path("move.journal"));
    expect((await space.json(command)).value).toMatchObject({ ok: true, resumed: false, copied: 400 });
  });

  it.each([
    ["a file without a line break", '{ "theme": "dark" }'],
    ["one whose last line is no whole line", "first\nsecond"],
    ["one that begins nearly so", '{"journal":"dear diary"}\nsecond'],
    ["a line break alone", "\n"],
  ])("refuses as a journal, and leaves as it is: %s", async (_name, content) => {
    await fill();
    await space.write("settings.json", content);
    const { code, stderr } = await space.run(["migrate", FROM, TO, "--journal", "./settings.json"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("is no journal of a migration") });
    expect(await readFile(space.path("settings.json"), "utf8")).toBe(content);
    expect(await readdir(space.folder)).not.toContain("to.db");
  });

  it.each(["", "{", '{"journal":1,"id":{"sou', '{"journal":12'])(
    "drops what a crash left of a journal's first line: %j",
    async (content) => {
      await fill();
      await space.write("move.journal", content);
      expect(await space.run(["migrate", FROM, TO, "--journal", "move.journal"])).toMatchObject({ code: 0 });
      expect(await readdir(space.folder)).not.toContain("move.journal");
    },
  );

  it("refuses a journal that would be part of a store, whether that is there yet or not", async () => {
    await fill();
    await symlink(space.path("from.db"), space.path("link.db"));
    const source = await readFile(space.path("from.db"));
    const command = ["migrate", FROM, "file:./to", "--conflict", "overwrite", "--backup", "sqlite:./before.db"];
    for (const journal of ["from.db", "link.db", "./from.db-journal", "to", "to/move.journal", "before.db"]) {
      const { code, stderr } = await space.run([...command, "--journal", journal]);
      expect({ journal, code, stderr }).toEqual({
        journal,
        code: 2,
        stderr: expect.stringContaining("would be part of the store"),
      });
    }
    expect((await readdir(space.folder)).sort()).toEqual(["from.db", "link.db"]);
    expect((await readFile(space.path("from.db"))).equals(source)).toBe(true);
    expect(await space.run([...command, "--journal", "to.journal"])).toMatchObject({ code: 0 });
  });

  it("copies a part, unproven where that is asked for", async () => {
    await fill();
    const { value } = await space.json(["migrate", FROM, TO, "--prefix", "a/", "--no-validate", "--concurrency", "1"]);
    expect(value).toMatchObject({ planned: { items: 1 }, copied: 1, verified: 0 });
  });

  it("fails where no key begins with the prefix, and makes no destination", async () => {
    await fill();
    const missed = {
      code: 3,
      stdout: "",
      stderr: expect.stringContaining(`no key in ${FROM} begins with "typo/" — try: `),
    };
    for (const flags of [[], ["--dry-run"], ["--backup", "sqlite:./before.db"]]) {
      expect(await space.run(["migrate", FROM, TO, "--prefix", "typo/", ...flags])).toMatchObject(missed);
    }
    expect(await readdir(space.folder)).toEqual(["from.db"]);
    const noted = await space.run(["migrate", FROM, TO, "--prefix", "typo/", "--journal", "move.journal"]);
    expect(noted).toMatchObject({ ...missed, stdout: expect.stringMatching(/^copied 0 of 0 items/) });
    await space.store("empty.db", () => Promise.resolve());
    expect(await space.run(["migrate", "sqlite:./empty.db", TO])).toMatchObject({ code: 0 });
  });

  it("is done where a transform leaves out all that begins with the prefix", async () => {
    await fill();
    await space.write("none.js", "export default () => null;");
    for (const flags of [[], ["--journal", "move.journal"]]) {
      const { code } = await space.run(["migrate", FROM, TO, "--prefix", "a/", "--transform", "./none.js", ...flags]);
      expect(code).toBe(0);
    }
  });

  it("goes on to its end although its source was emptied since", async () => {
    await space.store("from.db", async (storage) => {
      for (let index = 0; index < 100; index++) await storage.save(`k/${String(index).padStart(3, "0")}`, { index });
    });
    const command = ["migrate", FROM, TO, "--prefix", "k/", "--journal", "move.journal", "--concurrency", "1"];
    const child = start([...command, "--bandwidth", "1kB"], { cwd: space.folder });
    const ended = outcomeOf(child);
    const lines = async () => (await readFile(space.path("move.journal"), "utf8").catch(() => "")).split("\n").length;
    while ((await lines()) < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGKILL");
    await ended;
    await space.store("from.db", async (storage) => {
      for (const { key } of await storage.list()) await storage.delete(key);
    });
    expect(await space.json(command)).toMatchObject({ code: 0, value: { ok: true, resumed: true } });
    expect((await space.run(["ls", TO])).stdout).toBe("");
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
    for (const to of [
      FROM,
      `${FROM}?durability=process`,
      "sqlite:from.db",
      `sqlite:${space.path("from.db")}`,
      "sqlite:link.db",
    ]) {
      const { code, stderr } = await space.run(["migrate", FROM, to]);
      expect(code).toBe(2);
      expect(stderr).toContain("are the same store");
    }
  });

  it("tells stores apart by the options of their URLs, where those name the store", async () => {
    const ofA = "supabase:my-app?owner=A";
    expect((await space.run(["migrate", ofA, ofA])).stderr).toContain("are the same store");
    const { stderr } = await space.run(["migrate", ofA, "supabase:my-app?owner=B"]);
    expect(stderr).toContain("SUPABASE_URL");
  });

  it("writes an item anew that is damaged in the destination, and says what to do where it cannot", async () => {
    await space.store("from.db", (storage) => storage.save("c", new TextEncoder().encode("a body to be damaged")));
    expect(await space.run(["migrate", FROM, TO])).toMatchObject({ code: 0 });
    await damage(space.path("to.db"), "a body to be damaged");
    expect(await space.run(["migrate", FROM, TO])).toMatchObject({ code: 0 });
    expect(await space.run(["verify", TO])).toMatchObject({ code: 0 });
    await damage(space.path("to.db"), "a body to be damaged");
    await damage(space.path("from.db"), "a body to be damaged");
    expect(await space.run(["migrate", FROM, TO, "--conflict", "overwrite"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/anew what is damaged in the destination; with --conflict newer or overwrite/),
    });
  });

  it("refuses options that mean nothing", async () => {
    await fill();
    expect(await space.run(["migrate", FROM, TO, "--conflict", "merge"])).toMatchObject({ code: 2 });
    expect(await space.run(["migrate", FROM, TO, "--concurrency", "0"])).toMatchObject({ code: 2 });
    expect(await readdir(space.folder)).toEqual(["from.db"]);
    for (const size of ["0", "fast", "1 PB", "-1"]) {
      expect(await space.run(["migrate", FROM, TO, `--bandwidth=${size}`])).toMatchObject({ code: 2 });
    }
  });
});
