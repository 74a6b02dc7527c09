import { describe, expect, it } from "vitest";
import * as z from "zod";
import { failure, open } from "./opened.js";

const schema = z.object({ n: z.number() });
const definition = { schema, version: "1.0" };
const up = (data: unknown) => data;

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("wrong arguments", () => {
  it.each<[string, unknown, string]>([
    ["an unknown option", { schema, version: "1.0", indexes: [] }, '"indexes"'],
    ["no schema", { version: "1.0" }, "schema"],
    ["something that is no schema", { schema: { n: "number" }, version: "1.0" }, "Standard Schema"],
    ["no version", { schema }, "version is one to three numbers"],
    ["a version that is a number", { schema, version: 1 }, "not 1"],
    ["a version with a letter", { schema, version: "v1" }, '"v1"'],
    ["a version with a leading zero", { schema, version: "1.01" }, '"1.01"'],
    ["a version of four numbers", { schema, version: "1.0.0.0" }, '"1.0.0.0"'],
    ["a pre-release", { schema, version: "1.0.0-beta" }, '"1.0.0-beta"'],
    ["no list of migrations", { schema, version: "1.0", migrations: {} }, "migrations is an array"],
    ["a step that is none", { schema, version: "1.0", migrations: [null] }, "migrations[0] is an object, not null"],
    ["a step without up", { schema, version: "1.0", migrations: [{ from: "0.9", to: "1.0" }] }, "migrations[0].up"],
    [
      "a step with a wrong version",
      { schema, version: "1.0", migrations: [{ from: "0.9", to: "one", up }] },
      "migrations[0].to",
    ],
    ["a step down", { schema, version: "1.0", migrations: [{ from: "1.0", to: "0.9", up }] }, "not above it"],
    ["a step to itself", { schema, version: "1.0", migrations: [{ from: "1.0", to: "1.0.0", up }] }, "not above it"],
    [
      "a step with a misspelt property",
      { schema, version: "1.0", migrations: [{ from: "0.9", to: "1.0", up, dwon: up }] },
      '"dwon"',
    ],
    [
      "a down that is no function",
      { schema, version: "1.0", migrations: [{ from: "0.9", to: "1.0", up, down: true }] },
      "migrations[0].down",
    ],
    [
      "a deprecation that is no text",
      { schema, version: "1.0", migrations: [{ from: "0.9", to: "1.0", up, deprecated: true }] },
      "migrations[0].deprecated",
    ],
    [
      "two steps between the same versions",
      {
        schema,
        version: "1.0",
        migrations: [
          { from: "0.9", to: "1.0", up },
          { from: "0.9.0", to: "1", up },
        ],
      },
      "two steps from 0.9.0 to 1",
    ],
    ["an index that is no list", { schema, version: "1.0", index: "n" }, "index is an array"],
    ["an index path with a lone backslash", { schema, version: "1.0", index: ["a\\b"] }, "backslash"],
    ["an index path that looks like metadata", { schema, version: "1.0", index: ["metadata.n"] }, "metadata"],
    ["an index path that is no text", { schema, version: "1.0", index: [3] }, "path"],
    ["an unversioned that is no version", { schema, version: "1.0", unversioned: true }, "unversioned"],
    ["a writeBack that is no boolean", { schema, version: "1.0", writeBack: "no" }, "writeBack"],
    ["a listener that is none", { schema, version: "1.0", onDeprecated: "warn" }, "onDeprecated"],
  ])("reject every call: %s", async (_, options, part) => {
    const { storage } = await open();
    const things = storage.collection("things", options as typeof definition);
    const calls: Promise<unknown>[] = [
      things.save("a", { n: 1 }),
      things.load("a"),
      things.stat("a"),
      things.exists("a"),
      things.delete("a"),
      things.list(),
      collect(things.scan()),
      things.search({}),
      things.count(),
      things.update("a", () => undefined),
      things.batch([{ type: "save", key: "a", data: { n: 1 } }]),
      things.history("a"),
      things.restore("a", "1"),
      collect(things.changes()),
      things.watch("", () => undefined),
      things.status(),
      things.migrateAll(),
    ];
    for (const call of calls) {
      const error = await failure(call);
      expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining(part) });
    }
    expect(await storage.list()).toEqual([]);
  });

  it.each([[undefined], [null], ["1.0"], [[]]])("are refused at once: options that are %j", async (options) => {
    const { storage } = await open();
    expect(() => storage.collection("things", options as never)).toThrow("options are given as an object");
  });

  it("are refused at once: a name that is no key", async () => {
    const { storage } = await open();
    for (const name of ["", "a//b", "../up", "a/.holdfast", 3]) {
      const error = await failure(() => storage.collection(name as string, { schema, version: "1.0" }));
      expect(error.code).toBe("INVALID_KEY");
    }
  });

  it("reject from every call", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0", index: ["n"] });
    const wrong: [string, Promise<unknown>][] = [
      ["INVALID_KEY", things.save("", { n: 1 })],
      ["INVALID_OPTION", things.save("a", { n: 1 }, { tag: ["x"] } as never)],
      ["INVALID_KEY", things.load("a//b")],
      ["INVALID_OPTION", things.load("a", { version: 3 } as never)],
      ["INVALID_OPTION", things.update("a", "change" as never)],
      ["INVALID_OPTION", things.update("a", () => ({ n: 1 }), { ifVersion: null } as never)],
      ["INVALID_OPTION", things.search({ where: { m: 1 } } as never)],
      ["INVALID_OPTION", things.search("n" as never)],
      ["INVALID_OPTION", things.count({ sort: "m" } as never)],
      ["INVALID_OPTION", things.batch("all" as never)],
      ["INVALID_OPTION", things.batch([{ type: "put", key: "a" }] as never)],
      ["INVALID_OPTION", things.status({ all: true } as never)],
      ["INVALID_OPTION", things.migrateAll({ dry: true } as never)],
      ["INVALID_OPTION", things.migrateAll({ dryRun: 1 } as never)],
      ["INVALID_OPTION", things.migrateAll({ down: 1 } as never)],
      ["INVALID_OPTION", things.migrateAll({ progress: 1 } as never)],
      ["INVALID_OPTION", things.count(null as never)],
      ["INVALID_OPTION", things.migrateAll({ concurrency: 0 })],
      ["INVALID_OPTION", things.migrateAll({ concurrency: 2 ** 40 })],
      ["INVALID_OPTION", things.migrateAll("all" as never)],
    ];
    for (const [code, call] of wrong) expect(await failure(call)).toMatchObject({ code });
  });
});

