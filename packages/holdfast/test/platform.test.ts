import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os, { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createMemoryStore, memory } from "@holdfast/memory";
import { type AdapterEntry, createStorage, register, type StorageChoice } from "holdfast";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

declare module "holdfast" {
  interface AdapterRegistry {
    nimbus: { account: string };
  }
}

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_DATA_HOME", "");
  vi.stubEnv("XDG_STATE_HOME", "");
});
afterEach(async () => {
  await chmod(home, 0o700);
  await rm(home, { recursive: true, force: true });
});

const dataOf = (app: string) => join(home, ".local", "share", app);
const recordOf = (app: string) => join(home, ".local", "state", "holdfast", `${app}.json`);

/** The next warning that is ours: Node has its own. */
function nextWarning(): Promise<Error> {
  return new Promise((resolve) => {
    const listener = (warning: Error) => {
      if (warning.name === "HoldfastWarning") resolve(warning);
    };
    process.on("warning", listener);
    onTestFinished(() => void process.off("warning", listener));
  });
}

describe("platform: auto in Node", () => {
  it("keeps readable files where the operating system has an app's data, and says why", async () => {
    await using storage = await createStorage({ platform: "auto", name: "my app" });
    await storage.save("notes/a", { b: 1 });
    await storage.flush();
    expect(await readFile(join(dataOf("my app"), "notes", "a.json"), "utf8")).toBe('{"b":1}');
    const details = {
      chosen: "file",
      because: `files can be written below ${home}`,
      platform: "desktop",
      recorded: recordOf("my%20app"),
    };
    expect((await storage.getInfo()).details).toMatchObject(details);
    expect((await storage.namespace("notes").getInfo()).details).toMatchObject(details);
  });

  it("says the same in Electron's main process, which is Node by what it can do", async () => {
    const versions = { ...process.versions, electron: "39.0.0" };
    vi.stubGlobal("process", Object.create(process, { versions: { value: versions }, type: { value: "browser" } }));
    await using storage = await createStorage({ platform: "auto", name: "my-app" });
    expect((await storage.getInfo()).details).toMatchObject({ chosen: "file", platform: "desktop" });
  });

  it("goes on where the system knows no home directory, and records nothing", async () => {
    const { syncBuiltinESMExports } = process.getBuiltinModule("node:module");
    const { homedir } = os;
    os.homedir = () => {
      throw Object.assign(new Error("A system error occurred: uv_os_homedir returned ENOENT"), {
        code: "ERR_SYSTEM_ERROR",
      });
    };
    syncBuiltinESMExports();
    try {
      const warning = nextWarning();
      await using storage = await createStorage({ platform: "auto", name: "my-app" });
      const { details } = await storage.getInfo();
      expect(details).toMatchObject({ platform: "none", because: expect.stringContaining("knows no home directory") });
      expect(details).not.toHaveProperty("recorded");
      expect(await warning).toMatchObject({ name: "HoldfastWarning" });
      const url = `sqlite:${join(home, "a.db")}`;
      await (await createStorage({ url, name: "my-app" })).close();
      await expect(createStorage({ platform: "desktop", name: "my-app" })).rejects.toMatchObject({
        code: "UNSUPPORTED",
        message: expect.stringContaining("give a store URL"),
      });
      vi.stubEnv("XDG_STATE_HOME", join(home, "state"));
      await (await createStorage({ url, name: "my-app" })).close();
      expect(existsSync(join(home, "state", "holdfast", "my-app.json"))).toBe(true);
    } finally {
      os.homedir = homedir;
      syncBuiltinESMExports();
    }
  });

  it("keeps memory, with a warning, where nothing else is, and the cloud as soon as it is registered", async () => {
    vi.stubEnv("HOME", join(home, "nowhere"));
    const warning = nextWarning();
    await using storage = await createStorage({ platform: "auto", name: "my-app" });
    expect((await storage.getInfo()).details).toMatchObject({ chosen: "memory", platform: "none" });
    expect(await warning).toMatchObject({
      name: "HoldfastWarning",
      message: expect.stringMatching(
        /kept in memory and gone when this ends, because there is no home directory that can be written .* no cloud adapter is registered/,
      ),
    });
    await expect(createStorage({ platform: "cloud", name: "my-app" })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("call register()"),
    });

    const made: unknown[] = [];
    const nimbus: AdapterEntry<{ account: string }> = {
      package: "@nimbus/holdfast",
      urlOptions: [],
      parse: ({ path }) => ({ account: path }),
      load: async () => (options) => {
        made.push(options);
        return memory();
      },
      platform: "cloud",
      ofApp: (name) => ({ account: name }),
    };
    register("nimbus", nimbus);
    await using cloud = await createStorage({ platform: "auto", name: "my-app" });
    expect((await cloud.getInfo()).details).toMatchObject({ chosen: "nimbus", platform: "cloud" });
    expect(made).toEqual([{ account: "my-app" }]);
  });

  it.each([
    [{ platform: "test" }, "goes the app's name"],
    [{ platform: "mobile", name: "a" }, 'platform is "auto", "desktop", "browser", "cloud" or "test"'],
    [{ platform: "toString", name: "a" }, "platform is"],
    [{ platform: "test", name: "a/b" }, "cannot name an app"],
    [{ platform: "test", name: ".." }, "cannot name an app"],
    [{ url: "memory:", name: "half of a pair \ud83d" }, "cannot name an app"],
    [{ platform: "test", name: "a", path: "x" }, "not path"],
    [{ url: "memory:", movedFrom: "file:/x" }, "movedFrom goes with the app's name"],
    [{ primary: "memory:", fallbacks: "memory:" }, "fallbacks is an array"],
    [{ primary: "memory:", fallbacks: [] }, "at least one store"],
    [
      { primary: "memory:", fallbacks: ["memory:"], moveFrom: "file:/x" },
      'no "moveFrom" beside primary and fallbacks; there are name, movedFrom, retryPolicy, whenUnknown, onFallback',
    ],
    [{ primary: "memory:", fallbacks: ["memory:"], retryPolicy: { retry: 1 } }, 'retryPolicy has no "retry"'],
    [{ primary: "memory:", fallbacks: ["memory:"], retryPolicy: { timeout: 0 } }, "whole number from 1"],
    [{ primary: "memory:", fallbacks: ["memory:"], whenUnknown: "never" }, 'whenUnknown is "unavailable" or "absent"'],
    [{ primary: "memory:", fallbacks: ["memory:"], onFallback: 1 }, "onFallback is a function"],
  ])("refuses %j", async (choice, reason) => {
    await expect(createStorage(choice as StorageChoice)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(reason),
    });
  });

  it("refuses a platform that this is not", async () => {
    await expect(createStorage({ platform: "browser", name: "my-app" })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("IndexedDB is in browsers"),
    });
  });

  it("keeps a test's data in memory and records nothing of it", async () => {
    await using storage = await createStorage({ platform: "test", name: "my-app" });
    expect((await storage.getInfo()).details).toMatchObject({
      chosen: "memory",
      because: "the platform test was named",
    });
    expect(existsSync(recordOf("my-app"))).toBe(false);
  });
});

