import type { CollectionOptions } from "@holdfast/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { failure, open } from "./opened.js";

const zodNote = z.object({
  title: z.string().trim().min(1),
  stars: z.number().default(0),
  lines: z.array(z.object({ text: z.string() })).optional(),
});
const valibotNote = v.object({
  title: v.pipe(v.string(), v.trim(), v.minLength(1)),
  stars: v.optional(v.number(), 0),
  lines: v.optional(v.array(v.object({ text: v.string() }))),
});
const arktypeNote = type({
  title: "string.trim |> string > 0",
  stars: "number = 0",
  "lines?": type({ text: "string" }).array(),
});

const zodAsync = zodNote.refine(async ({ title }) => title !== "taken");
const valibotAsync = v.pipeAsync(
  valibotNote,
  v.checkAsync(async ({ title }) => title !== "taken"),
);

type NoteSchema = CollectionOptions<typeof zodNote>["schema"];

describe.each<[string, NoteSchema]>([
  ["zod", zodNote],
  ["valibot", valibotNote as unknown as NoteSchema],
  ["arktype", arktypeNote as unknown as NoteSchema],
  ["zod, asynchronously", zodAsync as unknown as NoteSchema],
  ["valibot, asynchronously", valibotAsync as unknown as NoteSchema],
])("a schema of %s", (_, schema) => {
  it("stores what it makes of the input, and loads that", async () => {
    const { storage } = await open();
    const notes = storage.collection("notes", { schema, version: "1.0" });
    const item = await notes.save("a", { title: "  Hello " });
    expect(item).toMatchObject({ key: "a", schema: "notes@1.0" });
    expect(await storage.load("notes/a")).toEqual({ title: "Hello", stars: 0 });
    expect(await notes.load("a")).toEqual({ title: "Hello", stars: 0 });
    expect(await notes.load("b")).toBeUndefined();
  });

  it("refuses what does not fit, with issues and paths, and writes nothing", async () => {
    const { storage, adapter } = await open();
    const notes = storage.collection("notes", { schema, version: "1.0" });
    const wrong = { title: "x", stars: 1, lines: [{ text: "ok" }, { text: 3 }] };
    const error = await failure(notes.save("a", wrong as never));
    expect(error).toMatchObject({ code: "SCHEMA", key: "a", adapter: "map" });
    expect(error.message).toContain('notes: the data of "a" does not fit the schema: $.lines[1].text');
    expect(error.issues).toEqual([{ message: expect.any(String), path: ["lines", 1, "text"] }]);
    expect(error.toJSON()["issues"]).toEqual(error.issues);
    expect(adapter.records.size).toBe(0);
  });
});

describe.each<[string, NoteSchema]>([
  ["zod", zodAsync as unknown as NoteSchema],
  ["valibot", valibotAsync as unknown as NoteSchema],
])("a schema of %s that has to wait", (_, schema) => {
  it("decides all the same", async () => {
    const { storage, adapter } = await open();
    const notes = storage.collection("notes", { schema, version: "1.0" });
    expect((await failure(notes.save("a", { title: "taken" }))).code).toBe("SCHEMA");
    expect(adapter.records.size).toBe(0);
  });
});

