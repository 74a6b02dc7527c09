import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const NEEDED = ["dbus-run-session", "gnome-keyring-daemon"];
const missing = NEEDED.filter((program) => spawnSync("which", [program]).status !== 0);
const scenario = new URL("../support/secret-service-scenario.mjs", import.meta.url).pathname;
/** What is tried by hand where no test runs. */
const byHand = new URL("../../scripts/try-os-keychain.mjs", import.meta.url).pathname;
const UNLOCK = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
const made: string[] = [];

afterAll(async () => {
  for (const path of made) await rm(path, { recursive: true, force: true });
});

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-secret-service-"));
  made.push(home);
  return home;
}

/** Runs a script in a session of its own, whose keyring nobody else sees. */
async function runIn(home: string, start: string, script: string, ...words: string[]): Promise<string> {
  const runtime = await mkdtemp(join(home, "run-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(home, "data"),
  };
  const [program = "", ...args] =
    start === ""
      ? [process.execPath, script, ...words]
      : ["dbus-run-session", "--", "sh", "-c", `${start}; exec "$@"`, "sh", process.execPath, script, ...words];
  const { stdout } = await promisify(execFile)(program, args, { env, timeout: 60_000 });
  return stdout;
}

async function run(start: string, home: string): Promise<Record<string, unknown>> {
  const lines = (await runIn(home, start, scenario)).trim().split("\n");
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

it.runIf(process.platform === "linux")(
  "without a D-Bus session there is no keychain, and the error says what to install",
  async () => {
    expect(await run("", await newHome())).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("gnome-keyring"),
    });
  },
);

it("the script to be run by hand fails where something is wrong, and says what", async () => {
  const home = await newHome();
  const failure = await runIn(home, "", byHand, "keytar").catch((error: { code: number; stdout: string }) => error);
  expect(failure).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^FAILED {2}UNSUPPORTED: keytar is not here/),
  });
});
