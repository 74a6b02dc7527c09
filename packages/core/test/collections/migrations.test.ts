import { type SchemaMigration, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { failure, type Opened, open } from "./opened.js";

/** Data that tells which way it came. */
const schema = z.object({ way: z.array(z.string()) });
type Data = z.infer<typeof schema>;

function step(from: string, to: string, more: Partial<SchemaMigration> = {}): SchemaMigration {
  return { from, to, up: ({ way }: Data) => ({ way: [...way, to] }), ...more };
}

function reversible(from: string, to: string): SchemaMigration {
  return step(from, to, { down: ({ way }: Data) => ({ way: [...way, from] }) });
}

function things({ storage }: Opened, version: string, migrations: SchemaMigration[] = [], more: object = {}) {
  return storage.collection("things", { schema, version, migrations, ...more });
}

async function savedAs(opened: Opened, version: string): Promise<void> {
  await things(opened, version).save("a", { way: [version] });
}

describe("the chain of steps", () => {
  it.each<[string, string, string, SchemaMigration[], string[]]>([
    ["none between equal versions", "1.0", "1.0.0", [], ["1.0"]],
    ["one", "1.0", "2.0", [step("1.0", "2.0")], ["1.0", "2.0"]],
    [
      "several, in any order, two majors back",
      "0.9",
      "2.0",
      [step("1.2", "2.0"), step("0.9", "1.0"), step("1.0", "1.2")],
      ["0.9", "1.0", "1.2", "2.0"],
    ],
    [
      "the shortest",
      "1.0",
      "3.0",
      [step("1.0", "2.0"), step("2.0", "3.0"), step("1.0", "2.5"), step("2.5", "2.9"), step("2.9", "3.0")],
      ["1.0", "2.0", "3.0"],
    ],
    [
      "of equally short ones, the first named",
      "1.0",
      "3.0",
      [step("1.0", "2.5"), step("1.0", "2.0"), step("2.0", "3.0"), step("2.5", "3.0")],
      ["1.0", "2.5", "3.0"],
    ],
    ["by numbers, not by letters", "1.9", "1.10", [step("1.9", "1.10")], ["1.9", "1.10"]],
    ["however versions are written", "1", "2", [step("1.0.0", "1.5"), step("1.5.0", "2.0")], ["1", "1.5", "2.0"]],
    [
      "not past the code's version",
      "1.0",
      "2.0",
      [step("1.0", "3.0"), step("1.0", "1.5"), step("1.5", "2.0")],
      ["1.0", "1.5", "2.0"],
    ],
    ["down", "3.0", "1.0", [reversible("2.0", "3.0"), reversible("1.0", "2.0")], ["3.0", "2.0", "1.0"]],
  ])("is %s", async (_, from, to, migrations, way) => {
    const opened = await open();
    await savedAs(opened, from);
    expect(await things(opened, to, migrations).load("a")).toEqual({ way });
  });

  it.each<[string, string, string, SchemaMigration[], string]>([
    ["all of it", "1.0", "2.0", [], "from 1.0 to 2.0"],
    ["the last step", "0.9", "2.0", [step("0.9", "1.0")], "from 1.0 to 2.0"],
    ["the first step", "0.9", "2.0", [step("1.0", "2.0")], "from 0.9 to 1.0"],
    ["the middle", "0.9", "3.0", [step("0.9", "1.0"), step("2.0", "3.0"), step("2.5", "3.0")], "from 1.0 to 2.0"],
    ["all but a step that goes too far", "1.0", "2.0", [step("1.0", "3.0")], "from 1.0 to 2.0"],
    ["steps down do not lead up", "1.0", "2.0", [reversible("0.5", "2.0")], "from 1.0 to 2.0"],
  ])("is never guessed: missing is %s", async (_, from, to, migrations, gap) => {
    const opened = await open();
    await savedAs(opened, from);
    const before = structuredClone(opened.adapter.records);
    const error = await failure(things(opened, to, migrations).load("a"));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a" });
    expect(error.message).toContain(`no migration leads ${gap}`);
    expect(opened.adapter.records).toEqual(before);
  });

  it.each<[string, SchemaMigration[]]>([
    ["no steps", []],
    ["no way down", [step("1.0", "2.0"), step("2.0", "3.0")]],
    ["half a way down", [step("1.0", "2.0"), reversible("2.0", "3.0")]],
  ])("does not lead back without steps down: %s", async (_, migrations) => {
    const opened = await open();
    await savedAs(opened, "3.0");
    const old = things(opened, "1.0", migrations);
    for (const call of [old.load("a"), old.update("a", () => ({ way: [] }))]) {
      const error = await failure(call);
      expect(error).toMatchObject({ code: "SCHEMA", key: "a" });
      expect(error.message).toContain("version 3.0, which is newer than the code's 1.0");
    }
  });
});

describe("a step", () => {
  it("gets data of its own and the item, and may take its time", async () => {
    const opened = await open();
    await opened.storage.collection("things", { schema, version: "1.0" }).save("a", { way: [] }, { tags: ["x"] });
    const seen: unknown[] = [];
    const up: SchemaMigration["up"] = async (data, item) => {
      seen.push(structuredClone(item));
      item.tags.push("mine");
      (data as Data).way.push("in place");
      await Promise.resolve();
      return data;
    };
    const now = things(opened, "2.0", [{ from: "1.0", to: "2.0", up }]);
    expect(await now.load("a")).toEqual({ way: ["in place"] });
    expect(seen).toMatchObject([{ key: "a", tags: ["x"], schema: "things@1.0" }]);
    expect(await now.stat("a")).toMatchObject({ tags: ["x"], schema: "things@2.0" });
  });

  it("that returns what no format holds is INVALID_VALUE, which names the item also in a search", async () => {
    const opened = await open();
    await savedAs(opened, "1.0");
    const up = (data: unknown) => ({ way: [...(data as { way: string[] }).way, "new"], when: new Date() });
    const schema = z.looseObject({ way: z.array(z.string()) });
    const now = opened.storage.collection("things", {
      schema,
      version: "2.0",
      migrations: [{ from: "1.0", to: "2.0", up }],
      index: ["way"],
    });
    for (const reading of [now.load("a"), now.search({ where: { way: "new" } })]) {
      const error = await failure(reading);
      expect(error).toMatchObject({ code: "INVALID_VALUE", key: "a" });
      expect(error.message).toContain(
        'the data of "a", saved as version 1.0 and brought to 2.0, cannot be stored: $.when is a Date',
      );
    }
  });

  it.each<[string, SchemaMigration["up"], string]>([
    [
      "throws",
      () => {
        throw new Error("no title");
      },
      'from 1.0 to 2.0 failed (no title) for "a"',
    ],
    ["rejects", () => Promise.reject(new Error("no title")), 'from 1.0 to 2.0 failed (no title) for "a"'],
    ["rejects with no error", () => Promise.reject(Object.create(null)), 'from 1.0 to 2.0 failed (an object) for "a"'],
    ["returns undefined", () => undefined, 'from 1.0 to 2.0 returned undefined for "a"'],
    ["returns what does not fit", () => ({ way: 3 }), 'the data of "a", saved as version 1.0 and brought to 2.0,'],
  ])("that %s is SCHEMA, and the item stays", async (_, up, part) => {
    const opened = await open();
    await savedAs(opened, "1.0");
    const before = structuredClone(opened.adapter.records);
    const error = await failure(things(opened, "2.0", [{ from: "1.0", to: "2.0", up }]).load("a"));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a" });
    expect(error.message).toContain(part);
    expect(opened.adapter.records).toEqual(before);
  });
});

describe("stored data", () => {
  it("that does not fit is SCHEMA with key, version and issues", async () => {
    const opened = await open();
    const loose = opened.storage.collection("things", { schema: z.any(), version: "1.0" });
    await loose.save("a", { way: ["ok", 3] });
    const error = await failure(things(opened, "1.0").load("a"));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a", issues: [{ path: ["way", 1] }] });
    expect(error.message).toContain('the data of "a", saved as version 1.0,');
  });

  it("without a version is refused, or taken for what the option says", async () => {
    const opened = await open();
    await opened.storage.save("things/a", { way: ["raw"] });
    const error = await failure(things(opened, "1.0").load("a"));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a", message: expect.stringContaining('"unversioned"') });
    const now = things(opened, "1.0", [step("0.9", "1.0")], { unversioned: "0.9" });
    expect(await now.load("a")).toEqual({ way: ["raw", "1.0"] });
    expect(await now.stat("a")).toMatchObject({ schema: "things@1.0" });
    await opened.storage.save("things/a", { way: ["raw"] });
    const same = things(opened, "1.0", [], { unversioned: "1.0" });
    expect(await same.load("a")).toEqual({ way: ["raw"] });
    expect(await same.stat("a")).toMatchObject({ schema: "things@1.0" });
  });

  it("without a version has to be what a save would leave as it is", async () => {
    const opened = await open();
    await opened.storage.save("things/a", "a");
    await opened.storage.save("things/when", "2026-01-01");
    const before = structuredClone(opened.adapter.records);
    const more = { version: "1.0", unversioned: "1.0" };
    const louder = opened.storage.collection("things", { schema: z.string().transform((text) => `${text}!`), ...more });
    const error = await failure(louder.load("a"));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a", message: expect.stringContaining("something else of it") });
    expect(await louder.migrateAll()).toMatchObject({ ok: false, remaining: 2 });
    const dates = opened.storage.collection("things", { schema: z.string().pipe(z.coerce.date()), ...more });
    expect(await failure(dates.load("when"))).toMatchObject({ code: "INVALID_VALUE", key: "when" });
    expect(opened.adapter.records).toEqual(before);
  });

  it("of another collection is refused", async () => {
    const opened = await open();
    await opened.storage.collection("things/of@mine", { schema, version: "1.0" }).save("a", { way: [] });
    const error = await failure(things(opened, "1.0").load("of@mine/a"));
    expect(error).toMatchObject({ code: "SCHEMA", message: expect.stringContaining('"things/of@mine@1.0"') });
  });
});

describe("what reading upgraded", () => {
  it("is written back; only data, version and schema change", async () => {
    const opened = await open();
    const { adapter, ports } = opened;
    const expiration = new Date(ports.time + 100_000);
    const about = { tags: ["x"], metadata: { by: "Ann" }, expiration, format: "yaml", compress: true } as const;
    await things(opened, "1.0").save("a", { way: Array.from({ length: 50 }, () => "again") }, about);
    const before = structuredClone(adapter.records.get("things/a")?.header);
    ports.time += 1000;
    const now = things(opened, "2.0", [step("1.0", "2.0")]);
    const data = await now.load("a");
    const after = adapter.records.get("things/a")?.header;
    const { version, size, storedSize, checksum, schema: mark, ...rest } = after ?? {};
    expect(mark).toBe("things@2.0");
    expect(String(version) > String(before?.version)).toBe(true);
    expect(before).toMatchObject({ ...rest, compression: "gzip", format: "yaml" });
    const puts = adapter.calls.filter((call) => call.startsWith("put")).length;
    expect(await now.load("a")).toEqual(data);
    expect(adapter.calls.filter((call) => call.startsWith("put")).length).toBe(puts);
  });

  it("is not written back where that is off, nor when it was brought down", async () => {
    const opened = await open();
    const migrations = [reversible("1.0", "2.0")];
    await savedAs(opened, "1.0");
    const before = structuredClone(opened.adapter.records);
    expect(await things(opened, "2.0", migrations, { writeBack: false }).load("a")).toEqual({ way: ["1.0", "2.0"] });
    expect(opened.adapter.records).toEqual(before);
    await things(opened, "2.0").save("a", { way: ["2.0"] });
    const newer = structuredClone(opened.adapter.records);
    const old = things(opened, "1.0", migrations);
    expect(await old.load("a")).toEqual({ way: ["2.0", "1.0"] });
    expect(opened.adapter.records).toEqual(newer);
    await old.update("a", (data) => data);
    expect(await old.stat("a")).toMatchObject({ schema: "things@1.0" });
  });

  it("yields to whoever wrote in between", async () => {
    const opened = await open();
    await savedAs(opened, "1.0");
    const other = things(opened, "2.0");
    const up: SchemaMigration["up"] = async ({ way }: Data) => {
      await other.save("a", { way: ["other"] });
      return { way: [...way, "2.0"] };
    };
    const now = things(opened, "2.0", [{ from: "1.0", to: "2.0", up }]);
    expect(await now.load("a")).toEqual({ way: ["1.0", "2.0"] });
    expect(await now.load("a")).toEqual({ way: ["other"] });
  });

  it.each(["QUOTA_EXCEEDED", "UNAVAILABLE", "UNAUTHORIZED", "LOCKED"] as const)(
    "is read all the same when the store answers %s",
    async (code) => {
      const opened = await open({ retry: false });
      await savedAs(opened, "1.0");
      const put = vi.spyOn(opened.adapter, "put").mockRejectedValue(new StorageError(code, "no"));
      const now = things(opened, "2.0", [step("1.0", "2.0")]);
      expect(await now.load("a")).toEqual({ way: ["1.0", "2.0"] });
      expect(put).toHaveBeenCalledOnce();
      expect(await now.stat("a")).toMatchObject({ schema: "things@1.0" });
    },
  );

  it("fails with what is no such answer", async () => {
    const opened = await open();
    await savedAs(opened, "1.0");
    vi.spyOn(opened.adapter, "put").mockRejectedValue(new Error("a fault"));
    const now = things(opened, "2.0", [step("1.0", "2.0")]);
    expect(await failure(now.load("a"))).toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("a fault"),
    });
  });
});

