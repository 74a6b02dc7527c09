import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const VERSION = "[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{12}";
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

/** Saves the values in turn, each replacing the one before, and returns their versions, newest first. */
async function fill(...values: unknown[]): Promise<string[]> {
  const versions: string[] = [];
  await space.store(
    "app.db",
    async (storage) => {
      for (const [index, value] of values.entries()) {
        const { version } = await storage.save("a", value, { tags: [`no-${index}`] });
        versions.unshift(version);
      }
    },
    { history: true },
  );
  return versions;
}

interface Log {
  standing: { version: string } | null;
  previous: { version: string; tags: string[]; replaced: string }[];
}

const logOf = async () => (await space.json(["log", STORE, "a"])).value as Log;

describe("holdfast log", () => {
  it("lists what stands and what was before it, newest first", async () => {
    const versions = await fill("one", "two", "three");
    const { code, stdout, stderr } = await space.run(["log", STORE, "a"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      new RegExp(
        [0, 1, 2].map((place) => `${place}  ${VERSION}  ${TIME}       \\d B  json    \\[no-${2 - place}\\]\n`).join(""),
      ),
    );
    expect(stdout.match(new RegExp(VERSION, "g"))).toEqual(versions);
    expect((await space.run(["log", STORE, "a", "--quiet"])).stdout).toBe(stdout);
  });

  it("tells with --json the headers, and when each was replaced", async () => {
    const [newest, ...older] = await fill("one", "two", "three");
    const log = await logOf();
    expect(log.standing?.version).toBe(newest);
    expect(log.previous.map(({ version }) => version)).toEqual(older);
    expect(log.previous[0]).toMatchObject({ key: "a", size: 5, tags: ["no-1"], replaced: expect.stringMatching(/Z$/) });
  });

  it("tells when the key was deleted, also where it came back later", async () => {
    await fill("one");
    await space.run(["rm", STORE, "a", "--history"]);
    expect((await logOf()).standing).toBeNull();
    const deleted = new RegExp(`^1  ${VERSION}  .+\\[no-0\\]  deleted ${TIME}\n$`);
    expect((await space.run(["log", STORE, "a"])).stdout).toMatch(deleted);
    await space.run(["put", STORE, "a", "--value", "2"]);
    const [first, second] = (await space.run(["log", STORE, "a"])).stdout.split("\n");
    expect(first).not.toContain("deleted");
    expect(`${second}\n`).toMatch(deleted);
  });

  it("fails for a key that never was", async () => {
    await fill("one");
    const { code, stderr } = await space.run(["log", STORE, "b"]);
    expect(code).toBe(3);
    expect(stderr).toContain('there is no version of "b" in sqlite:./app.db — try: `holdfast ls sqlite:./app.db`');
  });
});

describe("holdfast diff", () => {
  it("shows the last change, a line for each place", async () => {
    await fill(
      { theme: "light", windows: [1], "a b": { c: null }, gone: "\u0085" },
      { theme: "dark", windows: [1, { x: 0 }], "a b": { c: 1 } },
    );
    expect(await space.run(["diff", STORE, "a"])).toMatchObject({
      code: 0,
      stdout: [
        '~ ["a b"].c: null → 1',
        '- gone: "\\u0085"',
        '~ theme: "light" → "dark"',
        '+ windows[1]: {"x":0}',
        "",
      ].join("\n"),
    });
  });

  it("compares any two versions, by place, by name and by a start of it", async () => {
    const versions = await fill(1, 2, 3);
    const starts = versions.map((version) => version.slice(0, 17));
    for (const [from, to] of [
      ["2", "1"],
      [versions[2], versions[1]],
      [starts[2], starts[1]],
    ]) {
      expect((await space.run(["diff", STORE, "a", `${from}`, `${to}`])).stdout).toBe("~ .: 1 → 2\n");
    }
    expect((await space.run(["diff", STORE, "a", "2"])).stdout).toBe("~ .: 1 → 3\n");
    expect((await space.json(["diff", STORE, "a", "0", "2"])).value).toEqual({
      from: versions[0],
      to: versions[2],
      differences: [{ path: [], type: "changed", before: 3, after: 1 }],
    });
  });

  it("says when there is no difference", async () => {
    await fill({ a: 1 }, { a: 1 });
    expect(await space.run(["diff", STORE, "a"])).toMatchObject({ code: 0, stdout: "the two values are equal\n" });
    expect(await space.run(["diff", STORE, "a", "--quiet"])).toMatchObject({ code: 0, stdout: "" });
    expect((await space.json(["diff", STORE, "a"])).value).toMatchObject({ differences: [] });
  });

  it.each([
    ["a place that is not there", ["2"], 3, 'there is no version 2 of "a" in sqlite:./app.db: 1 previous version, one'],
    ["a start that fits none", ["0fff"], 3, 'no version "0fff" of "a" is kept'],
    ["a start that fits two", ["01"], 2, '2 versions of "a" start with 01'],
    ["an empty name", [""], 3, 'no version "" of "a" is kept'],
  ])("refuses %s", async (_, names, exitCode, reason) => {
    await fill(1, 2);
    const { code, stdout, stderr } = await space.run(["diff", STORE, "a", ...names]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).toContain(" — try: `holdfast log sqlite:./app.db a`, which lists the versions\n");
  });

  it("cannot compare bytes", async () => {
    await fill(Uint8Array.of(1), Uint8Array.of(2));
    expect(await space.run(["diff", STORE, "a"])).toMatchObject({ code: 10, stdout: "" });
  });
});

describe("holdfast restore", () => {
  it("brings a version back as a new one, and can be undone", async () => {
    const [, first] = await fill("one", "two");
    const { code, stdout } = await space.run(["restore", STORE, "a", "1"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^restored a to ${first}: now ${VERSION}\n$`));
    expect((await space.run(["get", STORE, "a"])).stdout).toBe('"one"\n');
    const { value } = await space.json(["restore", STORE, "a", "1"]);
    expect(value).toEqual({
      restored: expect.any(String),
      item: expect.objectContaining({ key: "a", tags: ["no-1"] }),
    });
    expect((await space.run(["get", STORE, "a"])).stdout).toBe('"two"\n');
  });

  it("brings back what was deleted", async () => {
    await fill("one");
    await space.run(["rm", STORE, "a", "--history"]);
    expect(await space.run(["restore", STORE, "a", "1", "--if-absent"])).toMatchObject({ code: 0 });
    expect((await space.run(["get", STORE, "a"])).stdout).toBe('"one"\n');
    expect(await space.run(["restore", STORE, "a", "1", "--if-absent"])).toMatchObject({ code: 4 });
  });

  it("writes only over the version that was named", async () => {
    const [newest, first] = await fill("one", "two");
    const stale = await space.run(["restore", STORE, "a", "1", "--if-version", `${first}`]);
    expect(stale).toMatchObject({ code: 4, stdout: "" });
    expect(await space.run(["restore", STORE, "a", "1", "--if-version", `${newest}`])).toMatchObject({ code: 0 });
    const both = await space.run(["restore", STORE, "a", "1", "--if-absent", "--if-version", `${newest}`]);
    expect(both.code).toBe(2);
  });
});

describe("--history", () => {
  it.each<[command: string, args: string[]]>([
    ["put", [STORE, "a", "--value", "2"]],
    ["rm", [STORE, "a"]],
    ["import", ["in", STORE, "--conflict", "overwrite"]],
    ["migrate", ["sqlite:./other.db", STORE, "--conflict", "overwrite"]],
  ])("makes %s keep what it replaces; otherwise it is gone", async (command, args) => {
    await space.write("in/a", "bytes");
    await space.run(["put", "sqlite:./other.db", "a", "--value", "9"]);
    await space.run(["put", STORE, "a", "--value", "1"]);
    expect((await space.run([command, ...args])).code).toBe(0);
    const log = await space.json(["log", STORE, "a"]);
    expect((log.value as Log | undefined)?.previous ?? []).toEqual([]);

    await space.run(["put", STORE, "a", "--value", "1"]);
    const [before] = [(await logOf()).standing?.version];
    expect((await space.run([command, ...args, "--history"])).code).toBe(0);
    expect((await logOf()).previous.map(({ version }) => version)).toEqual([before]);
  });

  it("drops nothing that others keep", async () => {
    await fill(...Array.from({ length: 11 }, (_, index) => index));
    await space.run(["put", STORE, "a", "--value", "1", "--history"]);
    await space.run(["restore", STORE, "a", "3"]);
    expect((await logOf()).previous).toHaveLength(12);
  });
});
