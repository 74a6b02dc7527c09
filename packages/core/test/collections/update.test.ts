import { type SchemaMigration, StorageError } from "@holdfast/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { failure, open } from "./opened.js";

const bytesOrCount = z.union([z.instanceof(Uint8Array), z.object({ n: z.number() })]);
const bytes = z.instanceof(Uint8Array);
const count = z.object({ n: z.number() });
/** Version 1 has bytes, version 2 how many there are. */
const migration: SchemaMigration = {
  from: "1",
  to: "2",
  up: (data: Uint8Array) => ({ n: data.length }),
  down: ({ n }: { n: number }) => new Uint8Array(n),
};

describe("update of an item whose data is no longer bytes, or was none", () => {
  it("takes the format with it, before anything was read", async () => {
    const { storage } = await open();
    await storage.collection("files", { schema: bytes, version: "1" }).save("a", new Uint8Array(3), { tags: ["x"] });
    const now = storage.collection("files", { schema: count, version: "2", migrations: [migration] });
    expect(await now.update("a", (data) => ({ n: (data?.n ?? 0) + 1 }))).toMatchObject({ format: "json", tags: ["x"] });
    expect(await storage.load("files/a")).toEqual({ n: 4 });
  });

  it("does so for code of the version before, which nothing is written back for", async () => {
    const { storage } = await open();
    await storage.collection("files", { schema: count, version: "2" }).save("a", { n: 2 }, { format: "yaml" });
    const old = storage.collection("files", { schema: bytes, version: "1", migrations: [migration] });
    expect(await old.update("a", (data) => new Uint8Array([...(data ?? []), 9]))).toMatchObject({ format: "binary" });
    expect(await storage.load("files/a")).toEqual(new Uint8Array([0, 0, 9]));
  });

  it("keeps a format that holds the data, and refuses one that is named and does not", async () => {
    const { storage } = await open();
    const files = storage.collection("files", { schema: bytesOrCount, version: "1" });
    await files.save("a", { n: 1 }, { format: "yaml" });
    expect(await files.update("a", () => ({ n: 2 }))).toMatchObject({ format: "yaml" });
    const error = await failure(files.update("a", () => ({ n: 3 }), { format: "binary" }));
    expect(error).toMatchObject({ code: "INVALID_VALUE", key: "a" });
    expect(await files.load("a")).toEqual({ n: 2 });
  });
});

describe("update with a schema that throws what a lost race is", () => {
  it.each([
    ["at once", false],
    ["later", true],
  ])("ends: %s", async (_, isLater) => {
    const { storage } = await open();
    let calls = 0;
    const refuse = () => {
      // With another error, so that a fault ends as well.
      throw ++calls > 5 ? new Error("called again") : new StorageError("CONFLICT", "no two of these");
    };
    const validate = isLater ? async () => refuse() : refuse;
    const schema: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate } };
    const things = storage.collection("things", { schema, version: "1" });
    const error = await failure(things.update("a", () => "x"));
    expect(error).toMatchObject({ code: "CONFLICT", key: "a", message: expect.stringContaining("no two of these") });
    expect(calls).toBe(1);
  });

  it("is given up by its signal while the schema takes its time", async () => {
    const { storage } = await open();
    const controller = new AbortController();
    const schema = z.string().refine(() => {
      controller.abort();
      return new Promise<boolean>(() => undefined);
    });
    const things = storage.collection("things", { schema, version: "1" });
    expect(await failure(things.update("a", () => "x", { signal: controller.signal }))).toMatchObject({
      code: "ABORTED",
    });
    await storage.save("things/a", "y");
  });
});
