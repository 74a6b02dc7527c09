import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

interface Listing {
  items: { key: string }[];
  total?: number;
}

async function fill(): Promise<void> {
  await space.store("app.db", async (storage) => {
    await storage.save("notes/1", "x", { tags: ["draft", "red"], metadata: { stars: 3, author: { name: "Max" } } });
    await storage.save("notes/2", "xy", { tags: ["red"], metadata: { stars: 5, title: "A red car" } });
    await storage.save("photos/ä.jpg", new Uint8Array(1500), { metadata: { stars: 4, title: "Ein roter Wagen" } });
    await storage.save("z", "", { tags: ["a\nb\u001b[31m"] });
  });
}

const keysOf = (value: unknown) => (value as Listing).items.map(({ key }) => key);

describe("holdfast ls", () => {
  it("prints keys in order, a line each", async () => {
    await fill();
    expect(await space.run(["ls", STORE])).toMatchObject({
      code: 0,
      stdout: "notes/1\nnotes/2\nphotos/ä.jpg\nz\n",
      stderr: "",
    });
    expect((await space.run(["ls", STORE, "notes/"])).stdout).toBe("notes/1\nnotes/2\n");
    expect((await space.run(["ls", STORE, "no"])).stdout).toBe("notes/1\nnotes/2\n");
    expect((await space.run(["ls", STORE, "--prefix", "no"])).stdout).toBe("notes/1\nnotes/2\n");
    expect((await space.run(["ls", STORE, "nothing"])).stdout).toBe("");
    expect((await space.run(["ls", STORE, "--after", "notes/1", "--limit", "2"])).stdout).toBe(
      "notes/2\nphotos/ä.jpg\n",
    );
    expect((await space.run(["ls", STORE, "--limit", "0"])).stdout).toBe("");
  });

  it.each([["ls"], ["watch", "--all", "--no-follow"], ["schema", "status"], ["verify"]])(
    "takes the prefix by its place or by --prefix, and not by both: %s",
    async (...command) => {
      await fill();
      // All but how long it took.
      const told = async (...prefix: string[]) => {
        const { code, stdout, stderr } = await space.run([...command, STORE, ...prefix]);
        return { code, stdout, stderr: stderr.replaceAll(/\d+ ms/g, "") };
      };
      const placed = await told("no");
      expect(placed).toMatchObject({ code: 0, stdout: expect.stringMatching(/./) });
      expect(await told("--prefix", "no")).toEqual(placed);
      const both = await space.run([...command, STORE, "no", "--prefix", "no"]);
      expect(both).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("the prefix is given twice") });
    },
  );

  it("prints details with --long, and nothing that a terminal would obey", async () => {
    await fill();
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
    const lines = (await space.run(["ls", STORE, "--long"])).stdout.split("\n");
    expect(lines[0]).toMatch(new RegExp(`^     3 B  ${time}  json    notes/1  \\[draft, red\\]$`));
    expect(lines[2]).toMatch(new RegExp(`^  1.5 kB  ${time}  binary  photos/ä.jpg$`));
    expect(lines[3]).toMatch(/z {2}\[a\\nb\\u001b\[31m\]$/);
  });

  it("prints one JSON document with --json, also when there is nothing", async () => {
    await fill();
    const { value } = await space.json(["ls", STORE, "photos/"]);
    expect(value).toEqual({
      items: [
        expect.objectContaining({ key: "photos/ä.jpg", size: 1500, format: "binary", tags: [], encrypted: false }),
      ],
    });
    expect((await space.json(["ls", STORE, "nothing"])).value).toEqual({ items: [] });
  });
});

