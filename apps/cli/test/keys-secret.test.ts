import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { environmentKeys } from "@holdfast/keychain";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { damage } from "./support/damage.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";
const VARIABLE = "HOLDFAST_TEST_KEYS";
const KEYS = ["--keys", `environment:${VARIABLE}`];
const ONE = Buffer.alloc(32, 1).toString("base64");
const TWO = Buffer.alloc(32, 2).toString("base64");
const TOKEN = "ghp_unmistakable";

beforeEach(() => {
  process.env[VARIABLE] = ONE;
});
afterEach(() => {
  delete process.env[VARIABLE];
});

/** Everything that lies below a directory. */
function bytesBelow(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path).toString("latin1");
  return readdirSync(path)
    .map((name) => bytesBelow(join(path, name)))
    .join("\n");
}

describe("a store that is encrypted", () => {
  it("is written and read with --keys, and says which key is missing without", async () => {
    expect((await space.run(["put", STORE, "a", "--value", `"${TOKEN}"`, ...KEYS])).code).toBe(0);
    expect((await space.run(["get", STORE, "a", ...KEYS])).stdout).toBe(`"${TOKEN}"\n`);
    const without = await space.run(["get", STORE, "a"]);
    expect(without.code).not.toBe(0);
    expect(without.stderr).toMatch(/KEY_MISSING|encrypted with the key/);
    expect((await space.run(["verify", STORE, ...KEYS])).code).toBe(0);
    expect((await space.run(["verify", STORE])).code).toBe(0);
    expect((await space.run(["ls", STORE, ...KEYS])).stdout).toBe("a\n");
    expect(bytesBelow(space.folder)).not.toContain(TOKEN);
  });

  it("is imported into, exported, compared and brought back with --keys", async () => {
    await space.write("in/a.json", JSON.stringify({ token: TOKEN }));
    expect((await space.run(["import", "in", STORE, ...KEYS])).code).toBe(0);
    expect((await space.json(["ls", STORE])).value).toMatchObject({ items: [{ key: "a.json", encrypted: true }] });
    await space.run(["put", STORE, "a.json", "--value", '{"token":"other"}', "--format", "json", "--history", ...KEYS]);
    for (const [command, ...more] of [
      ["diff", "a.json"],
      ["restore", "a.json", "1"],
      ["export", "out"],
    ]) {
      const args = [command ?? "", STORE, ...more];
      const without = await space.run(args);
      expect(without.code, command).not.toBe(0);
      expect(without.stdout + without.stderr, command).toMatch(/KEY_MISSING|encrypted with the key/);
      if (command === "export") args[2] = "out2";
      expect((await space.run([...args, ...KEYS])).code, command).toBe(0);
    }
    expect((await space.run(["get", STORE, "a.json", ...KEYS])).stdout).toContain(TOKEN);
    expect(bytesBelow(join(space.folder, "out2"))).toContain(TOKEN);
    for (const args of [
      ["search", STORE, "a"],
      ["log", STORE, "a.json"],
      ["doctor", STORE],
    ]) {
      expect((await space.run([...args, ...KEYS])).code, args[0]).toBe(0);
    }
  });

  it("migrates as it is without keys, and under other keys with --reencrypt", async () => {
    const [OTHER, COPY] = ["HOLDFAST_TEST_OTHER_KEYS", "sqlite:./copy.db"];
    const TO_KEYS = ["--to-keys", `environment:${OTHER}`];
    process.env[OTHER] = TWO;
    try {
      await space.run(["put", STORE, "a", "--value", `"${TOKEN}"`, ...KEYS]);
      expect((await space.run(["migrate", STORE, "sqlite:./same.db"])).code).toBe(0);
      expect((await space.run(["get", "sqlite:./same.db", "a", ...KEYS])).stdout).toBe(`"${TOKEN}"\n`);
      expect((await space.run(["migrate", STORE, COPY, "--reencrypt"])).stderr).toContain("--to-keys");
      expect((await space.run(["migrate", STORE, COPY, "--reencrypt", ...KEYS, ...TO_KEYS])).code).toBe(0);
      expect((await space.run(["get", COPY, "a", ...KEYS])).code).not.toBe(0);
      expect((await space.run(["get", COPY, "a", "--keys", `environment:${OTHER}`])).stdout).toBe(`"${TOKEN}"\n`);
      expect((await space.run(["verify", STORE, COPY, ...KEYS, ...TO_KEYS])).code).toBe(0);
      expect((await space.run(["verify", STORE, COPY])).code).not.toBe(0);
      expect((await space.run(["verify", STORE, ...KEYS, ...TO_KEYS])).stderr).toContain("two stores");
      expect(bytesBelow(space.folder)).not.toContain(TOKEN);
    } finally {
      delete process.env[OTHER];
    }
  });

  it("lists its keys and takes new ones that are set from outside", async () => {
    await space.run(["put", STORE, "a", "--value", "1", ...KEYS]);
    const listed = (await space.json(["keys", "ls", STORE, ...KEYS])).value as { keys: { id: string }[] };
    expect(listed.keys).toMatchObject([{ active: true, present: true, items: 1, versions: 0 }]);
    const refused = await space.run(["keys", "rotate", STORE, ...KEYS]);
    expect(refused.stderr).toMatch(/set from outside.* — try: .*new key .*variable.*--resume\n$/);
    process.env[VARIABLE] = `${TWO},${ONE}`;
    const rotated = (await space.json(["keys", "rotate", STORE, "--resume", ...KEYS])).value;
    expect(rotated).toMatchObject({ ok: true, rewrapped: 1, failures: [] });
    process.env[VARIABLE] = TWO;
    expect((await space.run(["get", STORE, "a", ...KEYS])).stdout).toBe("1\n");
    const anew = (await space.json(["keys", "reencrypt", STORE, "--resume", ...KEYS])).value;
    expect(anew).toMatchObject({ ok: true });
    process.env[VARIABLE] = ONE;
    const lost = await space.run(["keys", "ls", STORE, ...KEYS]);
    expect(lost.stdout).toMatch(/MISSING +1 +0/);
    const failed = await space.run(["keys", "reencrypt", STORE, "--resume", ...KEYS]);
    expect(failed.code).not.toBe(0);
    expect(failed.stdout).toContain("KEY_MISSING");
    const quiet = await space.run(["keys", "reencrypt", STORE, "--resume", "--quiet", ...KEYS]);
    expect(quiet.stdout).toMatch(/^failed "a" \(KEY_MISSING\): .+\n$/);
  });

  it("of another realm is worked on with --realm, and not rotated without", async () => {
    const keys = environmentKeys({ variable: VARIABLE });
    await space.store("app.db", (storage) => storage.save("a", TOKEN), { encryption: { keys, realm: "notes" } });
    const without = await space.run(["get", STORE, "a", ...KEYS]);
    expect(without).toMatchObject({ code: 8, stderr: expect.stringContaining('of the realm "notes"') });
    const [REALM, OTHER] = [
      ["--realm", "notes"],
      ["--to-realm", "other"],
    ];
    expect((await space.run(["get", STORE, "a", ...KEYS, ...REALM])).stdout).toBe(`"${TOKEN}"\n`);
    const moved = await space.run(["migrate", STORE, "sqlite:./other.db", ...KEYS, ...REALM, ...OTHER]);
    expect(moved).toMatchObject({ code: 0 });
    expect((await space.run(["get", "sqlite:./other.db", "a", ...KEYS, "--realm", "other"])).code).toBe(0);
    expect((await space.run(["verify", STORE, "sqlite:./other.db", ...KEYS, ...REALM, ...OTHER])).code).toBe(0);
    expect((await space.run(["put", STORE, "b", "--value", "1", ...KEYS, ...REALM])).code).toBe(0);
    expect((await space.run(["verify", STORE, ...KEYS, ...REALM])).code).toBe(0);
    expect((await space.run(["verify", STORE, ...KEYS])).code).toBe(8);
    process.env[VARIABLE] = `${TWO},${ONE}`;
    const rotated = await space.json(["keys", "rotate", STORE, "--resume", ...KEYS, ...REALM]);
    expect(rotated.value).toMatchObject({ ok: true, rewrapped: 2 });
    expect((await space.run(["ls", STORE, ...REALM])).stderr).toContain("--keys");
    expect((await space.run(["migrate", STORE, "memory:", ...REALM])).stderr).toContain("--keys");
    expect((await space.run(["verify", STORE, ...KEYS, ...OTHER])).stderr).toContain("two stores");
    expect((await space.run(["ls", STORE, ...KEYS, "--realm", ""])).code).toBe(2);
  });

  it("is not called damaged where the keys are others, and nothing of it is to be deleted", async () => {
    await space.run(["put", STORE, "a", "--value", `"${TOKEN}"`, ...KEYS]);
    process.env[VARIABLE] = TWO;
    const refused = await space.run(["verify", STORE, ...KEYS]);
    expect(refused).toMatchObject({ code: 8, stdout: expect.stringContaining('KEY_MISSING "a"') });
    expect(refused.stderr).toMatch(/^holdfast: 1 item .*cannot be opened.* — try: --keys and --realm .*\n$/m);
    const checked = await space.run(["doctor", STORE, ...KEYS]);
    expect(checked).toMatchObject({ code: 1, stdout: expect.stringContaining("→ --keys and --realm") });
    for (const told of [refused.stderr, checked.stdout]) expect(told).not.toMatch(/holdfast rm|--repair/);
  });

  it("is called damaged where one item is, whatever the keys", async () => {
    await space.run(["put", STORE, "a", "--value", `"${TOKEN}"`, ...KEYS]);
    await space.run(["put", STORE, "b", "--value", '"a body to be damaged"']);
    await damage(space.path("app.db"), "a body to be damaged");
    process.env[VARIABLE] = TWO;
    const refused = await space.json(["verify", STORE, ...KEYS]);
    expect(refused).toMatchObject({ code: 6 });
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "CORRUPT", key: "b" } });
    expect(refused.stderr).toMatch(/--keys and --realm.*; .*rm/);
    expect((await space.run(["doctor", STORE, ...KEYS])).stdout).toContain("--repair");
  });

  it("that others go on writing under a former key says so, and is done once they have stopped", async () => {
    await space.run(["put", STORE, "a", "--value", "1", ...KEYS]);
    const keys = environmentKeys({ environment: { HOLDFAST_KEYS: ONE } });
    process.env[VARIABLE] = `${TWO},${ONE}`;
    const rotate = ["keys", "rotate", STORE, "--resume", ...KEYS];
    await space.store(
      "app.db",
      async (storage) => {
        let isDone = false;
        const write = async (key: string) => {
          while (!isDone) await storage.save(key, 1);
        };
        // So many that the command cannot be through with them before one has written again.
        const writing = Promise.all(Array.from({ length: 16 }, (_, index) => write(`busy/${index}`)));
        const met = await space.run(rotate).finally(() => {
          isDone = true;
        });
        await writing;
        expect(met.code).toBe(1);
        expect(met.stderr).toMatch(/^holdfast: .*others went on writing.* — try: .*--resume.*closed$/m);
      },
      { encryption: { keys } },
    );
    expect(await space.run(rotate)).toMatchObject({ code: 0 });
  });

  it("of another realm gets no new key from a rotation that does not name it", async () => {
    const input = "correct horse";
    const PASSPHRASE = ["--keys", "passphrase:./keys"];
    await space.run(["put", STORE, "a", "--value", "1", ...PASSPHRASE, "--realm", "notes"], { input });
    const kept = () => readdirSync(space.path("keys"));
    const before = kept();
    for (const verb of ["rotate", "reencrypt"]) {
      const refused = await space.run(["keys", verb, STORE, ...PASSPHRASE], { input });
      expect(refused).toMatchObject({ code: 8, stdout: "", stderr: expect.stringContaining('realm "notes"') });
      expect(kept()).toEqual(before);
    }
    const rotated = await space.run(["keys", "rotate", STORE, ...PASSPHRASE, "--realm", "notes"], { input });
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining("1 wrapped anew") });
    expect(kept()).toHaveLength(before.length + 1);
    expect((await space.run(["get", STORE, "a", ...PASSPHRASE, "--realm", "notes"], { input })).stdout).toBe("1\n");
  });

  it.each(["keychain", "os-keychain", "os-keychain:", "passphrase", "x:y"])("has no keys named %s", async (source) => {
    await space.run(["put", STORE, "a", "--value", "1"]);
    const { code, stderr } = await space.run(["keys", "ls", STORE, "--keys", source]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("names no keys") });
  });
});

