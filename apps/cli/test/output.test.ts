import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, watch } from "node:fs";
import { PassThrough } from "node:stream";
import { passphraseKeys } from "@holdfast/keychain";
import { fileSecrets } from "@holdfast/keychain/node";
import { describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { damage } from "./support/damage.ts";
import { BIN, outcomeOf, type Started, start } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const MANY = 20_000;

/** Many more keys than a pipe holds. */
async function fillWithMany(): Promise<void> {
  await space.store("app.db", async (storage) => {
    await storage.batch(
      Array.from({ length: MANY }, (_, index) => ({ type: "save", key: `key-${index}`, data: index })),
    );
  });
}

describe("a reader that has seen enough", () => {
  it.each([["ls"], ["ls", "--json"], ["search"]])("ends %j in silence and with success", async (...args) => {
    await fillWithMany();
    const [command = "", ...options] = args;
    const child = start([command, STORE, ...options], { cwd: space.folder });
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await outcomeOf(child)).toMatchObject({ code: 0, stderr: "" });
  });

  it("ends get of a large value", async () => {
    await space.store("app.db", (storage) => storage.save("a", new Uint8Array(8_000_000)));
    const child = start(["get", STORE, "a"], { cwd: space.folder });
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await outcomeOf(child)).toMatchObject({ code: 0, stderr: "" });
  });

  it("does not turn a failure into success", async () => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    const child = start(["rm", STORE, "a", "b"], { cwd: space.folder });
    child.stdout.destroy();
    const { code, stderr } = await outcomeOf(child);
    expect(code).toBe(3);
    expect(stderr).toContain('there is no key "b" in');
  });
});

describe("stdout that cannot take any more", () => {
  it.runIf(process.platform === "linux")("is an error", async () => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    const child = spawn(process.execPath, [BIN, "ls", STORE], {
      cwd: space.folder,
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    });
    const stderr: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    const [code] = (await once(child, "close")) as [number];
    expect(Buffer.concat(stderr).toString()).toMatch(/^holdfast: .*ENOSPC.* — try: again when there is room\n$/);
    expect(code).toBe(9);
  });
});

describe("an interruption", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s ends the work with exit code %i and leaves no half value", async (signal, exitCode) => {
    const child = await startWithStore(["put", STORE, "a", "-"]);
    child.stdin.write("half of a value");
    child.kill(signal);
    const { code, stdout, stderr } = await outcomeOf(child);
    expect({ code, stdout, stderr }).toEqual({
      code: exitCode,
      stdout: "",
      stderr: "holdfast: interrupted — try: again\n",
    });
    expect(await space.run(["get", STORE, "a"])).toMatchObject({ code: 3 });
    expect(await space.run(["verify", STORE])).toMatchObject({ code: 0 });
  });

  it.each([
    ["a passphrase", ["get", STORE, "a", "--keys", "passphrase:./keys"]],
    ["a secret", ["secret", "set", "a"]],
  ])("is not kept waiting by a pipe that is to bring %s", async (_what, args) => {
    await space.store("app.db", (storage) => storage.save("a", 1));
    const secrets = fileSecrets({ directory: space.path("keys") });
    await passphraseKeys({ passphrase: "correct horse", secrets }).load();
    const interruption = new AbortController();
    const stdin = new PassThrough();
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const running = run(args, { stdin, stdout, stderr }, interruption.signal);
    // It waits for the pipe, which brings half of it.
    stdin.write("half");
    while (stdin.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
    interruption.abort();
    expect(await running).toBe(130);
    expect(stdout.read()).toBe(null);
    expect(String(stderr.read())).toBe("holdfast: interrupted — try: again\n");
    expect(stdin.destroyed).toBe(true);
  });

  it("is told as JSON with --json", async () => {
    const child = await startWithStore(["put", STORE, "a", "-", "--json"]);
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await outcomeOf(child);
    expect({ code, stdout }).toEqual({ code: 143, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ABORTED", exitCode: 143 } });
  });

  /** Starts a command, and resolves when it has made its database, and so has long been listening to signals. */
  async function startWithStore(args: readonly string[]): Promise<Started> {
    // Ahead of the command: what it makes before somebody watches is never told.
    const watcher = watch(space.folder);
    try {
      const seen = once(watcher, "change");
      const child = start(args, { cwd: space.folder });
      await Promise.race([seen, once(child, "close").then(() => Promise.reject(new Error("the command ended")))]);
      return child;
    } finally {
      watcher.close();
    }
  }
});

describe("--quiet", () => {
  it("leaves out the summary, and not what is wrong", async () => {
    const body = "the body that a disk will damage";
    await space.store("app.db", async (storage) => {
      await storage.save("bad", new TextEncoder().encode(body));
      await storage.save("good", 1);
    });
    await damage(space.path("app.db"), body);
    await space.write("in/broken.json", "{");
    await space.write("in/whole.json", "{}");
    const told = async (...args: string[]) => {
      const { stdout, stderr } = await space.run([...args, "--quiet"]);
      // Nothing but how it ended.
      expect(stderr).toMatch(/^holdfast: .*\n$/);
      return stdout;
    };
    expect(await told("verify", STORE)).toMatch(/^CORRUPT "bad": .*\n$/);
    expect(await told("export", STORE, "out")).toMatch(/^left out "bad" \(CORRUPT\): .*\n$/);
    expect(await told("import", "in", "sqlite:b.db")).toMatch(/^left out "broken.json" \(INVALID_VALUE\): .*\n$/);
    expect(await told("migrate", STORE, "sqlite:c.db")).toMatch(/^failed "bad" \(CORRUPT\): .*\n$/);
    expect(await told("doctor", STORE)).toMatch(/^FAIL {2}content {2}.*\n *→ .*\n$/);
  });
});

describe("progress", () => {
  it("is told on stderr in plain lines where there is no terminal", async () => {
    await space.write("data/a.txt", "a");
    await space.write("data/b.txt", "bc");
    const { stdout, stderr } = await space.run(["import", "data", STORE]);
    expect(stderr).toMatch(/^import: 2 items, 3 B in \S+ \S+\n$/);
    expect(stdout).toMatch(/^imported 2 items, 3 B in \S+ \S+\n$/);
  });

  it("is not told with --quiet, nor is a summary", async () => {
    await space.write("data/a.txt", "a");
    expect(await space.run(["import", "data", STORE, "--quiet"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await space.run(["verify", STORE, "-q"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect((await space.run(["ls", STORE, "--quiet"])).stdout).toBe("a.txt\n");
  });

  it("is not told with --json", async () => {
    await space.write("data/a.txt", "a");
    expect(await space.json(["import", "data", STORE])).toMatchObject({ code: 0, stderr: "" });
    expect(await space.json(["migrate", STORE, "sqlite:b.db"])).toMatchObject({ code: 0, stderr: "" });
  });
});
