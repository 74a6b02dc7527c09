import { expect, it } from "vitest";
import { damage } from "./support/damage.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const [A, B] = ["sqlite:./a.db", "sqlite:./b.db"] as const;

async function fill(): Promise<void> {
  await space.store("a.db", async (storage) => {
    for (const key of ["both", "damaged", "first", "value"]) await storage.save(key, `the same under ${key}`);
  });
  await space.run(["migrate", A, B]);
  await space.store("b.db", async (storage) => {
    await storage.delete("first");
    await storage.save("second", 1);
    await storage.save("value", "another", { tags: ["t"] });
  });
}

it("prints a line for each key: =, only in one, different, unreadable", async () => {
  await fill();
  await damage(space.path("b.db"), "the same under damaged");
  const { code, stdout, stderr } = await space.run(["verify", A, B]);
  const lines = stdout.split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "= both",
    expect.stringMatching(/^! damaged {2}\(second: CORRUPT: /),
    "+ first",
    "- second",
    expect.stringMatching(/^\* value {2}\(checksum, modified, size, storedSize, tags\)$/),
  ]);
  expect(lines[5]).toBe("compared: 1 equal, 1 only in the first, 1 only in the second, 1 different, 1 unreadable");
  expect(code).toBe(6);
  expect(stderr).toContain("1 item could not be read");
});

it("is quiet about what is equal, and ends well only where all is", async () => {
  await fill();
  const differing = await space.run(["verify", A, B, "--differences", "--headers"]);
  expect(differing.code).toBe(1);
  expect(differing.stdout).not.toContain("= both");
  expect(await space.run(["verify", A, B, "--prefix", "b"])).toMatchObject({ code: 0 });
  expect(await space.run(["verify", A, A, "--quiet"])).toMatchObject({ code: 0, stdout: "" });
});

it("prints one document with all that differs", async () => {
  await fill();
  const { code, value } = await space.json(["verify", A, B]);
  expect(code).toBe(1);
  expect(value).toEqual({
    items: [
      { key: "first", result: "only-in-first" },
      { key: "second", result: "only-in-second" },
      { key: "value", result: "different", differences: expect.arrayContaining(["checksum", "tags"]) },
    ],
    ok: false,
    equal: 2,
    onlyInFirst: 1,
    onlyInSecond: 1,
    different: 1,
    unreadable: 0,
  });
});

it("is not well where neither has a key that begins so", async () => {
  await fill();
  for (const flags of [[], ["--headers"], ["--differences"]]) {
    const { code, stderr } = await space.run(["verify", A, B, "--prefix", "typo/", ...flags]);
    expect(code).toBe(3);
    expect(stderr).toContain(`no key in ${A} or ${B} begins with "typo/" — try: another prefix`);
  }
  const nothing = await space.json(["verify", A, B, "--prefix", "typo/"]);
  expect(nothing).toMatchObject({ code: 3, value: { items: [], ok: false, equal: 0 } });
  // Where one of them has some, the other lacks them; and two empty stores are equal.
  expect(await space.run(["verify", A, B, "--prefix", "fir"])).toMatchObject({ code: 1 });
  expect(await space.run(["verify", "memory:", "memory:"])).toMatchObject({ code: 0 });
});

it("takes what is no store for a prefix, and refuses what means nothing", async () => {
  await fill();
  expect(await space.json(["verify", A, "bo"])).toMatchObject({ code: 0, value: { items: 1 } });
  expect(await space.json(["verify", A, "user:1/"])).toMatchObject({ code: 2 });
  expect(await space.json(["verify", A, "--prefix", "user:1/"])).toMatchObject({
    code: 3,
    value: { ok: false, items: 0 },
  });
  expect(await space.run(["verify", A, "sqlite:./absent.db"])).toMatchObject({ code: 3 });
  for (const wrong of [
    [A, B, "--repair"],
    [A, "--headers"],
    [A, "--differences"],
    [A, "a", "--prefix", "b"],
  ]) {
    expect(await space.run(["verify", ...wrong])).toMatchObject({ code: 2 });
  }
});