describe("holdfast secret", () => {
  const place = ["--store", "sqlite:./secrets.db", ...KEYS];

  it("keeps what is piped in, by name, and shows it only when it is asked for", async () => {
    const set = await space.run(["secret", "set", "github/ann", ...place], { input: `${TOKEN}\n` });
    expect(set).toMatchObject({ code: 0, stdout: "kept github/ann\n" });
    await space.run(["secret", "set", "mail", ...place], { input: "other" });
    expect((await space.run(["secret", "ls", ...place])).stdout).toBe("github/ann\nmail\n");
    expect((await space.run(["secret", "ls", "github", ...place])).stdout).toBe("github/ann\n");
    expect((await space.run(["secret", "get", "github/ann", ...place])).stdout).toBe(`${TOKEN}\n`);
    expect((await space.json(["secret", "get", "mail", ...place])).value).toEqual({ name: "mail", secret: "other" });
    expect(bytesBelow(space.folder)).not.toContain(TOKEN);
    expect(bytesBelow(space.folder)).not.toContain("github");
    expect((await space.run(["secret", "rm", "github/ann", ...place])).code).toBe(0);
    expect((await space.run(["secret", "rm", "github/ann", ...place])).code).toBe(3);
    expect((await space.run(["secret", "get", "github/ann", ...place])).code).toBe(3);
  });

  it("takes no secret as an argument, and none that is empty", async () => {
    expect((await space.run(["secret", "set", "a", TOKEN, ...place])).code).toBe(2);
    expect((await space.run(["secret", "set", "a", ...place], { input: "\n" })).code).toBe(2);
    expect((await space.run(["secret", "set", "a", ...place], { input: "x".repeat(70_000) })).code).toBe(2);
    expect((await space.run(["secret", "set", "", ...place], { input: "x" })).code).toBe(2);
    expect(readdirSync(space.folder)).toEqual([]);
  });

  it("takes text alone, and keeps nothing of what is none", async () => {
    for (const bytes of [
      [0xff, 0xfe],
      [0x61, 0xc3],
      [0xed, 0xa0, 0x80],
    ]) {
      const refused = await space.run(["secret", "set", "a", ...place], { input: new Uint8Array(bytes) });
      expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("not text in UTF-8") });
    }
    expect((await space.run(["secret", "get", "a", ...place])).code).toBe(3);
    const text = "\ufeffü 東 \u0000\t😀";
    await space.run(["secret", "set", "b", ...place], { input: text });
    expect((await space.run(["secret", "get", "b", ...place])).stdout).toBe(`${text}\n`);
  });

  it("makes no store, and asks for nothing, for a name that is none", async () => {
    for (const name of ["a\nb", "", "x".repeat(201)]) {
      const stdin = new PassThrough();
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      // Nothing ever comes.
      const code = await run(["secret", "set", name, ...place], { stdin, stdout, stderr }, AbortSignal.timeout(5_000));
      expect({ code, told: String(stderr.read()) }).toEqual({
        code: 2,
        told: expect.stringContaining("the name of a credential is text"),
      });
    }
    expect((await space.run(["secret", "set", "a", ...place], { input: "" })).code).toBe(2);
    expect(readdirSync(space.folder)).toEqual([]);
  });

  it("wants keys for a store, and a store for keys", async () => {
    expect((await space.run(["secret", "ls", "--store", STORE])).stderr).toContain("--keys");
    expect((await space.run(["secret", "ls", ...KEYS])).stderr).toContain("--store");
    expect(await space.run(["secret", "ls", ...place, "--service", "mine"])).toMatchObject({ code: 2 });
  });

  it.each([["get", "a"], ["ls"], ["rm", "a"]])("makes no store for %s", async (...args) => {
    const { code, stderr } = await space.run(["secret", ...args, ...place]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining("there is no store at sqlite:./secrets.db"),
    });
    expect(stderr).toContain("`holdfast secret set NAME --store sqlite:./secrets.db --keys SOURCE` to make one");
    expect(readdirSync(space.folder)).toEqual([]);
  });
});