describe("deprecated data", () => {
  const migrations = [
    step("0.8", "1.0"),
    step("0.9", "1.0", { deprecated: "end of life in May" }),
    step("1.0", "2.0", { deprecated: "gone with 3.0" }),
  ];

  it("is told of once per open storage, collection and version", async () => {
    const opened = await open();
    const notices: unknown[] = [];
    const onDeprecated = (notice: object) => notices.push(notice);
    for (const id of ["a", "b"]) await things(opened, "0.9").save(id, { way: [] });
    for (const id of ["c", "d"]) await things(opened, "0.8").save(id, { way: [] });
    for (const id of ["a", "b", "c", "d"]) await things(opened, "2.0", migrations, { onDeprecated }).load(id);
    // Not of 1.0, which they only passed through.
    expect(notices).toEqual([{ collection: "things", version: "0.9", message: "end of life in May", key: "a" }]);
  });

  it("goes to the console when nobody listens, and a listener's error to the caller", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const opened = await open();
    await savedAs(opened, "0.9");
    await things(opened, "1.0", migrations).load("a");
    expect(warn.mock.calls).toEqual([['things: data of version 0.9 was met ("a"): end of life in May']]);
    vi.restoreAllMocks();
    const again = await open();
    await savedAs(again, "0.9");
    const own = new Error("own");
    const throwing = () => {
      throw own;
    };
    expect(await failure(things(again, "1.0", migrations, { onDeprecated: throwing }).load("a"))).toBe(own);
    const oncemore = await open();
    await savedAs(oncemore, "0.9");
    const rejecting = () => Promise.reject(own);
    expect(await failure(things(oncemore, "1.0", migrations, { onDeprecated: rejecting }).load("a"))).toBe(own);
  });
});
