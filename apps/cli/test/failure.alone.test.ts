import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { environmentKeys } from "@holdfast/keychain";
import { sqlite } from "@holdfast/sqlite";
import { register, type StorageAdapter, StorageError } from "holdfast";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../src/cli.ts";
import { useWorkspace } from "./support/workspace.ts";

declare module "holdfast" {
  interface AdapterRegistry {
    failing: { path: string };
    locking: { path: string };
  }
}

const space = useWorkspace();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A store on which everything fails in its own way. */
function failing(adapter: StorageAdapter): StorageAdapter {
  const fail = (code: "UNAVAILABLE" | "TIMEOUT") => () => Promise.reject(new StorageError(code, `told by ${code}`));
  return new Proxy(adapter, {
    get(target, name) {
      if (name === "stat") return fail("UNAVAILABLE");
      if (name === "close") return fail("TIMEOUT");
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A store of which another takes hold before the key `second` is read, written or deleted. */
function locking(adapter: StorageAdapter): StorageAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (typeof name === "symbol" || !LOCKABLE.includes(name)) return value.bind(target);
      return (subject: string | { header: { key: string } }, ...rest: unknown[]) => {
        const key = typeof subject === "string" ? subject : subject.header.key;
        if (key === "second") return Promise.reject(new StorageError("LOCKED", "told by LOCKED"));
        return value.call(target, subject, ...rest);
      };
    },
  });
}

const LOCKABLE = ["delete", "get", "readStream", "put"];

beforeEach(() => {
  register("locking", {
    package: "@acme/locking",
    urlOptions: [],
    parse: ({ path }) => ({ path }),
    load: async () => (options) => locking(sqlite(options)),
  });
});

/** What a command tells in this process, by the code that is tested. */
async function told(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const code = await run(args, streams, new AbortController().signal);
  streams.stdout.end();
  streams.stderr.end();
  return { code, stdout: await text(streams.stdout), stderr: await text(streams.stderr) };
}

describe("a command whose work fails, and then the closing of the store too", () => {
  it("tells what failed first", async () => {
    register("failing", {
      package: "@acme/failing",
      urlOptions: [],
      parse: ({ path }) => ({ path }),
      load: async () => (options) => failing(sqlite(options)),
    });
    const { code, stderr } = await told("get", `failing:${space.path("app.db")}`, "a", "--json");
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: "UNAVAILABLE",
        message: expect.stringContaining("told by UNAVAILABLE"),
        exitCode: 7,
        retryable: true,
      },
    });
    expect(code).toBe(7);
  });
});

describe("a command that is broken off half-way", () => {
  it("tells what it deleted until then", async () => {
    await space.store("app.db", async (storage) => {
      for (const key of ["first", "second", "third"]) await storage.save(key, 1);
    });
    const keys = ["gone", "first", "second", "third"];
    const store = `locking:${space.path("app.db")}`;
    expect(await told("rm", store, ...keys)).toEqual({
      code: 7,
      stdout: "deleted first\n",
      stderr: expect.stringContaining("told by LOCKED"),
    });
    const { code, stdout } = await told("rm", store, ...keys, "--json");
    expect({ code, told: JSON.parse(stdout) }).toEqual({ code: 7, told: { deleted: [], absent: ["gone", "first"] } });
  });
});

describe("the next step", () => {
  it("is not the same command where that would find what the first left behind", async () => {
    for (const key of ["first", "second"]) await space.write(`in/${key}`, "1");
    await space.store("app.db", (storage) => storage.save("second", 1));
    const when = "when the other program has closed the store";
    const stores = { full: `locking:${space.path("app.db")}`, empty: `locking:${space.path("new.db")}` };
    const exported = await told("export", stores.full, space.path("out"));
    expect(exported).toMatchObject({
      code: 7,
      stderr: expect.stringContaining(` — try: again, into a new folder ${when}`),
    });
    const { stderr } = await told("export", stores.full, space.path("out2"), "--json");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "LOCKED", adapter: "sqlite", retryable: false } });
    for (const from of [[], ["--from", "unstorage"]]) {
      const imported = await told("import", space.path("in"), stores.empty, "--conflict", "skip", ...from);
      const hint = ` — try: again with --conflict skip, which goes on from here ${when}`;
      expect(imported).toMatchObject({ code: 7, stderr: expect.stringContaining(hint) });
    }
  });

  it.each([
    ["get", "bare.db", "a"],
    ["get", "redis:x", "a"],
    ["put", "bare.db", "a", "--value", "1"],
    ["doctor", "bare.db"],
  ])("for what names no store is where the stores are listed: %s %s", async (...args) => {
    expect((await told(...args)).stderr).toMatch(/ — try: `holdfast --help`, which tells how stores are named\n$/);
  });

  it.each(["from", "to"])("is the same for a migration whose %s names no store", async (place) => {
    const stores = place === "from" ? ["bare.db", "memory:"] : ["memory:", "bare.db"];
    expect((await told("migrate", ...stores)).stderr).toMatch(/ — try: `holdfast --help`, which tells/);
  });

  it("is --keys for what is encrypted", async () => {
    const [one, two] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));
    const keys = environmentKeys({ environment: { HOLDFAST_KEYS: one } });
    await space.store("app.db", (storage) => storage.save("a", 1), { encryption: { keys, realm: "notes" } });
    const store = `sqlite:${space.path("app.db")}`;
    const missing = / — try: --keys, which says where the master keys are\n$/;
    expect(await told("get", store, "a")).toMatchObject({ code: 8, stderr: expect.stringMatching(missing) });
    vi.stubEnv("HOLDFAST_KEYS", two);
    const others = await told("get", store, "a", "--keys", "environment", "--realm", "notes");
    expect(others).toMatchObject({ code: 8, stderr: expect.stringMatching(missing) });
    vi.stubEnv("HOLDFAST_KEYS", one);
    const realm = await told("get", store, "a", "--keys", "environment");
    expect(realm).toMatchObject({ code: 8, stderr: expect.stringContaining(" — try: --keys and --realm as the app") });
  });
});