describe("what the schema makes of data", () => {
  it.each([
    ["a Date", z.object({ at: z.string().transform((text) => new Date(text)) }), { at: "2026-01-01" }],
    ["something else each time", z.number().transform((n) => n + 1), 1],
    ["something that it refuses", z.string().transform(Number), "3"],
    ["a longer list", z.array(z.number()).transform((list) => [...list, 0]), [1]],
    ["another property", z.looseObject({}).transform((all) => ({ ...all, [Object.keys(all).length]: 1 })), {}],
  ])("has to be left as it is: %s", async (_, schema, data) => {
    const { storage, adapter } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    const error = await failure(things.save("a", data as never));
    expect(["SCHEMA", "INVALID_VALUE"]).toContain(error.code);
    expect(error.message).toMatch(/does not leave its own output as it is|\$\.at is a Date/);
    expect(adapter.records.size).toBe(0);
  });

  it.each([
    ["bytes", z.instanceof(Uint8Array), new Uint8Array([1, 2, 3])],
    ["a bare value", z.number(), -0],
    ["null", z.null(), null],
    ["properties in another order", z.looseObject({ b: z.number(), a: z.number() }), { c: 1, a: 2, b: 3 }],
    ["a property that is undefined", z.object({ a: z.number().optional() }), { a: undefined }],
    ["nested lists", z.array(z.array(z.number())), [[1], [], [2, 3]]],
  ])("may be %s", async (_, schema, data) => {
    const { storage } = await open();
    const things = storage.collection("things", { schema, version: "1.0" });
    await things.save("a", data as never);
    expect(await things.load("a")).toEqual(data === 0 ? 0 : data);
  });

  it("is INVALID_VALUE where the format cannot hold it", async () => {
    const { storage } = await open();
    const things = storage.collection("things", { schema: z.object({ n: z.any() }), version: "1.0" });
    const error = await failure(things.save("a", { n: 1n }));
    expect(error).toMatchObject({ code: "INVALID_VALUE", key: "a" });
    expect(error.message).toContain('things: the data of "a" cannot be stored: $.n is a bigint');
  });

  it("is SCHEMA when the schema throws what is no text", async () => {
    const { storage } = await open();
    const validate = () => {
      throw Object.create(null);
    };
    const schema = { "~standard": { version: 1, vendor: "test", validate } } as unknown as StandardSchemaV1<string>;
    const error = await failure(storage.collection("things", { schema, version: "1.0" }).save("a", "x"));
    expect(error).toMatchObject({ code: "SCHEMA", message: expect.stringContaining("the schema threw an object") });
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "the schema threw TypeError"],
    ["an issue that is none", { issues: [null] }, "the schema threw TypeError"],
    ["a list without issues", { issues: [] }, "it names no issue"],
  ])("is SCHEMA when the schema answers with %s, at once or later", async (_, answer, text) => {
    const { storage } = await open();
    for (const validate of [() => answer, async () => answer]) {
      const schema = { "~standard": { version: 1, vendor: "test", validate } } as unknown as StandardSchemaV1<string>;
      const error = await failure(storage.collection("things", { schema, version: "1.0" }).save("a", "x"));
      expect(error).toMatchObject({ code: "SCHEMA", message: expect.stringContaining(text) });
    }
  });

  it("comes from a schema that may fail itself", async () => {
    const { storage } = await open();
    const cause = new Error("no dictionary");
    const throwing = z.string().refine(() => {
      throw cause;
    });
    const rejecting: StandardSchemaV1<string> = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(cause) },
    };
    for (const schema of [throwing as StandardSchemaV1<string>, rejecting]) {
      const things = storage.collection("things", { schema, version: "1.0" });
      const error = await failure(things.save("a", "x"));
      expect(error).toMatchObject({ code: "SCHEMA", cause, message: expect.stringContaining("no dictionary") });
    }
  });
});

describe("the moment of saving", () => {
  it("is when save is called", async () => {
    const { storage } = await open();
    const data = { list: [1] };
    for (const schema of [z.object({ list: z.array(z.number()) }), type({ list: "number[]" })]) {
      const things = storage.collection("things", { schema, version: "1.0" });
      const saving = things.save("a", data);
      data.list.push(2);
      await saving;
      expect(await things.load("a")).toEqual({ list: [1] });
      data.list.pop();
    }
  });

  it("keeps the order of the calls when a schema takes longer for one", async () => {
    const { storage } = await open();
    const slow = z.object({ n: z.number() }).refine(async ({ n }) => {
      for (let turn = 0; turn < 50 - n * 20; turn++) await Promise.resolve();
      return true;
    });
    const things = storage.collection("things", { schema: slow, version: "1.0" });
    await Promise.all([things.save("a", { n: 0 }), things.save("a", { n: 1 }), things.save("a", { n: 2 })]);
    expect(await things.load("a")).toEqual({ n: 2 });
  });

  it("makes way when a schema that does not come to an end is given up", async () => {
    const { storage } = await open();
    const hanging = z
      .object({ n: z.number() })
      .refine(({ n }) => (n === 0 ? new Promise<boolean>(() => undefined) : true));
    const things = storage.collection("things", { schema: hanging, version: "1.0" });
    for (const start of [
      (signal: AbortSignal) => things.save("a", { n: 0 }, { signal }),
      (signal: AbortSignal) => things.batch([{ type: "save", key: "a", data: { n: 0 } }], { signal }),
    ]) {
      const controller = new AbortController();
      const saving = failure(start(controller.signal));
      const next = things.save("a", { n: 1 });
      // Both are waiting for the schema by now.
      await things.load("b");
      controller.abort();
      expect(await saving).toMatchObject({ code: "ABORTED" });
      expect(await next).toMatchObject({ key: "a" });
      expect(await storage.delete("things/a")).toBe(true);
    }
  });

  it("is none for a save that was given up before its schema had decided", async () => {
    const { storage, adapter } = await open();
    const decided = Promise.withResolvers<boolean>();
    const things = storage.collection("things", { schema: z.string().refine(() => decided.promise), version: "1.0" });
    const controller = new AbortController();
    const { signal } = controller;
    const saves = [
      failure(things.save("a", "x", { signal })),
      failure(things.update("b", () => "x", { signal })),
      failure(things.batch([{ type: "save", key: "c", data: "x" }], { signal })),
    ];
    // All of them are waiting for the schema by now.
    await things.load("d");
    controller.abort();
    expect(await Promise.all(saves)).toMatchObject([{ code: "ABORTED" }, { code: "ABORTED" }, { code: "ABORTED" }]);
    decided.resolve(true);
    await things.save("d", "x");
    expect([...adapter.records.keys()]).toEqual(["things/d"]);
  });
});
