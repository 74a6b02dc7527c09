import {
  countQuery,
  matchQuery,
  type ParsedQuery,
  parseQuery,
  type Query,
  type RecordHeader,
  scanQuery,
  selectHits,
} from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { header, headerLists, queries } from "./samples.js";
import { modelMatches, modelSearch } from "./search-model.js";

async function search(headers: Iterable<RecordHeader> | AsyncIterable<RecordHeader>, query: Query): Promise<string[]> {
  const parsed = parseQuery(query);
  if (parsed === undefined) return [];
  const found = await scanQuery(headers, parsed);
  return found.map(({ key }) => key);
}

function parsedQuery(query: Query): ParsedQuery {
  const parsed = parseQuery(query);
  if (parsed === undefined) throw new Error("the query matches nothing");
  return parsed;
}

async function* oneByOne(headers: Iterable<RecordHeader>): AsyncGenerator<RecordHeader> {
  yield* headers;
}

const numbered = (count: number): RecordHeader[] =>
  Array.from({ length: count }, (_, index) => header({ key: `k${index}`, size: (index * 7_919) % count }));

describe("scanQuery", () => {
  it("answers as the rules say, whatever is stored and asked", async () => {
    const property = fc.asyncProperty(headerLists, queries, async (headers, query) => {
      expect(await search(headers, query)).toEqual(modelSearch(headers, query));
    });
    await fc.assert(property, { numRuns: 3_000 });
  });

  it("counts as the rules say, page aside", async () => {
    const property = fc.asyncProperty(headerLists, queries, async (headers, { limit, offset = 0, ...query }) => {
      const parsed = parseQuery({ ...query, offset, limit: (limit ?? 0) + 1 });
      const count = parsed === undefined ? 0 : await countQuery(headers, parsed);
      expect(count).toBe(headers.filter((one) => modelMatches(one, query)).length);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("gives pages that follow one another and make up the whole", async () => {
    const property = fc.asyncProperty(
      headerLists,
      queries,
      fc.integer({ min: 1, max: 5 }),
      async (headers, query, limit) => {
        const { offset: _, limit: __, ...unpaged } = query;
        const pages: string[] = [];
        for (let offset = 0; offset < headers.length + limit; offset += limit) {
          const page = await search(headers, { ...unpaged, limit, offset });
          expect(page.length).toBeLessThanOrEqual(limit);
          pages.push(...page);
        }
        expect(pages).toEqual(await search(headers, unpaged));
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });

  it("does not depend on the order in which headers come, nor on how", async () => {
    const property = fc.asyncProperty(headerLists, queries, async (headers, query) => {
      const expected = await search(headers, query);
      expect(await search(headers.toReversed(), query)).toEqual(expected);
      expect(await search(oneByOne(headers), query)).toEqual(expected);
      expect(await search(new Set(headers), query)).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("gives nothing behind the last match", async () => {
    expect(await search(numbered(3), { offset: 3 })).toEqual([]);
    expect(await search(numbered(3), { offset: Number.MAX_SAFE_INTEGER })).toEqual([]);
    expect(await search(numbered(3), { offset: 2, limit: 9 })).toEqual(["k2"]);
    expect(await search([], {})).toEqual([]);
  });

  it("holds no more hits than twice the page and what stands before it", async () => {
    const lengths: number[] = [];
    const sort = Array.prototype.sort;
    vi.spyOn(Array.prototype, "sort").mockImplementation(function (this: unknown[], compare) {
      lengths.push(this.length);
      return sort.call(this, compare);
    });
    const found = await search(oneByOne(numbered(10_000)), { sort: "-size", offset: 20, limit: 5 });
    vi.restoreAllMocks();
    expect(found).toEqual(modelSearch(numbered(10_000), { sort: "-size", offset: 20, limit: 5 }));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2 * 25 + 1);
    expect(lengths.length).toBeLessThanOrEqual(10_000 / 25 + 1);
  });

  it("lets an error of the source through", async () => {
    async function* broken(): AsyncGenerator<RecordHeader> {
      yield header();
      throw new Error("lost");
    }
    await expect(search(broken(), {})).rejects.toThrow("lost");
    await expect(countQuery(broken(), parsedQuery({}))).rejects.toThrow("lost");
  });
});

describe("selectHits", () => {
  it("sorts and pages the hits of an index as the scan does", async () => {
    const property = fc.asyncProperty(headerLists, queries, async (headers, query) => {
      const parsed = parseQuery(query);
      if (parsed === undefined) return;
      const hits = headers.toReversed().flatMap((one) => matchQuery(one, parsed) ?? []);
      expect(selectHits(hits, parsed)).toEqual(await scanQuery(headers, parsed));
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