describe("on a terminal", () => {
  class Screen extends Writable {
    readonly isTTY = true;
    shown = "";

    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.shown += chunk.toString();
      done();
    }
  }

  /** A keyboard that types as soon as somebody listens. */
  function keyboard(
    typed: string | Uint8Array,
  ): PassThrough & { isTTY: true; modes: boolean[]; setRawMode(mode: boolean): void } {
    const modes: boolean[] = [];
    const stdin = new PassThrough();
    stdin.write(typed);
    return Object.assign(stdin, { isTTY: true as const, modes, setRawMode: (mode: boolean) => void modes.push(mode) });
  }

  const place = () => ["--store", `sqlite:${space.path("secrets.db")}`, ...KEYS];

  it("asks for a secret and shows nothing of what is typed", async () => {
    const [stdout, stderr] = [new Screen(), new Screen()];
    const stdin = keyboard(`${TOKEN}xx\u007f\b\r`);
    const code = await run(["secret", "set", "a", ...place()], { stdin, stdout, stderr }, new AbortController().signal);
    expect({ code, shown: stdout.shown, asked: stderr.shown }).toEqual({
      code: 0,
      shown: "kept a\n",
      asked: "Secret for a: \n",
    });
    expect(stdin.modes).toEqual([true, false]);
    expect((await space.run(["secret", "get", "a", ...place()])).stdout).toBe(`${TOKEN}\n`);
  });

  it("takes what is typed byte by byte, and refuses what is no text", async () => {
    const set = async (name: string, typed: string | Uint8Array) => {
      const [stdout, stderr] = [new Screen(), new Screen()];
      const streams = { stdin: keyboard(typed), stdout, stderr };
      return { code: await run(["secret", "set", name, ...place()], streams, new AbortController().signal), stderr };
    };
    const bytes = Buffer.from("ü😀x\u007f\rü");
    expect((await set("a", bytes.subarray(0, -1))).code).toBe(0);
    expect((await space.run(["secret", "get", "a", ...place()])).stdout).toBe("ü😀\n");
    // As a terminal set to Latin-1 sends it.
    const { code, stderr } = await set("b", new Uint8Array([0x70, 0xfc, 0x0d]));
    expect({ code, shown: stderr.shown }).toEqual({ code: 2, shown: expect.stringContaining("not text in UTF-8") });
    expect((await space.run(["secret", "ls", ...place()])).stdout).toBe("a\n");
  });

  it("stops at Ctrl-C, and leaves the terminal as it was", async () => {
    const stdin = keyboard("half\u0003");
    const streams = { stdin, stdout: new Screen(), stderr: new Screen() };
    expect(await run(["secret", "set", "a", ...place()], streams, new AbortController().signal)).toBe(130);
    expect(stdin.modes).toEqual([true, false]);
    expect(readdirSync(space.folder)).toEqual([]);
  });
});
