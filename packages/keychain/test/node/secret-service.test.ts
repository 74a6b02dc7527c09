import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { KeychainSession } from "../support/keychain-session.js";
import { keyProviderContract } from "../support/provider-contract.js";

const NEEDED = ["dbus-run-session", "gnome-keyring-daemon"];
const missing = NEEDED.filter((program) => spawnSync("which", [program]).status !== 0);
const contractProcess = new URL("../support/keychain-process.mjs", import.meta.url).pathname;
const scenario = new URL("../support/secret-service-scenario.mjs", import.meta.url).pathname;
/** What is tried by hand where no test runs. */
const byHand = new URL("../../scripts/try-os-keychain.mjs", import.meta.url).pathname;
const UNLOCK = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
const made: string[] = [];
let session: Promise<KeychainSession> | undefined;

afterAll(async () => {
  await (await session)?.end();
  for (const path of made) await rm(path, { recursive: true, force: true });
});

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-secret-service-"));
  made.push(home);
  return home;
}

interface Command {
  readonly program: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}

/** How a script runs in a session of its own, whose keyring nobody else sees; with no `start`, in none. */
async function commandIn(
  home: string,
  start: string,
  script: string,
  { words = [], more = {} }: { words?: string[]; more?: Record<string, string> } = {},
): Promise<Command> {
  const runtime = await mkdtemp(join(home, "run-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(home, "data"),
    ...more,
  };
  if (start === "") return { program: process.execPath, args: [script, ...words], env };
  const inSession = ["--", "sh", "-c", `${start}; exec "$@"`, "sh", process.execPath, script, ...words];
  return { program: "dbus-run-session", args: inSession, env };
}

async function runIn(...given: Parameters<typeof commandIn>): Promise<string> {
  const { program, args, env } = await commandIn(...given);
  const { stdout } = await promisify(execFile)(program, args, { env, timeout: 60_000 });
  return stdout;
}

/** One for all tests of the contract. */
function contractSession(): Promise<KeychainSession> {
  session ??= newHome()
    .then((home) => commandIn(home, UNLOCK, contractProcess))
    .then(({ program, args, env }) => spawn(program, args, { env, stdio: ["pipe", "pipe", "inherit"] }))
    .then((child) => new KeychainSession(child));
  return session;
}

async function run(start: string, home: string, more: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const lines = (await runIn(home, start, scenario, { more })).trim().split("\n");
  return JSON.parse(lines.at(-1) ?? "") as Record<string, unknown>;
}

if (process.platform !== "linux" || missing.length > 0) {
  const reason =
    process.platform === "linux" ? `${missing.join(" and ")} not installed` : `this is ${process.platform}`;
  it(`a real Secret Service: NOT RUN, ${reason}`, () => {
    // Where every change is checked there has to be one.
    expect(process.platform === "linux" && process.env["CI"] === "true").toBe(false);
  });
} else {
  let services = 0;
  keyProviderContract("os-keychain, in a real Secret Service", async () => {
    const kept = await contractSession();
    const service = `contract ${++services}`;
    return { open: () => kept.keychainOf(service) };
  });

  describe("a real Secret Service", () => {
    it("keeps master keys and credentials", async () => {
      const { value, ...failure } = await run(UNLOCK, await newHome());
      expect(failure).toEqual({});
      expect(value).toEqual({
        same: true,
        added: 2,
        removed: [expect.stringMatching(/^[0-9a-f]{16}$/)],
        active: expect.stringMatching(/^[0-9a-f]{16}$/),
        names: ["github/ann", "github/bob", "mail"],
        found: [
          ["github/ann", "tökén"],
          ["github/bob", "other"],
        ],
        gone: [true, false],
        others: 0,
      });
    });

    it("passes what the script for macOS and Windows tries, which is run by hand there", async () => {
      const home = await newHome();
      const told = await runIn(home, UNLOCK, byHand);
      expect(told).not.toContain("FAILED");
      expect(told).toMatch(/all 7 are right on linux, and nothing is left behind\n$/);
    });

    it("that does not start is out of reach", async () => {
      const home = await newHome();
      const services = join(home, "data", "dbus-1", "services");
      await mkdir(services, { recursive: true });
      const service = "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n";
      await writeFile(join(services, "org.freedesktop.secrets.service"), service);
      expect(await run("true", home)).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringMatching(/does not answer.*out of reach/),
      });
    });

    it("that is locked says so, and nothing goes to the kernel's keyring instead", async () => {
      const start = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1";
      const home = await newHome();
      const unlocking = { code: "LOCKED", message: expect.stringContaining("unlock") };
      expect(await run(start, home)).toMatchObject(unlocking);
      await run(UNLOCK, home);
      expect(await run(start, home)).toMatchObject(unlocking);
    });
  });
}

describe.runIf(process.platform === "linux")("without a D-Bus session", () => {
  /** Where a machine has its services, with none or this one. */
  async function machine(home: string, service?: string): Promise<Record<string, string>> {
    const services = join(home, "share", "dbus-1", "services");
    await mkdir(services, { recursive: true });
    if (service !== undefined) await writeFile(join(services, service), "");
    return { XDG_DATA_DIRS: join(home, "share") };
  }

  it("there is no keychain where none is installed, and the error says what to install", async () => {
    const home = await newHome();
    expect(await run("", home, await machine(home))).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("gnome-keyring"),
    });
  });

  it("a keychain that is installed is out of reach, as from cron, ssh or sudo: another place would have other keys", async () => {
    const home = await newHome();
    const out = { code: "UNAVAILABLE", message: expect.stringContaining("out of reach") };
    expect(await run("", home, await machine(home, "org.freedesktop.secrets.service"))).toMatchObject(out);
    const bus = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "gone")}` };
    const other = await newHome();
    expect(await run("", other, { ...(await machine(other)), ...bus })).toMatchObject(out);
  });
});

it("the script to be run by hand fails where something is wrong, and says what", async () => {
  const home = await newHome();
  const failure = await runIn(home, "", byHand, { words: ["keytar"] }).catch(
    (error: { code: number; stdout: string }) => error,
  );
  expect(failure).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^FAILED {2}UNSUPPORTED: keytar is not here/),
  });
});
