import type { Query } from "@holdfast/core";
import { openStorage, parseQuery } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownCopy } from "../../dist/query/own-copy.js";
import { completeQuery, isPlainQuery } from "../../dist/query/plain-query.js";
import { MapAdapter } from "../support/map-adapter.js";
import { texts } from "./samples.js";

describe("a plain query", () => {
  it("is completed as any other is, whatever is in it, and a wrong one is none", () => {
    const odd = fc.constantFrom<unknown>(undefined, null, 0, -1, 1.5, Number.NaN, "", "a", [], ["a", 1], {}, true);
    const queries = fc.record(
      {
        prefix: fc.oneof(texts, odd),
        text: fc.oneof(texts, odd),
        tags: fc.oneof(fc.array(fc.constantFrom("a", "b", "\ud800", "")), odd),
        limit: fc.oneof(fc.nat(3), odd),
        offset: fc.oneof(fc.nat(3), odd),
        where: fc.constantFrom(undefined, {}, { a: 1 }, null),
        sort: fc.constantFrom(undefined, "key", "-modified", "nothing"),
        signal: fc.constantFrom(undefined, AbortSignal.abort()),
        prefx: fc.constant("a"),
      },
      { requiredKeys: [] },
    );
    const told = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        return (error as { message: string }).message;
      }
    };
    fc.assert(
      fc.property(queries, (query) => {
        const whole = told(() => parseQuery(query));
        if (isPlainQuery(query)) expect(told(() => completeQuery(query))).toEqual(whole);
        else expect("where" in query || "sort" in query || typeof whole === "string").toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what is no plain query", () => {
  it.each([[{ tags: ["a", 1] }], [{ hasOwnProperty: "prefix" }], [{ valueOf: undefined }]])(
    "is told from one: %j",
    (query) => {
      expect(isPlainQuery(query)).toBe(false);
    },
  );
});

describe("a copy of a query", () => {
  it("is its own down to the lists of comparisons, and leaves what lies deeper or is no plain object as it is", () => {
    const deeper = { n: 1 };
    const bytes = new Uint8Array(1);
    const query = { where: { kind: { in: [[deeper], "a"] } }, text: bytes };
    const copy = ownCopy(query) as typeof query;
    expect(copy).toEqual(query);
    expect(copy.where.kind.in).not.toBe(query.where.kind.in);
    expect(copy.where.kind.in[0]).not.toBe(query.where.kind.in[0]);
    expect((copy.where.kind.in[0] as unknown[])[0]).toBe(deeper);
    expect(copy.text).toBe(bytes);
  });
});

describe("a query", () => {
  it("is what it was when it was passed, whatever its caller does with it then", async () => {
    const storage = await openStorage(new MapAdapter());
    await storage.save("a", 1, { metadata: { n: 1, kind: "x" }, tags: ["t"] });
    await storage.save("b", 1, { metadata: { n: 2, kind: "y" }, tags: ["u"] });
    const kinds = ["x"];
    const query = { tags: ["t"], where: { n: { gte: 1 }, kind: { in: kinds } }, sort: "-metadata.n" };
    const found = storage.search(query as Query);
    const counted = storage.count(query as Query);
    query.tags[0] = "u";
    query.where.n.gte = 2;
    kinds[0] = "y";
    query.sort = "nothing";
    expect((await found).map(({ key }) => key)).toEqual(["a"]);
    expect(await counted).toBe(1);
    const plain: { tags: string[] } = { tags: ["t"] };
    const again = storage.search(plain);
    plain.tags[0] = "u";
    expect((await again).map(({ key }) => key)).toEqual(["a"]);
    await storage.close();
  });

  it("that is no plain data inside is refused, not taken for a copy of itself", async () => {
    class Kind {
      in = ["x"];
    }
    const storage = await openStorage(new MapAdapter());
    for (const wrong of [new Kind(), new Map(), () => 1, [1]]) {
      await expect(storage.search({ where: { kind: wrong as never } })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    }
    await storage.close();
  });
});
