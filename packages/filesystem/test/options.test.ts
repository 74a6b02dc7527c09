import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type FilesystemOptions, filesystem, locations } from "@holdfast/filesystem";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openRoot, temporaryRoot } from "./support/roots.js";

describe("filesystem", () => {
  it.each<[unknown, string]>([
    [undefined, "takes an object with a root"],
    [{}, "root is a string"],
    [{ root: "" }, "root is a string"],
    [{ root: "a\0b" }, "NUL"],
    [{ root: "a", durabilty: "media" }, 'no option "durabilty"; it has root'],
    [{ root: "a", durability: "none" }, '"media" or "process"'],
    [{ root: "a", lockTimeout: -1 }, "lockTimeout is a whole number"],
    [{ root: "a", flushTimeout: 1.5 }, "flushTimeout is a whole number"],
    [{ root: "a", maxPending: "x" }, "maxPending is a whole number"],
    [{ root: "a", cacheSize: Number.NaN }, "cacheSize is a whole number"],
    [{ root: "a", watch: 1 }, "watch is true or false"],
    [{ root: "a", required: [1] }, "required is a list of keys"],
    [{ root: "a", stateDirectory: 1 }, "stateDirectory is a string"],
    [{ root: "a", onProgress: 1 }, "onProgress is a function, not 1"],
    [{ root: "a", cache: 1 }, "cache is an object"],
    [{ root: "a", cache: { days: 1 } }, 'no limit "days"'],
    [{ root: "a", cache: { age: -1 } }, "cache.age is a whole number"],
  ])("refuses %j", (options, reason) => {
    expect(() => filesystem(options as FilesystemOptions)).toThrow(reason);
  });
});

describe("locations", () => {
  const linux = { platform: "linux", home: "/home/ann", temp: "/tmp", env: {}, userDirectories: undefined } as const;

  it("follow XDG on Linux", () => {
    expect(locations("Plans", linux)).toEqual({
      documents: "/home/ann/Documents/Plans",
      data: "/home/ann/.local/share/Plans",
      cache: "/home/ann/.cache/Plans",
      temp: "/tmp/Plans",
    });
    const env = { XDG_DATA_HOME: "/data", XDG_CACHE_HOME: "relative" };
    const userDirectories = '# set by the desktop\nXDG_DOCUMENTS_DIR="$HOME/Dokumente"\n';
    expect(locations("Plans", { ...linux, env, userDirectories })).toMatchObject({
      documents: "/home/ann/Dokumente/Plans",
      data: "/data/Plans",
      cache: "/home/ann/.cache/Plans",
    });
  });

  it("follow Library on macOS", () => {
    expect(locations("Plans", { ...linux, platform: "darwin", home: "/Users/ann" })).toMatchObject({
      documents: "/Users/ann/Documents/Plans",
      data: "/Users/ann/Library/Application Support/Plans",
      cache: "/Users/ann/Library/Caches/Plans",
    });
  });

  it("follow AppData on Windows", () => {
    const env = { APPDATA: "/roaming", LOCALAPPDATA: "/local", USERPROFILE: "/users/ann" };
    expect(locations("Plans", { ...linux, platform: "win32", env })).toMatchObject({
      documents: join("/users/ann", "Documents", "Plans"),
      data: join("/roaming", "Plans"),
      cache: join("/local", "Plans", "Cache"),
    });
  });

  it.each(["", "..", "a/b", "a\\b", "a\n", "end."])("refuse %j", (app) => {
    expect(() => locations(app)).toThrow("cannot name the directories");
  });

  it("refuse what is no text", () => {
    for (const app of [1n, Object.create(null), Symbol("s")]) {
      expect(() => locations(app as never)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    }
  });
});

describe("a root in a folder that is synced", () => {
  let home: string;

  beforeEach(() => {
    home = temporaryRoot();
    vi.stubEnv("XDG_DATA_HOME", join(home, "share"));
    vi.stubEnv("HOME", home);
    vi.stubEnv("APPDATA", join(home, "share"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(["Dropbox", "Dropbox (Personal)", "OneDrive - Contoso", "Google Drive", "com~apple~CloudDocs"])(
    "%s has its item table in the app data of this user",
    async (folder) => {
      const root = join(home, folder, "plans");
      const storage = await openRoot(root);
      await storage.save("a", 1);
      await storage.flush();
      const { details } = await storage.getInfo();
      expect(details["synced"]).toBe(true);
      expect(String(details["stateDirectory"]).startsWith(root)).toBe(false);
      expect(String(details["stateDirectory"])).toContain(join("holdfast", "roots", "plans-"));
      await storage.close();
    },
  );

  it.each([
    ["folder, then the link", "Dropbox", "link"],
    ["link, then the folder", "link", "Dropbox"],
    ["folder, then the link that shows it is synced", "disk", "OneDrive"],
    ["link that shows it is synced, then the folder", "OneDrive", "disk"],
  ])("has one item table by whatever path it is opened: by the %s", async (_, one, other) => {
    for (const [folder, link] of [
      ["Dropbox", "link"],
      ["disk", "OneDrive"],
    ] as const) {
      mkdirSync(join(home, folder));
      symlinkSync(join(home, folder), join(home, link), "junction");
    }
    const first = await openRoot(join(home, one, "data"));
    await first.save("k", 1, { ifVersion: null });
    const second = await openRoot(join(home, other, "data"));
    await expect(second.save("k", 2, { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
    const details = [first, second].map(async (storage) => (await storage.getInfo()).details);
    expect((await Promise.all(details)).map(({ mirrors }) => mirrors)).toEqual([true, false]);
  });
});
