import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { outcomeOf, type Started, start } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

interface Told {
  type: string;
  key: string;
  version: string;
  origin: string;
  cursor: string;
}

/** What a watch that ends by itself prints. */
async function told(...args: string[]): Promise<Told[]> {
  const { code, stdout, stderr } = await space.run(["watch", STORE, ...args, "--no-follow", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
}

async function fill(): Promise<void> {
  await space.store("app.db", async (storage) => {
    await storage.save("notes/1", 1);
    await storage.save("photos/1", 1);
    await storage.delete("notes/1");
  });
}

describe("holdfast watch --no-follow", () => {
  it("tells all that the store remembers, in the order of the commits", async () => {
    await fill();
    expect(await told("--all")).toMatchObject([
      { type: "save", key: "notes/1", origin: "peer" },
      { type: "save", key: "photos/1", origin: "peer" },
      { type: "delete", key: "notes/1", origin: "peer" },
    ]);
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    expect((await space.run(["watch", STORE, "notes/", "--all", "--no-follow"])).stdout).toMatch(
      new RegExp(`^${time}  save    notes/1\n${time}  delete  notes/1\n$`),
    );
  });

  it("goes on behind a cursor, any of them", async () => {
    await fill();
    const all = await told("--all");
    for (const [index, { cursor }] of all.entries())
      expect(await told("--since", cursor)).toEqual(all.slice(index + 1));
    expect(await told("photos/", "--since", all[0]?.cursor ?? "")).toEqual(all.slice(1, 2));
  });

  it.each([
    ["without a place to begin", ["--no-follow"], 2, "say from where on, by --since or --all"],
    ["two places to begin", ["--all", "--since", "x"], 2, "rule each other out"],
    ["what is no cursor", ["--since", "x", "--no-follow"], 2, "is not a cursor"],
    ["what can begin no key", ["a\nb"], 2, "prefix"],
  ])("refuses %s", async (_, args, exitCode, reason) => {
    await fill();
    const { code, stdout, stderr } = await space.run(["watch", STORE, ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toContain(reason);
  });

  it("asks for a fresh start where the cursor is of another store", async () => {
    await fill();
    const [first] = await told("--all");
    await space.run(["put", "sqlite:./new.db", "a", "--value", "1"]);
    const { code, stderr } = await space.run([
      "watch",
      "sqlite:./new.db",
      "--since",
      first?.cursor ?? "",
      "--no-follow",
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/cannot go on from there.* — try: --all for what is left, or read everything anew/);
  });
});

describe("holdfast watch", () => {
  function watching(args: string[]): Started {
    const child = start(args, { cwd: space.folder });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  }

  /** Lines as they come. */
  function linesOf(child: Started): () => Promise<string> {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return async () => (await lines.next()).value as string;
  }

  it("tells changes of other processes as they come, each once, and ends by Ctrl-C with success", async () => {
    await fill();
    const [first] = await told("--all");
    const child = watching(["watch", STORE, "--since", first?.cursor ?? "", "--json"]);
    const stderr: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    const next = linesOf(child);
    const seen = [JSON.parse(await next()), JSON.parse(await next())] as Told[];
    for (let index = 0; index < 20; index++) {
      await space.store("app.db", (storage) => storage.save(`more/${index}`, index));
      if (index % 5 === 0) seen.push(JSON.parse(await next()) as Told);
    }
    while (seen.length < 22) seen.push(JSON.parse(await next()) as Told);
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number | null];
    expect({ code, stderr: Buffer.concat(stderr).toString() }).toEqual({ code: 0, stderr: "" });
    expect(seen).toEqual((await told("--all")).slice(1));
  });

  it("begins with what happens from now on", async () => {
    await fill();
    const child = watching(["watch", STORE, "fresh/"]);
    const next = linesOf(child);
    const heard = next();
    // Until it has begun to watch, what is saved is none of its business.
    let saved = 0;
    await Promise.race([
      heard,
      (async () => {
        for (; child.exitCode === null; saved++) {
          await space.store("app.db", (storage) => storage.save(`fresh/${saved}`, saved));
          if (
            await Promise.race([heard.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))])
          )
            return;
        }
      })(),
    ]);
    expect(await heard).toMatch(/Z {2}save {4}fresh\/\d+$/);
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(0);
  });

  it("ends when nobody reads any more", async () => {
    await fill();
    const child = watching(["watch", STORE, "--all"]);
    await once(child.stdout, "data");
    child.stdout.destroy();
    const ended = outcomeOf(child);
    await space.store("app.db", (storage) => storage.save("a", 1));
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});
