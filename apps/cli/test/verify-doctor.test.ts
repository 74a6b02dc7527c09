import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { damage } from "./support/damage.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

async function fill(): Promise<void> {
  await space.store("app.db", async (storage) => {
    await storage.save("a", new TextEncoder().encode("a body to be damaged"));
    await storage.save("b", 1);
  });
}

interface Check {
  name: string;
  status: string;
  detail: string;
  advice?: string;
}

const checksOf = (value: unknown) =>
  Object.fromEntries((value as { checks: Check[] }).checks.map(({ name, ...check }) => [name, check]));

describe("holdfast verify", () => {
  it("reads everything back", async () => {
    await fill();
    expect(await space.json(["verify", STORE])).toEqual({
      code: 0,
      value: { ok: true, items: 2, bytes: 21, problems: [] },
      stderr: "",
    });
    expect((await space.run(["verify", STORE])).stdout).toBe("verified 2 items, 21 B: all is well\n");
    expect((await space.json(["verify", STORE, "b"])).value).toMatchObject({ items: 1 });
  });

  it("does not take a mistyped store for a prefix, nor nothing for a thing that is well", async () => {
    await fill();
    await space.store("app.db", (storage) => storage.save("user:1", 1));
    for (const other of ["sqlit:./b.db", "indexeddb:b", "user:", "./b.db", "../b.db", "/b.db", "~/b.db", "C:\\b.db"]) {
      const { code, stdout, stderr } = await space.run(["verify", STORE, other]);
      expect({ other, code, stdout, stderr }).toEqual({
        other,
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("names no store"),
      });
    }
    expect((await space.json(["verify", STORE, "--prefix", "user:"])).value).toMatchObject({ ok: true, items: 1 });
    for (const prefix of [["b.db"], ["--prefix", "c/"]]) {
      const { code, stdout, stderr } = await space.run(["verify", STORE, ...prefix]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "verified 0 items, 0 B: no key begins so\n" });
      expect(stderr).toContain(`no key in ${STORE} begins with ${JSON.stringify(prefix.at(-1))}`);
    }
  });

  it("names what is damaged and fails with exit code 6", async () => {
    await fill();
    await damage(space.path("app.db"), "a body to be damaged");
    const { code, value, stderr } = await space.json(["verify", STORE]);
    expect(code).toBe(6);
    expect(value).toMatchObject({ ok: false, problems: [{ key: "a", code: "CORRUPT", repairable: false }] });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "CORRUPT", exitCode: 6, key: "a" } });
    const text = await space.run(["verify", STORE]);
    expect(text.stdout).toMatch(/^CORRUPT "a": .+\nverified .*: 1 problem\n$/);
    const get = await space.run(["get", STORE, "a"]);
    expect(get).toMatchObject({ code: 6, stdout: "" });
  });

  it("mends with --repair what can be mended, and fails for what cannot", async () => {
    await fill();
    await damage(space.path("app.db"), "a body to be damaged");
    const { code, value } = await space.json(["verify", STORE, "--repair"]);
    expect(code).toBe(6);
    expect(value).toMatchObject({ repair: { remaining: [{ key: "a" }] } });
  });
});

describe("holdfast doctor", () => {
  it("checks Node and the adapters", async () => {
    const { code, value, stderr } = await space.json(["doctor"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(value).toMatchObject({ ok: true });
    expect(checksOf(value)).toEqual({
      node: { status: "ok", detail: expect.stringContaining(process.versions.node) },
      "adapter memory": { status: "ok", detail: "@holdfast/memory loads" },
      "adapter sqlite": { status: "ok", detail: "@holdfast/sqlite loads" },
      "adapter file": { status: "ok", detail: "@holdfast/filesystem loads" },
      "adapter supabase": { status: "ok", detail: "@holdfast/cloud loads" },
    });
  });

  it("checks a store: opening, settings, durability, space and content", async () => {
    await fill();
    const { code, value } = await space.json(["doctor", STORE]);
    expect(code).toBe(0);
    expect(checksOf(value)).toMatchObject({
      store: { status: "ok", detail: expect.stringMatching(/sqlite at .*app\.db opens in .*: 2 items, 21 B$/) },
      settings: { status: "ok", detail: expect.stringContaining("synchronous FULL") },
      durability: { status: "ok", detail: expect.stringMatching(/^media/) },
      "disk space": { detail: expect.stringContaining(" free in ") },
      content: { status: "ok", detail: "2 items, 21 B read back, all whole" },
    });
  });

  it("warns of weaker durability without failing", async () => {
    await fill();
    const { code, value } = await space.json(["doctor", `${STORE}?durability=process`]);
    expect(code).toBe(0);
    expect(checksOf(value)["durability"]).toEqual({
      status: "warn",
      detail: expect.stringMatching(/^process/),
      advice: expect.any(String),
    });
    const text = await space.run(["doctor", "memory:"]);
    expect(text.stdout).toMatch(/^warn {2}durability {8}memory: .+\n +→ .+$/m);
  });

  it("fails with exit code 1 and names what to do when content is damaged or the store does not open", async () => {
    await fill();
    await damage(space.path("app.db"), "a body to be damaged");
    const damaged = await space.json(["doctor", STORE]);
    expect(damaged.code).toBe(1);
    expect(damaged.value).toMatchObject({ ok: false });
    expect(checksOf(damaged.value)["content"]).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("a (CORRUPT)"),
    });
    expect(JSON.parse(damaged.stderr)).toMatchObject({ error: { code: "INCOMPLETE", exitCode: 1 } });

    await space.write("foreign.db", "no database ".repeat(100));
    const foreign = await space.json(["doctor", "sqlite:foreign.db"]);
    expect(foreign.code).toBe(1);
    expect(checksOf(foreign.value)["store"]).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("(CORRUPT)"),
      advice: expect.any(String),
    });
    expect(await space.run(["doctor", "sqlite:nowhere.db"])).toMatchObject({ code: 1 });
    expect(await space.run(["doctor", "redis:x"])).toMatchObject({ code: 1 });
  });

  it("prints no colours where there is no terminal", async () => {
    expect((await space.run(["doctor"])).stdout).not.toContain("\u001b");
  });
});

describe("holdfast compact", () => {
  it("gives the room of what was deleted back, and keeps the rest", async () => {
    await space.store("app.db", async (storage) => {
      for (let index = 0; index < 40; index++) await storage.save(`k${index}`, "x".repeat(50_000));
      await storage.save("stays", 1);
      for (let index = 0; index < 40; index++) await storage.delete(`k${index}`);
    });
    const { code, value, stderr } = await space.json(["compact", STORE]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(value).toEqual({ compacted: STORE, before: expect.any(Number), after: expect.any(Number) });
    const { before, after } = value as { before: number; after: number };
    expect(after).toBeLessThan(before / 4);
    expect(await space.json(["ls", STORE])).toMatchObject({ value: { items: [{ key: "stays" }] } });
    expect((await space.run(["compact", STORE])).stdout).toMatch(
      /^compacted sqlite:\.\/app\.db from [\d.]+ kB to [\d.]+ kB\n$/,
    );
  });

  it("says no size of a store whose adapter tells none, and makes no store", async () => {
    await space.run(["put", "file:./files", "k", "--value", "1"]);
    expect((await space.run(["compact", "file:./files"])).stdout).toBe("compacted file:./files\n");
    expect(await space.run(["compact", "sqlite:./none.db"])).toMatchObject({ code: 3 });
    expect(existsSync(space.path("none.db"))).toBe(false);
  });
});
