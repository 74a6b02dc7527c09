import { compareHits, type Hit, parseQuery, type RecordHeader } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { header, headerLists, metadata, queries } from "./samples.js";

function sorted(sort: string, headers: readonly RecordHeader[]): string[] {
  const order = parseQuery({ sort })?.order;
  if (order === undefined) throw new Error("no order");
  const hits = headers.map((one): Hit => ({ header: one, exact: 0 }));
  return hits.sort(compareHits(order)).map((hit) => hit.header.key);
}

describe("compareHits", () => {
  it("ranks by terms met exactly, then newest, then key", () => {
    const hits: Hit[] = [
      { header: header({ key: "old", modified: 1 }), exact: 1 },
      { header: header({ key: "b", modified: 5 }), exact: 1 },
      { header: header({ key: "newest", modified: 9 }), exact: 0 },
      { header: header({ key: "a", modified: 5 }), exact: 1 },
      { header: header({ key: "best", modified: 0 }), exact: 2 },
    ];
    expect(hits.sort(compareHits({ by: "rank" })).map((hit) => hit.header.key)).toEqual([
      "best",
      "a",
      "b",
      "old",
      "newest",
    ]);
  });

  it("sorts keys by code points", () => {
    const headers = ["b", "😀", "a/b", "\ue000", "a", "B"].map((key) => header({ key }));
    const ascending = ["B", "a", "a/b", "b", "\ue000", "😀"];
    expect(sorted("key", headers)).toEqual(ascending);
    expect(sorted("-key", headers)).toEqual(ascending.toReversed());
  });

  it.each(["created", "modified", "size"] as const)("sorts by %s, ties by key upwards", (field) => {
    const headers = [
      header({ key: "c", [field]: 2 }),
      header({ key: "b", [field]: 10 }),
      header({ key: "a", [field]: 10 }),
      header({ key: "d", [field]: 0 }),
    ];
    expect(sorted(field, headers)).toEqual(["d", "c", "a", "b"]);
    expect(sorted(`-${field}`, headers)).toEqual(["a", "b", "c", "d"]);
  });

  it("puts what has no value last either way", () => {
    const headers = [
      header({ key: "b", expiration: null, metadata: {} }),
      header({ key: "a", expiration: null, metadata: { n: [] } }),
      header({ key: "c", expiration: 5, metadata: { n: 1 } }),
      header({ key: "d", expiration: -7, metadata: { n: 0 } }),
      header({ key: "e", expiration: 9, metadata: { n: {} } }),
    ];
    expect(sorted("expiration", headers)).toEqual(["d", "c", "e", "a", "b"]);
    expect(sorted("-expiration", headers)).toEqual(["e", "c", "d", "a", "b"]);
    expect(sorted("metadata.n", headers)).toEqual(["d", "c", "a", "b", "e"]);
    expect(sorted("-metadata.n", headers)).toEqual(["c", "d", "a", "b", "e"]);
  });

  it("sorts numbers before strings before false before true before null", () => {
    const values = ["-3", "20", '"10"', '"9"', '"😀"', "false", "true", "null"];
    const headers = values.map((value) => header({ key: value, metadata: metadata(`{"v":${value}}`) }));
    expect(sorted("metadata.v", headers.toReversed())).toEqual(values);
    expect(sorted("-metadata.v", headers)).toEqual(values.toReversed());
  });

  it("sorts an array by its smallest element upwards and its largest downwards", () => {
    const headers = [
      header({ key: "wide", metadata: { v: [9, [0, {}]] } }),
      header({ key: "low", metadata: { v: 1 } }),
      header({ key: "high", metadata: { v: [5, 8] } }),
      header({ key: "mixed", metadata: { v: ["a", 7] } }),
    ];
    expect(sorted("metadata.v", headers)).toEqual(["wide", "low", "high", "mixed"]);
    expect(sorted("-metadata.v", headers)).toEqual(["mixed", "wide", "high", "low"]);
  });

  it("reaches no prototype", () => {
    const headers = [header({ key: "b", metadata: metadata('{"__proto__": 1}') }), header({ key: "a" })];
    expect(sorted("metadata.__proto__", headers)).toEqual(["b", "a"]);
    expect(sorted("metadata.constructor.name", headers)).toEqual(["a", "b"]);
  });

  it("is a total order", () => {
    fc.assert(
      fc.property(headerLists, queries, fc.infiniteStream(fc.nat(2)), (headers, query, exact) => {
        const compare = compareHits(parseQuery({ ...query, limit: 1 })?.order ?? { by: "rank" });
        const hits = headers.map((one): Hit => ({ header: one, exact: Number(exact.next().value) })).sort(compare);
        for (const [place, hit] of hits.entries()) {
          expect(Math.sign(compare(hit, hit))).toBe(0);
          for (const later of hits.slice(place + 1)) {
            expect(compare(hit, later)).toBeLessThan(0);
            expect(compare(later, hit)).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