describe("holdfast search", () => {
  it.each<[string[], string[]]>([
    [["red"], ["notes/2", "notes/1"]],
    [
      ["red", "--sort", "key"],
      ["notes/1", "notes/2"],
    ],
    [["--tag", "red", "-t", "draft"], ["notes/1"]],
    [
      ["--where", "stars>=4"],
      ["notes/2", "photos/ä.jpg"],
    ],
    [["--where", "stars>3", "-w", "stars<5"], ["photos/ä.jpg"]],
    [["--where", "stars=3"], ["notes/1"]],
    [["--where", "author.name = Max"], ["notes/1"]],
    [
      ["--where", "title"],
      ["notes/2", "photos/ä.jpg"],
    ],
    [
      ["--where", "!title"],
      ["notes/1", "z"],
    ],
    [
      ["--where", '{"stars":{"in":[3,4]}}'],
      ["notes/1", "photos/ä.jpg"],
    ],
    [["--where", 'stars="3"'], []],
    [
      ["--sort", "-metadata.stars", "--prefix", "notes/"],
      ["notes/2", "notes/1"],
    ],
    [
      ["--sort", "key", "--limit", "2", "--offset", "1"],
      ["notes/2", "photos/ä.jpg"],
    ],
    [["nothing"], []],
  ])("finds by %j", async (args, keys) => {
    await fill();
    const { code, stdout, stderr } = await space.run(["search", STORE, ...args]);
    expect({ code, keys: stdout.split("\n").slice(0, -1), stderr }).toEqual({ code: 0, keys, stderr: "" });
  });

  it("tells with --json how many there are in all", async () => {
    await fill();
    const { value } = await space.json(["search", STORE, "--sort", "key", "--limit", "1", "--offset", "1"]);
    expect(keysOf(value)).toEqual(["notes/2"]);
    expect((value as Listing).total).toBe(4);
    expect((await space.json(["search", STORE, "nothing"])).value).toEqual({ items: [], total: 0 });
  });

  it.each([
    [["--where", "stars>"], "only numbers and text have an order"],
    [["--where", "stars>true"], "only numbers and text have an order"],
    [["--where", "stars=[1]"], "a condition compares with"],
    [["--where", "=3"], "is no condition"],
    [["--where", "{stars:3}"], "is not JSON"],
    [["--where", '{"stars":{"above":3}}'], "above"],
    [["--where", "stars>1", "--where", "stars>2"], "rule each other out or repeat"],
    [["--where", "stars=1", "--where", "stars=1"], "rule each other out or repeat"],
    [["--sort", "stars"], "sort"],
    [["--limit", "-1"], "not a whole number"],
    [["--limit", "many"], "not a whole number"],
  ])("refuses %j", async (args, reason) => {
    await fill();
    const { code, stdout, stderr } = await space.run(["search", STORE, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).toMatch(/ — try: holdfast search --help\n$/);
  });
});

describe("holdfast rm", () => {
  it("deletes keys and names them", async () => {
    await fill();
    expect(await space.run(["rm", STORE, "notes/1", "z"])).toMatchObject({
      code: 0,
      stdout: "deleted notes/1\ndeleted z\n",
      stderr: "",
    });
    expect((await space.run(["ls", STORE])).stdout).toBe("notes/2\nphotos/ä.jpg\n");
  });

  it("deletes what is there and fails for what is not", async () => {
    await fill();
    const { code, value, stderr } = await space.json(["rm", STORE, "gone", "z", "away"]);
    expect(code).toBe(3);
    expect(value).toEqual({ deleted: ["z"], absent: ["gone", "away"] });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "NOT_FOUND", exitCode: 3, key: "gone" } });
    expect((await space.run(["rm", STORE, "gone", "--force"])).code).toBe(0);
  });

  it("deletes nothing where one of the keys is none", async () => {
    await fill();
    const { code, stdout, stderr } = await space.run(["rm", STORE, "notes/1", "bad//key", "notes/2"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain('the key "bad//key"');
    expect((await space.run(["ls", STORE, "notes/"])).stdout).toBe("notes/1\nnotes/2\n");
  });

  it("takes keys that look like options behind --", async () => {
    await space.store("app.db", (storage) => storage.save("--force", 1));
    expect(await space.run(["rm", STORE, "--", "--force"])).toMatchObject({ code: 0, stdout: "deleted --force\n" });
  });
});