describe("a collection", () => {
  it("is a view of the keys below its name, and takes the options of a save", async () => {
    const { storage, ports } = await open();
    const things = storage.collection("my/things", { schema, version: "1.0" });
    const expiration = new Date(ports.time + 1000);
    const about = { tags: ["x"], metadata: { by: "Ann" }, expiration, format: "yaml", compress: true } as const;
    await things.save("a/1", { n: 1 }, about);
    const { format, ...rest } = (await things.stat("a/1")) ?? {};
    expect(format).toBe("yaml");
    expect(rest).toMatchObject({
      key: "a/1",
      tags: ["x"],
      metadata: { by: "Ann" },
      expiration,
      schema: "my/things@1.0",
    });
    expect(await storage.stat("my/things/a/1")).toMatchObject({ schema: "my/things@1.0" });
    expect((await things.list("a/")).map(({ key }) => key)).toEqual(["a/1"]);
    expect(await things.exists("a/1")).toBe(true);
    for await (const { key } of things.scan()) expect(key).toBe("a/1");
    expect(await failure(things.save("a/1", { n: 2 }, { ifVersion: null }))).toMatchObject({ code: "CONFLICT" });
    await things.update("a/1", (thing) => ({ n: (thing?.n ?? 0) + 1 }));
    expect(await things.stat("a/1")).toMatchObject({
      format: "yaml",
      tags: ["x"],
      expiration,
      schema: "my/things@1.0",
    });
    expect(await things.load("a/1")).toEqual({ n: 2 });
    expect(await things.delete("a/1")).toBe(true);
    expect(await things.load("a/1")).toBeUndefined();
  });

  it("tells of its writes, by id", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    const seen: string[] = [];
    const unwatch = await things.watch("", ({ type, key }) => seen.push(`${type} ${key}`));
    await things.save("a", { n: 1 });
    await storage.save("b", 1);
    await things.delete("a");
    await unwatch();
    expect(seen).toEqual(["save a", "delete a"]);
  });

  it("writes in the order of the calls from the first one on, and as it was defined", async () => {
    const { storage } = await open();
    const options = { schema, version: "1.0" };
    const things = storage.collection("things", options);
    options.version = "2.0";
    const calls = [things.save("a", { n: 1 }), things.delete("a"), things.delete("b"), things.save("b", { n: 1 })];
    expect(await Promise.all(calls)).toMatchObject([{ schema: "things@1.0" }, true, false, { schema: "things@1.0" }]);
    expect((await things.list()).map(({ key }) => key)).toEqual(["b"]);
    expect(things.version).toBe("1.0");
  });

  it("lives below a namespace as well", async () => {
    const { storage } = await open();
    const things = storage.namespace("app").collection("things", { schema, version: "1.0" });
    await things.save("a", { n: 1 });
    expect(await storage.stat("app/things/a")).toMatchObject({ schema: "things@1.0" });
    expect(await things.load("a")).toEqual({ n: 1 });
  });

  it("changes several items as one, or none", async () => {
    const { storage, adapter } = await open();
    const things = storage.collection("things", { schema, version: "1.0", index: ["n"] });
    await things.save("old", { n: 0 });
    const results = await things.batch([
      { type: "save", key: "a", data: { n: 1 }, options: { tags: ["x"] } },
      { type: "delete", key: "old" },
    ]);
    expect(results).toEqual([expect.objectContaining({ key: "a", schema: "things@1.0", tags: ["x"] }), true]);
    expect(await things.search({ where: { n: 1 } })).toMatchObject([{ key: "a", data: { n: 1 } }]);
    const before = [...adapter.records.keys()];
    const error = await failure(
      things.batch([
        { type: "save", key: "b", data: { n: 2 } },
        { type: "save", key: "c", data: { n: "3" } as never },
      ]),
    );
    expect(error).toMatchObject({ code: "SCHEMA", issues: [{ path: ["n"] }] });
    expect(error.message).toContain('"c"');
    expect([...adapter.records.keys()]).toEqual(before);
  });

  it("gives each update of a race its turn, and validates what it returns", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    await Promise.all(Array.from({ length: 20 }, () => things.update("a", (thing) => ({ n: (thing?.n ?? 0) + 1 }))));
    expect(await things.load("a")).toEqual({ n: 20 });
    expect(await things.update("a", () => undefined)).toMatchObject({ key: "a" });
    expect(await things.update("none", () => undefined)).toBeUndefined();
    expect(await failure(things.update("a", () => ({ n: "x" }) as never))).toMatchObject({ code: "SCHEMA" });
    expect(await failure(things.update("a", () => Promise.reject(new Error("own"))))).toMatchObject({ message: "own" });
    expect(await things.load("a")).toEqual({ n: 20 });
  });

  it("ends with its storage, and obeys signals", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    const signal = AbortSignal.abort();
    for (const call of [
      things.save("a", { n: 1 }, { signal }),
      things.load("a", { signal }),
      things.search({ signal }),
      things.count({ signal }),
      things.update("a", () => ({ n: 1 }), { signal }),
      things.batch([], { signal }),
      things.status({ signal }),
      things.migrateAll({ signal }),
    ]) {
      expect(await failure(call)).toMatchObject({ code: "ABORTED" });
    }
    await storage.close();
    for (const call of [things.save("a", { n: 1 }), things.load("a"), things.search({}), things.migrateAll()]) {
      expect(await failure(call)).toMatchObject({ code: "CLOSED" });
    }
  });
});

