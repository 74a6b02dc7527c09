import { memory } from "@holdfast/memory";
import { type AdapterEntry, createStorage, listAdapters, openStore, register, storeExists } from "holdfast";
import { describe, expect, it, vi } from "vitest";

declare module "holdfast" {
  interface AdapterRegistry {
    acme: { bucket: string; region?: string | undefined };
    absent: { name: string };
    broken: { name: string };
    nested: { name: string };
  }
}

const made: unknown[] = [];
const acme: AdapterEntry<{ bucket: string; region?: string | undefined }> = {
  package: "@acme/holdfast",
  urlOptions: ["region"],
  parse: ({ path, options }) => ({ bucket: path, region: options["region"] }),
  load: async () => (options) => {
    made.push(options);
    return memory();
  },
};

function failing(packageName: string, code: string | undefined, message: string): AdapterEntry<{ name: string }> {
  return {
    package: packageName,
    urlOptions: [],
    parse: ({ path }) => ({ name: path }),
    load: () => Promise.reject(Object.assign(new Error(message), code === undefined ? {} : { code })),
  };
}

describe("register", () => {
  it("lets an adapter join, by URL and by type", async () => {
    register("acme", acme);
    await using byUrl = await openStore("acme:photos?region=eu");
    await using byType = await createStorage({ type: "acme", bucket: "films" });
    await byUrl.save("a", 1);
    expect(await byType.exists("a")).toBe(false);
    expect(made).toEqual([{ bucket: "photos", region: "eu" }, { bucket: "films" }]);
  });

  it("checks the options of its URLs and names it among the known", async () => {
    register("acme", acme);
    await expect(openStore("acme:photos?zone=1")).rejects.toThrow('acme: has no option "zone"; known are region');
    await expect(openStore("nobody:x")).rejects.toThrow("acme: (@acme/holdfast)");
    expect(await storeExists("acme:photos")).toBe(true);
  });

  it.each([
    ["no bucket", new TypeError("no bucket")],
    ["an object", Object.create(null)],
  ])("says so when an adapter cannot look for a store: %s", async (reason, thrown) => {
    register("acme", { ...acme, exists: () => Promise.reject(thrown) });
    await expect(storeExists("acme:photos")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `cannot look for the store that acme: names: ${reason}`,
    });
  });

  it("keeps a scheme for the package that has it", () => {
    register("acme", acme);
    register("acme", { ...acme });
    expect(() => register("acme", { ...acme, package: "@other/holdfast" })).toThrow("belongs to @acme/holdfast");
    expect(() => register("sqlite" as "acme", acme)).toThrow("belongs to @holdfast/sqlite");
    expect(() => register("A b" as "acme", acme)).toThrow("is no scheme");
  });

  it.each([
    ["pnpm/12.18.0 npm/? node/v24.21.0 linux x64", "pnpm add @acme/absent"],
    ["yarn/4.1.0 npm/? node/v24.21.0 linux x64", "yarn add @acme/absent"],
    ["bun/1.2.0 npm/? node/v24.3.0 linux x64", "bun add @acme/absent"],
    ["npm/11.0.0 node/v24.21.0 linux x64 workspaces/false", "npm install @acme/absent"],
    // Run by none: the one whose lock file is nearest, here this repository's.
    ["", "pnpm add @acme/absent"],
  ])("names the command that installs a missing package, run by %j", async (agent, command) => {
    vi.stubEnv("npm_config_user_agent", agent);
    register(
      "absent",
      failing("@acme/absent", "ERR_MODULE_NOT_FOUND", "Cannot find package '@acme/absent' imported from /app/a.js"),
    );
    await expect(openStore("absent:x")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `absent: needs the package @acme/absent, which is not installed: run \`${command}\``,
    });
  });

  it.each([
    ["webpack", "MODULE_NOT_FOUND", "Cannot find module '@acme/absent'"],
    ["Vite", undefined, 'Could not resolve "@acme/absent" imported by "holdfast". Is it installed?'],
  ])("names the command for a package that %s left out of its bundle", async (_, code, message) => {
    vi.stubEnv("npm_config_user_agent", "npm/11.0.0 node/v24.21.0 linux x64 workspaces/false");
    register("absent", failing("@acme/absent", code, message));
    await expect(openStore("absent:x")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message:
        "absent: needs the package @acme/absent, which was not installed when the app was bundled: run `npm install @acme/absent` and bundle it anew",
    });
  });

  it("says that a package is missing to an app that asked for it by require", async () => {
    vi.stubEnv("npm_config_user_agent", "npm/11.0.0 node/v24.21.0 linux x64 workspaces/false");
    const { createRequire } = await import("node:module");
    register("absent", {
      ...failing("@acme/absent", undefined, ""),
      load: async () => createRequire(import.meta.url)("@acme/absent"),
    });
    await expect(openStore("absent:x")).rejects.toMatchObject({
      message: "absent: needs the package @acme/absent, which is not installed: run `npm install @acme/absent`",
    });
  });

  it("tells a package that fails to load from one that is missing", async () => {
    const inside = "Cannot find package 'left-pad' imported from /app/node_modules/@acme/nested/index.js";
    register("nested", failing("@acme/nested", "ERR_MODULE_NOT_FOUND", inside));
    await expect(openStore("nested:x")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `nested: needs the package @acme/nested, which cannot be loaded: ${inside}`,
    });
    const bundled = 'Could not resolve "left-pad" imported by "@acme/nested". Is it installed?';
    register("nested", failing("@acme/nested", undefined, bundled));
    await expect(openStore("nested:x")).rejects.toThrow(`cannot be loaded: ${bundled}`);
    register("broken", failing("@acme/broken", "ERR_DLOPEN_FAILED", "wrong architecture"));
    await expect(openStore("broken:x")).rejects.toThrow("cannot be loaded: wrong architecture");
  });
});

describe("listAdapters", () => {
  it("tells which packages load, and why others do not", async () => {
    register("broken", failing("@acme/broken", "ERR_DLOPEN_FAILED", "wrong architecture"));
    const statuses = await listAdapters();
    expect(statuses).toContainEqual({ scheme: "memory", package: "@holdfast/memory", available: true });
    expect(statuses).toContainEqual({ scheme: "sqlite", package: "@holdfast/sqlite", available: true });
    expect(statuses).toContainEqual({
      scheme: "broken",
      package: "@acme/broken",
      available: false,
      reason: expect.stringContaining("wrong architecture"),
    });
  });
});
