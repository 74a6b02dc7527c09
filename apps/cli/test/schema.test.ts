import { beforeEach, describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

// A module is loaded once in a process, so each test has one of its own name.
let modules = 0;
let file = "";

/** Notes of which 0.9 has `text` and 1.0 `title`; data with `broken` has no way up. */
const NOTES = `{
  schema: { "~standard": { version: 1, vendor: "test", validate: (value) =>
    typeof value?.title === "string" ? { value } : { issues: [{ message: "a title is missing", path: ["title"] }] } } },
  version: "1.0",
  migrations: [{
    from: "0.9",
    to: "1.0",
    deprecated: "end of life in May",
    up: ({ text, ...rest }) => (rest.broken ? rest : { ...rest, title: text }),
    down: ({ title, ...rest }) => ({ ...rest, text: title }),
  }],
}`;

beforeEach(async () => {
  file = `schemas-${++modules}.mjs`;
  await space.write(file, `export const collections = { notes: ${NOTES}, tasks: ${NOTES} };`);
});

/** Three notes of 0.9 and one of 1.0, a task, and something else. */
async function fill(): Promise<void> {
  const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
  await space.store("app.db", async (storage) => {
    const old = storage.collection("notes", { schema, version: "0.9" });
    for (const id of ["a", "b", "c"]) await old.save(id, { text: id });
    await storage.collection("notes", { schema, version: "1.0" }).save("d", { title: "d" });
    await storage.collection("tasks", { schema, version: "1.0" }).save("e", { title: "e" });
    await storage.save("settings", {});
  });
}

const schemasOf = async (prefix = "") =>
  ((await space.json(["ls", STORE, prefix])).value as { items: { schema?: string }[] }).items.map(
    ({ schema }) => schema,
  );

describe("holdfast schema status", () => {
  it("counts items by collection and version", async () => {
    await fill();
    expect(await space.run(["schema", "status", STORE])).toEqual(
      expect.objectContaining({
        code: 0,
        stdout: [
          "collection          version  items",
          "──────────────────  ───────  ─────",
          "notes               0.9          3",
          "notes               1.0          1",
          "tasks               1.0          1",
          "(in no collection)               1",
          "",
        ].join("\n"),
        stderr: "",
      }),
    );
    expect((await space.json(["schema", "status", STORE, "notes/"])).value).toEqual({
      collections: [{ name: "notes", versions: { "0.9": 3, "1.0": 1 } }],
      without: 0,
    });
  });
});

describe("holdfast schema migrate", () => {
  it("brings every collection of the module to the code's version", async () => {
    await fill();
    const { code, stdout, stderr } = await space.run(["schema", "migrate", STORE, "--module", file, "--quiet"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await schemasOf()).toEqual([...Array<string>(4).fill("notes@1.0"), undefined, "tasks@1.0"]);
    await space.store("app.db", async (storage) => expect(await storage.load("notes/a")).toEqual({ title: "a" }));
    const again = await space.run(["schema", "migrate", STORE, "--module", `./${file}`]);
    expect(again.stdout).toMatch(
      /^notes: brought 0 of 4 items to 1\.0 in .+\ntasks: brought 0 of 1 item to 1\.0 in .+\n$/,
    );
  });

  it("names what could not be brought up, also with --quiet", async () => {
    await fill();
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    await space.store("app.db", (storage) =>
      storage.collection("notes", { schema, version: "0.9" }).save("x", { broken: true }),
    );
    const { code, stdout } = await space.run(["schema", "migrate", STORE, "--module", file, "--quiet"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed "notes\/x" \(SCHEMA\): .*\n$/);
  });

  it("tells what it would do, and what is deprecated, with --dry-run", async () => {
    await fill();
    const args = ["schema", "migrate", STORE, "--module", file, "--dry-run"];
    const { stdout } = await space.run(args);
    expect(stdout).toMatch(
      /^deprecated notes@0\.9: end of life in May\nnotes: would bring 3 of 4 items to 1\.0 in .+\ntasks: would bring 0 of 1 item/,
    );
    const { value } = await space.json(args);
    expect(value).toMatchObject({
      ok: true,
      dryRun: true,
      collections: [
        {
          name: "notes",
          version: "1.0",
          items: 4,
          versions: { "0.9": 3, "1.0": 1 },
          migrated: 3,
          unchanged: 1,
          remaining: 0,
          failures: [],
          deprecated: [{ version: "0.9", message: "end of life in May" }],
        },
        { name: "tasks", items: 1, migrated: 0, deprecated: [] },
      ],
    });
    expect(await schemasOf("notes/")).toContain("notes@0.9");
  });

  it("takes only the collections that were named", async () => {
    await fill();
    const args = ["schema", "migrate", STORE, "--module", file, "--collection", "tasks"];
    expect((await space.run(args)).stdout).toMatch(/^tasks: brought 0 of 1 item to 1\.0/);
    expect(await schemasOf("notes/")).toContain("notes@0.9");
  });

  it("names what cannot be upgraded, does the rest, and fails with exit code 1", async () => {
    await fill();
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    await space.store("app.db", (storage) =>
      storage.collection("notes", { schema, version: "0.9" }).save("x", { broken: true }),
    );
    const { code, value, stderr } = await space.json(["schema", "migrate", STORE, "--module", file]);
    expect(code).toBe(1);
    expect(value).toMatchObject({
      ok: false,
      collections: [{ migrated: 3, remaining: 1, failures: [{ key: "x", code: "SCHEMA" }] }, { ok: true }],
    });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "INCOMPLETE", message: "1 item could not be brought up to date" },
    });
    expect(await schemasOf("notes/")).toEqual([...Array<string>(4).fill("notes@1.0"), "notes@0.9"]);
    expect((await space.run(["schema", "migrate", STORE, "--module", file])).stdout).toContain(
      'failed "notes/x" (SCHEMA): ',
    );
  });

  it("brings newer data down with --down", async () => {
    await fill();
    const older = NOTES.replace('version: "1.0",', 'version: "0.9",').replace("value?.title", "value?.text");
    await space.write("older.mjs", `export default { notes: ${older} };`);
    const args = ["schema", "migrate", STORE, "--module", "older.mjs"];
    expect((await space.run(args)).code).toBe(1);
    expect((await space.run([...args, "--down"])).code).toBe(0);
    expect(await schemasOf("notes/")).toEqual(Array<string>(4).fill("notes@0.9"));
  });

  it("keeps what it replaces with --history", async () => {
    await fill();
    expect((await space.run(["schema", "migrate", STORE, "--module", file, "--history"])).code).toBe(0);
    expect((await space.run(["diff", STORE, "notes/a"])).stdout).toBe('- text: "a"\n+ title: "a"\n');
  });

  it.each([
    ["a module that is not there", undefined, 3, "there is no module"],
    ["a module that throws", "throw new Error('out of order')", 2, "cannot be loaded: out of order"],
    ["one that imports what is not there", "import './nowhere.mjs'", 2, "cannot be loaded: Cannot find module"],
    ["one that is no JavaScript", "export const = 1", 2, "cannot be loaded: "],
    ["one without collections", "export const other = {}", 2, "exports no collections"],
    ["one with none", "export default {}", 2, "exports are none"],
    ["what is no collection", "export default { notes: 1 }", 2, '"notes" in'],
    ["one without a schema", 'export default { notes: { version: "1.0" } }', 2, "schema is a schema of"],
    ["a name that is none", `export default { "a//b": ${NOTES} }`, 2, "a//b"],
  ])("refuses %s", async (_, code, exitCode, reason) => {
    await fill();
    const name = `refused-${modules}.mjs`;
    if (code !== undefined) await space.write(name, code);
    const outcome = await space.run(["schema", "migrate", STORE, "--module", name]);
    expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(outcome.stderr).toContain(reason);
    expect(outcome.stderr).toMatch(/^holdfast: [^\n]+ — try: [^\n]+\n$/);
  });

  it("migrates nothing where one of several collections is wrong", async () => {
    await fill();
    const before = await schemasOf();
    await space.write("half-wrong.mjs", `export default { notes: ${NOTES}, tasks: { version: "1.0" } }`);
    const outcome = await space.run(["schema", "migrate", STORE, "--module", "half-wrong.mjs"]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('"tasks" in half-wrong.mjs: schema is') });
    expect(await schemasOf()).toEqual(before);
  });

  it("refuses a collection that the module does not have", async () => {
    await fill();
    const { code, stderr } = await space.run(["schema", "migrate", STORE, "--module", file, "--collection", "photos"]);
    expect(code).toBe(2);
    expect(stderr).toContain('has no collection "photos"; there are notes, tasks');
  });
});
