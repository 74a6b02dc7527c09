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

/** Runs the command with a pipe for its input, in front of a terminal on which this is typed, an answer for each question. */
async function runBefore(typed: string | string[], args: readonly string[], piped: string): Promise<Asked> {
  const [stdout, stderr, seen] = [new Sink(), new Sink(), new Sink()];
  const keyboard = new PassThrough();
  const answers = [typed].flat();
  const modes: boolean[] = [];
  let closed = false;
  const terminal: Terminal = {
    input: Object.assign(keyboard, { setRawMode: (mode: boolean) => void modes.push(mode) }),
    output: seen,
    close() {
      closed = true;
    },
  };
  const openTerminal = () => {
    keyboard.write(answers.shift() ?? "");
    return terminal;
  };
  const streams = { stdin: Readable.from([Buffer.from(piped)]), stdout, stderr, openTerminal };
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

  it("that is not text opens and seals nothing: others would be the same", async () => {
    for (const bytes of [new Uint8Array([0xff, 0xfe]), new Uint8Array([0x70, 0xfc])]) {
      const put = await space.run(["put", STORE, "a", "--value", "1", ...KEYS], { input: bytes });
      expect(put).toMatchObject({ code: 2, stderr: expect.stringContaining("not text in UTF-8") });
    }
    expect(readdirSync(space.folder)).toEqual([]);
  });

  it("is asked for on the terminal where the pipe brings the value, which is saved whole", async () => {
    await makeKeys();
    const put = await runBefore(`${PASSPHRASE}\r`, ["put", STORE, "a", "-", ...KEYS], "a line\nand another\n");
    expect(put).toMatchObject({ code: 0, stdout: "saved a: 19 B, binary\n", stderr: "" });
    expect(put).toMatchObject({ seen: "Passphrase for ./keys: \n", modes: [true, false], closed: true });
    expect(await read("get", STORE, "a")).toBe("a line\nand another\n");
  });

  it("is asked for on the terminal where the pipe brings a secret", async () => {
    await makeKeys();
    const place = ["--store", "sqlite:./secrets.db"];
    const set = await runBefore(`${PASSPHRASE}\r`, ["secret", "set", "a", ...place, ...KEYS], `${TOKEN}\n`);
    expect(set).toMatchObject({ code: 0, stdout: "kept a\n", seen: "Passphrase for ./keys: \n", closed: true });
    expect(await read("secret", "get", "a", ...place)).toBe(`${TOKEN}\n`);
  });

  it.each([
    ["put", [STORE, "a", "-"]],
    ["secret", ["set", "a", "--store", STORE]],
  ])("that cannot be asked for anywhere is told, and %s writes nothing", async (command, args) => {
    const refused = await space.run([command, ...args, ...KEYS], { input: TOKEN });
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(
      /^holdfast: Passphrase for \.\/keys: .* no terminal.* — try: .*--keys environment.*\n$/,
    );
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

describe("two passphrases", () => {
  const OTHER = "battery staple";
  const migrate = ["migrate", STORE, "sqlite:./copy.db", "--reencrypt", ...KEYS, "--to-keys", "passphrase:./others"];
  const verify = ["verify", STORE, "sqlite:./copy.db", ...KEYS, "--to-keys", "passphrase:./others"];
  const fill = async () => {
    await makeKeys();
    await space.run(["put", STORE, "a", "--value", "1", ...KEYS], { input: PASSPHRASE });
  };

  it("come from a pipe in a line each, the first store's first", async () => {
    await fill();
    const input = `${PASSPHRASE}\n${OTHER}\n`;
    expect(await space.run(migrate, { input })).toMatchObject({ code: 0 });
    expect(await space.run(verify, { input: `${PASSPHRASE}\r\n${OTHER}` })).toMatchObject({ code: 0 });
    const copy = ["get", "sqlite:./copy.db", "a", "--keys", "passphrase:./others"];
    expect(await space.run(copy, { input: OTHER })).toMatchObject({ code: 0, stdout: "1\n" });
    expect((await space.run(verify, { input: `${OTHER}\n${PASSPHRASE}\n` })).code).toBe(8);
  });

  it.each(["", PASSPHRASE, `${PASSPHRASE}\n`, `${PASSPHRASE}\n\n`, "a\nb\nc"])(
    "are not guessed from %j, and nothing is made",
    async (input) => {
      await fill();
      const refused = await space.run(migrate, { input });
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(readdirSync(space.folder).sort()).toEqual(["app.db", "keys"]);
    },
  );

  it("are asked for by the names of their places", async () => {
    await fill();
    await space.run(migrate, { input: `${PASSPHRASE}\n${OTHER}` });
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    const shown = new Sink();
    const answers = [`${PASSPHRASE}\r`, `${OTHER}\r`];
    const type = (mode: boolean) => mode && stdin.write(answers.shift() ?? "");
    const streams = { stdin: Object.assign(stdin, { setRawMode: type }), stdout: new Sink(), stderr: shown };
    expect(await run([...verify, "--quiet"], streams, new AbortController().signal)).toBe(0);
    expect(shown.text).toBe("Passphrase for ./keys: \nPassphrase for ./others: \n");
  });

  it("of one place are one", async () => {
    await fill();
    const same = ["verify", STORE, STORE, ...KEYS, "--to-keys", "passphrase:./keys"];
    expect(await space.run(same, { input: `${PASSPHRASE}\n` })).toMatchObject({ code: 0 });
  });
});

describe("a rotation that is interrupted", () => {
  const kept = () => readdirSync(space.path("keys")).length;
  const fill = async () => {
    await makeKeys();
    await space.run(["put", STORE, "a", "--value", "1", ...KEYS], { input: PASSPHRASE });
  };

  /** Runs it until it has made a file beside the keys that there were, or to the moment at which it has read the passphrase. */
  async function interrupted(verb: string, at: "its new key" | "the passphrase"): Promise<string> {
    const before = kept();
    const interruption = new AbortController();
    const stdin = Readable.from([Buffer.from(PASSPHRASE)]);
    const [stdout, stderr] = [new Sink(), new Sink()];
    if (at === "the passphrase") stdin.once("end", () => interruption.abort());
    const running = run(["keys", verb, STORE, ...KEYS], { stdin, stdout, stderr }, interruption.signal);
    while (at === "its new key" && kept() === before) await new Promise((resolve) => setImmediate(resolve));
    interruption.abort();
    expect(await running).toBe(130);
    return stderr.text;
  }

  it.each(["rotate", "reencrypt"])("goes on with --resume once it has a new key, and says so: %s", async (verb) => {
    await fill();
    const before = kept();
    expect(await interrupted(verb, "its new key")).toMatch(/^holdfast: interrupted.* — try: again with --resume.*\n$/);
    const resumed = await space.json(["keys", verb, STORE, ...KEYS, "--resume"], { input: PASSPHRASE });
    expect(resumed.value).toMatchObject({ ok: true });
    expect((resumed.value as Record<string, number>)[verb === "rotate" ? "rewrapped" : "rewritten"]).toBe(1);
    expect(kept()).toBe(before + 1);
  });

  it("is to be run again where it had none yet: to go on would make none", async () => {
    await fill();
    const before = kept();
    expect(await interrupted("rotate", "the passphrase")).toBe("holdfast: interrupted — try: again\n");
    expect(kept()).toBe(before);
  });
});

describe("keys in a place that is empty", () => {
  const TYPO = ["--keys", "passphrase:./typo"];
  const input = `${PASSPHRASE}\n`;

  it.each<[string, string[]]>([
    ["get", [STORE, "a"]],
    ["ls", [STORE]],
    ["search", [STORE, "a"]],
    ["log", [STORE, "a"]],
    ["diff", [STORE, "a"]],
    ["restore", [STORE, "a", "1"]],
    ["export", [STORE, "out"]],
    ["verify", [STORE]],
    ["verify", [STORE, STORE]],
    ["migrate", [STORE, "sqlite:./copy.db"]],
    ["keys", ["ls", STORE]],
    ["keys", ["rotate", STORE]],
    ["keys", ["reencrypt", STORE]],
    ["secret", ["get", "a", "--store", STORE]],
    ["secret", ["ls", "--store", STORE]],
    ["secret", ["rm", "a", "--store", STORE]],
  ])("are missing, and not made, for %s %j", async (command, args) => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    const refused = await space.run([command, ...args, ...TYPO], { input });
    expect(refused).toMatchObject({ code: 8, stdout: "" });
    expect(refused.stderr).toMatch(/^holdfast: there is no master key in \.\/typo — try: --keys.*\n$/);
    expect(readdirSync(space.folder)).toEqual(["app.db"]);
  });

  it("are missing for doctor as well", async () => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    expect(await space.run(["doctor", STORE, ...TYPO], { input })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("there is no master key in ./typo (KEY_MISSING)"),
    });
    expect(existsSync(space.path("typo"))).toBe(false);
  });

  it("are made for what encrypts, which says so unless it is to be quiet", async () => {
    const put = (key: string, directory: string, ...more: string[]) =>
      space.run(["put", STORE, key, "--value", "1", "--keys", `passphrase:${directory}`, ...more], { input });
    expect((await put("a", "./new")).stderr).toBe("there was no master key in ./new: made the first one\n");
    expect((await put("b", "./new")).stderr).toBe("");
    expect((await put("c", "./other", "--quiet")).stderr).toBe("");
    expect(await space.run(["get", STORE, "b", "--keys", "passphrase:./new"], { input })).toMatchObject({ code: 0 });
  });

  it("are made for the destination of a migration that names them, and not for its plan", async () => {
    await makeKeys();
    await space.run(["put", STORE, "a", "--value", "1", ...KEYS], { input });
    const migrate = ["migrate", STORE, "sqlite:./copy.db", "--reencrypt", ...KEYS];
    const { HOLDFAST_KEYS } = process.env;
    process.env["HOLDFAST_KEYS"] = Buffer.alloc(32, 1).toString("base64");
    try {
      const plan = await space.run([...migrate, "--to-keys", "passphrase:./typo", "--dry-run"], {
        input: `${PASSPHRASE}\nanother\n`,
      });
      expect(plan).toMatchObject({ code: 0 });
      expect(existsSync(space.path("typo"))).toBe(false);
      const migrated = ["migrate", STORE, "sqlite:./plain.db", "--keys", "environment"];
      expect(await space.run([...migrated, "--to-keys", "passphrase:./typo"], { input })).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("there was no master key in ./typo"),
      });
      expect(existsSync(space.path("typo"))).toBe(true);
    } finally {
      if (HOLDFAST_KEYS === undefined) delete process.env["HOLDFAST_KEYS"];
      else process.env["HOLDFAST_KEYS"] = HOLDFAST_KEYS;
    }
  });

  it("are sealed with a passphrase that is typed twice, and with none that was typed in two ways", async () => {
    const args = ["put", STORE, "a", "-", ...KEYS, "--quiet"];
    const differing = await runBefore(["one\r", "two\r"], args, "data");
    expect(differing).toMatchObject({ code: 2, stderr: expect.stringContaining("the second time") });
    expect(readdirSync(space.folder)).toEqual([]);
    const twice = await runBefore([`${PASSPHRASE}\r`, `${PASSPHRASE}\r`], args, "data");
    expect(twice).toMatchObject({
      code: 0,
      stderr: "",
      seen: "Passphrase for ./keys: \nPassphrase for ./keys once more: \n",
    });
    expect(await read("get", STORE, "a")).toBe("data");
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
      const asked = shown.includes("Passphrase for ./keys: ");
      shown += chunk.toString();
      if (!asked && shown.includes("Passphrase for ./keys: ")) child.stdin.write(`${PASSPHRASE}\r`);
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(shown).toMatch(/^Passphrase for \.\/keys: \r?\n+saved a: 11 B, binary\r?\n$/);
    expect(await read("get", STORE, "a")).toBe("from a pipe");
  });
}