describe("what the caller changes after a call", () => {
  it.each([
    ["with its first call", false],
    ["later", true],
  ])("changes nothing of it, %s", async (_, warm) => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0", index: ["n"] });
    if (warm) await things.save("warm", { n: 0 });
    const options: {
      tags: string[];
      metadata: { deep: { er: { and: { deeper: { still: string[] } } } } };
      expiration: Date;
    } = {
      tags: [],
      metadata: { deep: { er: { and: { deeper: { still: [] } } } } },
      expiration: new Date(0),
    };
    const saves = ["a", "b", "c"].map((id, at) => {
      options.tags = [id];
      options.metadata.deep.er.and.deeper.still[0] = id;
      options.expiration.setTime(4e12 + at);
      return things.save(id, { n: 1 }, options);
    });
    const saved = await Promise.all(saves);
    expect(saved).toMatchObject(
      ["a", "b", "c"].map((id, at) => ({
        key: id,
        tags: [id],
        metadata: { deep: { er: { and: { deeper: { still: [id] } } } } },
        expiration: new Date(4e12 + at),
      })),
    );

    const update = things.update("a", (thing) => thing && { n: 2 }, options);
    options.tags.push("late");
    expect(await update).toMatchObject({ tags: ["c"] });

    const condition: { ifVersion: string | undefined } = { ifVersion: saved[1]?.version };
    const removal = things.delete("b", condition);
    condition.ifVersion = "never";
    expect(await removal).toBe(true);
  });

  it("changes nothing of a batch and of a query", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0", index: ["n"] });
    const operation = { type: "save" as const, key: "x", data: { n: 1 }, options: { tags: ["one"] } };
    const operations = [operation];
    const batch = things.batch(operations);
    operation.key = "y";
    operation.options.tags[0] = "two";
    operations.push({ ...operation, key: "z" });
    expect(await batch).toMatchObject([{ key: "x", tags: ["one"] }]);
    expect((await things.list()).map(({ key }) => key)).toEqual(["x"]);

    const query = { where: { n: { in: [1] } }, tags: ["one"] };
    const [found, count] = [things.search(query), things.count(query)];
    query.where.n.in[0] = 99;
    query.tags[0] = "none";
    expect(await found).toHaveLength(1);
    expect(await count).toBe(1);
  });

  it("makes nothing right that was wrong", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    const wrong = { tag: ["a"] };
    const save = failure(things.save("a", { n: 1 }, wrong as never));
    Reflect.deleteProperty(wrong, "tag");
    expect(await save).toMatchObject({ code: "INVALID_OPTION" });
    class Metadata {
      readonly n = 1;
    }
    const metadata = new Metadata() as never;
    expect(await failure(things.save("a", { n: 1 }, { metadata }))).toMatchObject({ code: "INVALID_VALUE" });
    expect(await things.exists("a")).toBe(false);
  });
});

it("calls reject, and throw nothing, where what is passed throws when it is read", async () => {
  const notes = (await open()).storage.collection("notes", definition);
  const mine = new Error("mine");
  const query = {
    get text(): string {
      throw mine;
    },
  };
  const operation = {
    type: "delete" as const,
    get key(): string {
      throw mine;
    },
  };
  for (const call of [
    () => notes.search(query as never),
    () => notes.count(query as never),
    () => notes.batch([operation as never]),
  ]) {
    let answer: Promise<unknown> | undefined;
    expect(() => {
      answer = call();
    }).not.toThrow();
    await expect(answer).rejects.toBeDefined();
  }
});
