import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { PassThrough, Readable, Writable } from "node:stream";
import { passphraseKeys } from "@holdfast/keychain";
import { fileSecrets } from "@holdfast/keychain/node";
import { describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import type { Terminal } from "../src/terminal-device.ts";
import { BIN } from "./support/holdfast.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const KEYS = ["--keys", "passphrase:./keys"];
const PASSPHRASE = "correct horse";
const TOKEN = "ghp_unmistakable";

/** Makes keys that are sealed with as little work as is allowed: what seals them is not what these tests are about. */
async function makeKeys(): Promise<void> {
  const derivation = { kdf: "argon2id", memory: 8 * 1024, passes: 1, lanes: 1 } as const;
  const secrets = fileSecrets({ directory: space.path("keys") });
  await passphraseKeys({ passphrase: PASSPHRASE, secrets, derivation }).load();
}

/** Keeps what is written, as a pipe without a terminal at its end. */
class Sink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface Asked {
  code: number;
  stdout: string;
  stderr: string;
  /** What was seen on the terminal. */
  seen: string;
  modes: boolean[];
  closed: boolean;
}

/** Runs the command with a pipe for its input, in front of a terminal on which this is typed. */
async function runBefore(typed: string, args: readonly string[], piped: string): Promise<Asked> {
  const [stdout, stderr, seen] = [new Sink(), new Sink(), new Sink()];
  const keyboard = new PassThrough();
  keyboard.write(typed);
  const modes: boolean[] = [];
  let closed = false;
  const terminal: Terminal = {
    input: Object.assign(keyboard, { setRawMode: (mode: boolean) => void modes.push(mode) }),
    output: seen,
    close() {
      closed = true;
    },
  };
  const streams = { stdin: Readable.from([Buffer.from(piped)]), stdout, stderr, openTerminal: () => terminal };
  const code = await run(args, streams, new AbortController().signal);
  return { code, stdout: stdout.text, stderr: stderr.text, seen: seen.text, modes, closed };
}

/** Reads with the passphrase from a pipe, which brings nothing else here. */
const read = async (...args: string[]) => (await space.run([...args, ...KEYS], { input: `${PASSPHRASE}\n` })).stdout;

describe("a passphrase", () => {
  it("is taken from a pipe where the command takes nothing else from it", async () => {
    await makeKeys();
    await space.write("a.txt", "content");
    const put = await space.run(["put", STORE, "a", "a.txt", ...KEYS], { input: `${PASSPHRASE}\n` });
    expect(put).toMatchObject({ code: 0, stdout: "saved a: 7 B, binary\n" });
    expect(await read("get", STORE, "a")).toBe("content");
    expect((await space.run(["get", STORE, "a", ...KEYS], { input: "other" })).code).toBe(8);
  });

  it("is asked for on the terminal where the pipe brings the value, which is saved whole", async () => {
    await makeKeys();
    const put = await runBefore(`${PASSPHRASE}\r`, ["put", STORE, "a", "-", ...KEYS], "a line\nand another\n");
    expect(put).toMatchObject({ code: 0, stdout: "saved a: 19 B, binary\n", stderr: "" });
    expect(put).toMatchObject({ seen: "Passphrase: \n", modes: [true, false], closed: true });
    expect(await read("get", STORE, "a")).toBe("a line\nand another\n");
  });

  it("is asked for on the terminal where the pipe brings a secret", async () => {
    await makeKeys();
    const place = ["--store", "sqlite:./secrets.db"];
    const set = await runBefore(`${PASSPHRASE}\r`, ["secret", "set", "a", ...place, ...KEYS], `${TOKEN}\n`);
    expect(set).toMatchObject({ code: 0, stdout: "kept a\n", seen: "Passphrase: \n", closed: true });
    expect(await read("secret", "get", "a", ...place)).toBe(`${TOKEN}\n`);
  });

  it.each([
    ["put", [STORE, "a", "-"]],
    ["secret", ["set", "a", "--store", STORE]],
  ])("that cannot be asked for anywhere is told, and %s writes nothing", async (command, args) => {
    const refused = await space.run([command, ...args, ...KEYS], { input: TOKEN });
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^holdfast: Passphrase: .* no terminal.* — try: .*--keys environment.*\n$/);
    expect(readdirSync(space.folder)).toEqual([]);
  });

  it("leaves the terminal as it was at Ctrl-C, and writes nothing", async () => {
    const stopped = await runBefore("half\u0003", ["put", STORE, "a", "-", ...KEYS], "data");
    expect(stopped).toMatchObject({ code: 130, modes: [true, false], closed: true });
    expect(existsSync(space.path("app.db"))).toBe(false);
  });

  it("that nobody can type is not waited for in a process without a terminal", async () => {
    // In a session of its own, as services and jobs run.
    const child = spawn(process.execPath, [BIN, "put", STORE, "a", "-", ...KEYS], {
      cwd: space.folder,
      detached: true,
    });
    let told = "";
    child.stderr.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    child.stdin.end("data");
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(2);
    expect(told).toContain("there is no terminal");
    expect(readdirSync(space.folder)).toEqual([]);
  });
});

// That of util-linux; others of this name take other arguments.
const script = spawnSync("script", ["--version"], { encoding: "utf8" });
if (script.status !== 0 || !script.stdout.includes("util-linux")) {
  it("a passphrase, on a real terminal: NOT RUN, script of util-linux not installed", () => {
    // Where every change is checked there has to be one.
    expect(process.platform === "linux" && process.env["CI"] === "true").toBe(false);
  });
} else {
  it("a passphrase is asked for on a real terminal, unseen, while the pipe brings the value", async () => {
    await makeKeys();
    const command = `printf 'from a pipe' | "${process.execPath}" "${BIN}" put ${STORE} a - ${KEYS.join(" ")}`;
    const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { cwd: space.folder });
    let shown = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const asked = shown.includes("Passphrase: ");
      shown += chunk.toString();
      if (!asked && shown.includes("Passphrase: ")) child.stdin.write(`${PASSPHRASE}\r`);
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(shown).toMatch(/^Passphrase: \r?\n+saved a: 11 B, binary\r?\n$/);
    expect(await read("get", STORE, "a")).toBe("from a pipe");
  });
}
