import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, readdir, rename } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openStore } from "holdfast";
import { expect, it, onTestFinished, vi } from "vitest";
import { commandsOf, readPage } from "./support/pages.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const page = await readPage("guides/back-up-and-restore");

/** Runs lines of the page, one after the other, and returns what each printed. Each has to succeed. */
async function follow(lines: readonly string[]): Promise<string[]> {
  const printed: string[] = [];
  for (const line of lines) {
    const [program, ...args] = line.replaceAll("'", "").split(" ");
    if (program === "mkdir") await mkdir(space.path(...args));
    else if (line === "mv app.db* broken/") await moveStore("app.db", "broken");
    else {
      expect(program).toBe("holdfast");
      const { code, stdout, stderr } = await space.run(args);
      expect(code, `${line}\n${stderr}`).toBe(0);
      printed.push(stdout);
    }
  }
  return printed;
}

async function moveStore(name: string, folder: string): Promise<void> {
  const files = (await readdir(space.folder)).filter((file) => file.startsWith(name));
  for (const file of files) await rename(space.path(file), space.path(folder, file));
}

/** Saves fewer times than migrate follows an app that never pauses (16), so whatever the pace it catches up. */
const SAVES = 15;

/** An app in a process of its own that has the store open, writes for a second, and then leaves it open. */
async function startApp(): Promise<{ acknowledged: string[]; end(): Promise<void> }> {
  const script = fileURLToPath(new URL("support/keep-writing.ts", import.meta.url));
  const child = spawn(process.execPath, [script, STORE, `${SAVES}`], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => acknowledged.push(`live/${line}`));
  await once(lines, "line");
  return {
    acknowledged,
    async end() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

const valueAt = async (store: string, key: string, ...flags: string[]) =>
  (await space.run(["get", store, key, ...flags])).stdout.trim();

const keysOf = async (store: string, prefix: string) =>
  (await space.run(["ls", store, prefix])).stdout.split("\n").filter((key) => key !== "");

it("backs up beside an app that writes, and restores, by the commands of the page", async () => {
  vi.stubEnv("HOLDFAST_KEYS", Buffer.alloc(32, 1).toString("base64"));
  vi.stubEnv("BACKUP_KEYS", Buffer.alloc(32, 2).toString("base64"));
  await space.run(["put", STORE, "notes/plan", "--value", "1"]);
  await space.run(["put", STORE, "notes/plan", "--value", "2", "--history"]);
  await space.run(["put", STORE, "secret", "--value", "3", "--keys", "environment"]);
  const app = await startApp();

  // What the page warns of.
  await copyFile(space.path("app.db"), space.path("copy.db"));
  expect(app.acknowledged).toContain("live/1");
  expect(await keysOf("sqlite:./copy.db", "")).toEqual(["notes/plan", "secret"]);

  const before = [...app.acknowledged];
  await follow(commandsOf(page, "Back up and restore"));
  expect(await keysOf("sqlite:./backup.db", "live/")).toEqual(expect.arrayContaining(before));
  expect((await space.run(["log", "sqlite:./backup.db", "notes/plan"])).stdout).toMatch(/^0 .*\n1 .*\n$/);

  await follow(commandsOf(page, "Keys need a copy of their own"));
  expect(await valueAt("sqlite:./sealed.db", "secret", "--keys", "environment:BACKUP_KEYS")).toBe("3");
  expect((await space.run(["get", "sqlite:./sealed.db", "secret", "--keys", "environment"])).code).toBe(8);
  await app.end();

  const cursor = await space.store("app.db", async (storage) => (await storage.getInfo()).cursor);
  const restore = commandsOf(page, "Restore");
  const printed = await follow(restore.slice(0, -1));
  expect(printed.at(-1)).not.toMatch(/^[-+*!=] /m);
  await space.store("app.db", async (storage) => {
    const reader = storage.changes(cursor)[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toMatchObject({ code: "NOT_FOUND", resync: true });
    const { version } = (await storage.stat("notes/plan")) ?? {};
    await space.store("backup.db", async (backup) => expect((await backup.stat("notes/plan"))?.version).toBe(version));
  });

  await space.run(["put", STORE, "notes/plan", "--value", "4"]);
  await space.run(["put", STORE, "notes/new", "--value", "5"]);
  const [last = ""] = await follow(restore.slice(-1));
  expect([await valueAt(STORE, "notes/plan"), await valueAt(STORE, "notes/new")]).toEqual(["2", "5"]);
  await follow([last.trim().split("\n").at(-1)?.replace("to put back what was replaced: ", "") ?? ""]);
  expect(await valueAt(STORE, "notes/plan")).toBe("4");
});

it("restores files from a copy of the directory: whole when it was closed, without previous versions otherwise", async () => {
  const put = async (...args: string[]) => expect((await space.run(["put", "file:./data", ...args])).code).toBe(0);
  await put("a", "--value", "1", "--tag", "t");
  await put("a", "--value", "2", "--tag", "t");
  await cp(space.path("data"), space.path("whole"), { recursive: true });

  await using open = await openStore("file:./data");
  await open.flush();
  await cp(space.path("data"), space.path("plain"), {
    recursive: true,
    filter: (file) => !file.includes(".holdfast"),
  });

  for (const [copy, previous] of [
    ["file:./whole", 1],
    ["file:./plain", 0],
  ] as const) {
    expect((await space.run(["verify", copy])).code).toBe(0);
    expect((await space.run(["verify", "file:./data", copy])).code).toBe(0);
    const { value } = await space.json(["log", copy, "a"]);
    expect(value).toMatchObject({ standing: { tags: ["t"] }, previous: { length: previous } });
  }
});