describe("the record of an app's choice", () => {
  const open = async (choice: StorageChoice) => (await createStorage(choice)).close();

  it("stops a start that would open another place, before it opens anything, naming both and the command", async () => {
    await open({ platform: "desktop", name: "my-app" });
    const other = join(home, "it's.db");
    const refusal = {
      code: "INVALID_OPTION",
      message: expect.stringMatching(
        /the data of "my-app" is in file:.*my-app, and this start would open sqlite:.*it's.db, .* `holdfast migrate file:.*my-app 'sqlite:.*it'\\''s.db'`, then start with movedFrom: "file:.*my-app"/,
      ),
    };
    await expect(open({ url: `sqlite:${other}`, name: "my-app" })).rejects.toMatchObject(refusal);
    expect(existsSync(other)).toBe(false);
    // The same place by another way is the same.
    await open({ url: `file:${dataOf("my-app")}/../my-app?durability=process`, name: "my-app" });
    // Another app has its own.
    await open({ url: `sqlite:${other}`, name: "other-app" });
  });

  it("takes the new place once it is told that the data has moved, and then stays with it", async () => {
    await open({ platform: "desktop", name: "my-app" });
    const url = `sqlite:${join(home, "app.db")}`;
    const movedFrom = `file:${dataOf("my-app")}`;
    await expect(open({ url, name: "my-app", movedFrom: "file:/elsewhere" })).rejects.toThrow("would seem gone");
    await open({ url, name: "my-app", movedFrom });
    await open({ url, name: "my-app", movedFrom });
    await open({ url, name: "my-app" });
    await expect(open({ platform: "desktop", name: "my-app" })).rejects.toThrow("would seem gone");
    expect(JSON.parse(await readFile(recordOf("my-app"), "utf8"))).toEqual({
      holdfast: "choice",
      layout: 1,
      app: "my-app",
      location: url,
    });
  });

  it("stops a start that would keep in memory what is on the disk elsewhere", async () => {
    vi.stubEnv("XDG_STATE_HOME", join(home, "state"));
    vi.stubEnv("XDG_DATA_HOME", join(home, "data"));
    await open({ platform: "auto", name: "my-app" });
    vi.stubEnv("HOME", join(home, "nowhere"));
    await expect(open({ url: "memory:", name: "my-app" })).rejects.toThrow(
      "a store that is gone when the program ends",
    );
  });

  it("records the primary's place of one with fallbacks", async () => {
    await open({ primary: `sqlite:${join(home, "a.db")}`, fallbacks: ["memory:"], name: "my-app" });
    await expect(open({ url: `sqlite:${join(home, "b.db")}`, name: "my-app" })).rejects.toThrow("would seem gone");
  });

  it("is made once by several that start at once, and leaves nothing beside it", async () => {
    const choice = { url: `sqlite:${join(home, "a.db")}`, name: "my-app" };
    const opened = await Promise.allSettled(Array.from({ length: 4 }, () => open(choice)));
    expect(opened.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "fulfilled"));
    expect(await readdir(dirname(recordOf("my-app")))).toEqual(["my-app.json"]);
  });

  it.each(["東".repeat(100), "👩‍💻".repeat(33), "ü".repeat(100)])(
    "is kept for a name that is too long for a file once it is escaped: %#",
    async (name) => {
      await open({ url: `sqlite:${join(home, "a.db")}`, name });
      const others = [`${name.slice(0, -2)}x`, "東".repeat(99)];
      for (const other of others) await open({ url: `sqlite:${join(home, "b.db")}`, name: other });
      await expect(open({ url: `sqlite:${join(home, "b.db")}`, name })).rejects.toThrow("would seem gone");
      const files = await readdir(dirname(recordOf("")));
      expect(files).toHaveLength(3);
      for (const file of files) expect(Buffer.byteLength(file)).toBeLessThanOrEqual(255);
    },
  );

  it("has the name of the app while that fits", async () => {
    const name = `${"東".repeat(27)}abcdefg`;
    await open({ url: `sqlite:${join(home, "a.db")}`, name });
    expect(existsSync(recordOf(encodeURIComponent(name)))).toBe(true);
  });

  it("records nothing of a store that did not open", async () => {
    await writeFile(join(home, "a.db"), "no database".repeat(1_000));
    await expect(open({ url: `sqlite:${join(home, "a.db")}`, name: "my-app" })).rejects.toThrow();
    expect(existsSync(recordOf("my-app"))).toBe(false);
  });

  it.each([
    ["no json", "CORRUPT"],
    ['{"holdfast":"choice","layout":1}', "CORRUPT"],
    ["null", "CORRUPT"],
    ['{"holdfast":"choice","layout":2,"places":[]}', "UNSUPPORTED"],
  ])("refuses a record that it cannot read: %s", async (text, code) => {
    await mkdir(join(home, ".local", "state", "holdfast"), { recursive: true });
    await writeFile(recordOf("my-app"), text);
    await expect(open({ platform: "desktop", name: "my-app" })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(recordOf("my-app")),
    });
    expect(existsSync(dataOf("my-app"))).toBe(false);
  });

  it("says so when it cannot record, and leaves nothing open", async () => {
    vi.stubEnv("XDG_STATE_HOME", join(home, "file"));
    await writeFile(join(home, "file"), "");
    const store = createMemoryStore();
    const url = `sqlite:${join(home, "a.db")}`;
    await expect(open({ url, name: "my-app" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    // An adapter has no place that could be recorded.
    await expect(open({ adapter: memory({ store }), name: "my-app" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
