import {
  countQuery,
  type JsonObject,
  matchTerms,
  type ParsedQuery,
  parseQuery,
  type Query,
  type RecordHeader,
  scanQuery,
  termsOf,
} from "@holdfast/core";
import { type Connection, ItemSearch, ItemTable } from "@holdfast/sqlite/item-table";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { anyway, NOW, record } from "../support/records.js";
import { openTables } from "../support/stores.js";

// Few words, many of which start others, in several scripts; the tokenizer folds some of them into each other.
const words = fc.constantFrom(
  ..."a ab abc abcd b ba item items Item straße STRASSE ﬂow flow can't 3.14 東京 東京都 京 กรุงเทพ é e\u0301 İst σς".split(
    " ",
  ),
);
const texts = fc.array(words, { minLength: 1, maxLength: 3 }).map((each) => each.join(" "));
const tags = fc.constantFrom("t", "u", "T", "t u", "ü", 'q"*', "a\0b");
const scalars = fc.oneof(words, fc.integer({ min: -2, max: 2 }), fc.constantFrom(0.5, 1e21, true, false, null));
const leaves = fc.oneof(scalars, fc.array(scalars, { maxLength: 2 }), fc.record({ n: scalars }, { requiredKeys: [] }));
const metadata = fc.dictionary(fc.constantFrom("x", "y", "n", 'd"ot', "x.y"), leaves, { maxKeys: 3 });

interface Drawn {
  readonly segments: string[];
  readonly tags: string[];
  readonly metadata: { [key: string]: unknown };
  readonly modified: number;
  readonly expires: number | undefined;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  segments: fc.array(words, { minLength: 1, maxLength: 2 }),
  tags: fc.uniqueArray(tags, { maxLength: 3 }),
  metadata,
  modified: fc.integer({ min: 0, max: 5 }),
  expires: fc.constantFrom(undefined, undefined, undefined, -1, 0, 1, 2),
});

const paths = fc.constantFrom("x", "y", "n", "x.n", 'd"ot', "x\\.y", "missing");
const comparisons = fc.oneof(
  scalars,
  fc.record({ gte: fc.integer({ min: -1, max: 1 }) }),
  fc.record({ lt: words }),
  fc.record({ in: fc.array(scalars, { minLength: 1, maxLength: 3 }) }),
  fc.record({ exists: fc.boolean() }),
);
const sorts = ["key", "-key", "created", "-modified", "size", "expiration", "-expiration", "metadata.x", "-metadata.n"];
const queries: fc.Arbitrary<Query> = fc.record(
  {
    prefix: fc.constantFrom("", "a", "item", "東", "\ud83d"),
    text: texts,
    tags: fc.uniqueArray(tags, { maxLength: 2 }),
    where: fc.dictionary(paths, comparisons, { minKeys: 1, maxKeys: 2 }) as fc.Arbitrary<NonNullable<Query["where"]>>,
    sort: fc.constantFrom(...sorts),
    limit: fc.nat(8),
    offset: fc.nat(5),
  },
  { requiredKeys: [] },
);

let connection: Connection;
let table: ItemTable;
let search: ItemSearch;

beforeEach(async () => {
  connection = await openTables();
  table = new ItemTable(connection);
  search = new ItemSearch(connection);
});

/** `indexed` of them are in the indexes afterwards, by default all. */
function fill(items: readonly Drawn[], indexed = items.length): RecordHeader[] {
  const headers = items.map(({ segments, tags, metadata, modified, expires }, n) => {
    const each = record(`${segments.join("/")}/${n}`, n + 1, {
      tags,
      metadata: metadata as JsonObject,
      created: NOW - n,
      modified,
      size: n % 7,
      expiration: expires === undefined ? null : NOW + expires,
    });
    table.put(each, { from: "memory", bytes: each.body }, anyway);
    return each.header;
  });
  table.indexes.catchUp(indexed);
  return headers;
}

/** Parsed; undefined where no record can match. */
async function compare(headers: readonly RecordHeader[], query: Query): Promise<void> {
  const parsed = parseQuery(query);
  if (parsed === undefined) return;
  await compareParsed(headers, parsed);
}

async function compareParsed(headers: readonly RecordHeader[], parsed: ParsedQuery): Promise<void> {
  const living = headers.filter(({ expiration }) => expiration === null || expiration > NOW);
  expect(search.query(parsed, NOW)).toEqual(await scanQuery(living, parsed));
  expect(search.count(parsed, NOW)).toBe(await countQuery(living, parsed));
}

describe("a search", () => {
  it("finds what the reference scan finds, in its order, among few items", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawn, { maxLength: 20 }),
        fc.array(queries, { minLength: 5, maxLength: 5 }),
        fc.nat(20),
        async (items, asked, indexed) => {
          connection.exec("BEGIN IMMEDIATE");
          try {
            const headers = fill(items, indexed);
            for (const query of asked) await compare(headers, query);
          } finally {
            connection.exec("ROLLBACK");
          }
        },
      ),
      seeded({ numRuns: 150 }),
    );
  });

  it("finds what the reference scan finds, in its order, among so many that the index leads", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawn, { minLength: 1_200, maxLength: 1_200, size: "max" }),
        fc.array(queries, { minLength: 150, maxLength: 150, size: "max" }),
        fc.constantFrom(600, 1_100, 1_199),
        async (items, asked, indexed) => {
          connection.exec("BEGIN IMMEDIATE");
          try {
            const headers = fill(items, indexed);
            for (const query of asked) await compare(headers, query);
            table.indexes.catchUp(items.length);
            for (const query of asked) await compare(headers, query);
          } finally {
            connection.exec("ROLLBACK");
          }
        },
      ),
      seeded({ numRuns: 2, endOnFailure: true }),
    );
  });

  it("finds by the starts of terms exactly what core's matching finds, also after changes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ first: fc.string({ unit: "grapheme" }), second: fc.string({ unit: "binary" }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
        fc.nat(8),
        async (changes, asked, indexed) => {
          connection.exec("BEGIN IMMEDIATE");
          try {
            const put = (n: number, version: number, text: string) => {
              const each = record(`k/${n}`, version, { metadata: { text: text.toWellFormed() } });
              table.put(each, { from: "memory", bytes: each.body }, anyway);
              return each.header;
            };
            for (const [n, { first }] of changes.entries()) put(n, n + 1, first);
            table.indexes.catchUp(indexed);
            const headers = changes.map(({ second }, n) => put(n, n + 100, second));
            table.indexes.catchUp(changes.length);
            table.indexes.words.verify();
            const terms = [
              ...new Set([...termsOf({ key: asked, tags: [], metadata: {} }), ...headers.flatMap(termsOf)]),
            ];
            for (const term of terms) {
              for (const start of [term, [...term].slice(0, 1).join("")]) {
                const found = connection
                  .prepare<{ key: string }>(
                    "SELECT b.key FROM search s JOIN bodies b ON b.id = s.rowid WHERE s.search MATCH ?",
                  )
                  .all(`"${start}"*`);
                const expected = headers.filter((header) => matchTerms(termsOf(header), [start]) !== undefined);
                expect(found.map(({ key }) => key).sort()).toEqual(expected.map(({ key }) => key).sort());
              }
            }
          } finally {
            connection.exec("ROLLBACK");
          }
        },
      ),
      seeded({ numRuns: 150 }),
    );
  });

  it.each([700, 600, 0])(
    "narrows by a rare tag, by a prefix and by many terms as the reference does, with %i of 700 items indexed",
    async (indexed) => {
      const headers = fill(
        Array.from({ length: 700 }, (_, n) => ({
          segments: [n < 30 ? "rare" : "common"],
          tags: n % 50 === 0 ? ["t", "u"] : ["t"],
          metadata: { x: `alpha${n % 3} beta gamma delta epsilon zeta eta theta iota kappa`, n: n % 5 },
          modified: n % 11,
          expires: undefined,
        })),
        indexed,
      );
      const many = "alph bet gam delta eps zet et th iot kappa";
      const asked: Query[] = [
        { text: "alpha1 be" },
        { text: "alpha1 be", tags: ["u"] },
        { text: "alpha1 be", prefix: "rare/", limit: 5 },
        { text: "alpha1 be", prefix: "common/", tags: ["t", "u"] },
        { text: many },
        { text: many, where: { n: 3 }, limit: 4, offset: 2 },
        { text: many, sort: "-metadata.n", limit: 7 },
        { text: "alpha", where: { n: { gte: 3 } }, limit: 3 },
        { text: "beta", limit: 10, offset: 5 },
        { text: "beta", sort: "-created", limit: 10 },
        { text: "rare", limit: 100 },
        { tags: ["t", "u"], limit: 3, offset: 3 },
        { tags: ["t"], where: { n: 2 }, sort: "modified", limit: 4 },
      ];
      for (const query of asked) {
        const parsed = parseQuery(query);
        expect(parsed && search.count(parsed, NOW)).toBeGreaterThan(0);
        await compare(headers, query);
      }
    },
  );

  it.each([3, 1, 0])(
    "asks for any number of tags, conditions and names on a path, with %i of 3 items indexed",
    async (indexed) => {
      const many = Array.from({ length: 1_200 }, (_, n) => `n${n}`);
      const values = Object.fromEntries(many.map((name) => [name, 1]));
      let deep: JsonObject = { end: 1 };
      for (const name of many.slice(0, 900)) deep = { [name]: deep };
      const item = { segments: ["k"], tags: many, metadata: { ...values, deep }, modified: 1, expires: undefined };
      // What the others lack comes last, of everything that is asked for.
      const headers = fill(
        [
          item,
          { ...item, tags: many.slice(0, -1) },
          { ...item, metadata: { ...values, deep: {}, [many.at(-1) ?? ""]: 2 } },
        ],
        indexed,
      );
      const path = ["deep", ...many.slice(0, 900).reverse(), "end"].join(".");
      const asked: [Query, number][] = [
        [{ tags: many }, 2],
        [{ tags: many, limit: 1, sort: "-key" }, 2],
        [{ tags: many, text: "k" }, 2],
        [{ tags: many, text: "k", prefix: "k/", sort: "metadata.n1" }, 2],
        [{ where: values }, 2],
        [{ where: values, tags: many, limit: 1 }, 1],
        [{ where: { [path]: 1 } }, 2],
      ];
      for (const [query, count] of asked) {
        const parsed = parseQuery(query);
        expect(parsed && search.count(parsed, NOW)).toBe(count);
        await compare(headers, query);
      }
    },
  );

  it("takes quotes, operators and wildcards in terms for letters", async () => {
    const headers = fill([
      { segments: ["a"], tags: [], metadata: { x: 'near or and not "' }, modified: 1, expires: undefined },
    ]);
    for (const text of ['"', "NEAR", "a OR b", "near*", "a NOT b", "{x} : y", "near AND", '") OR ("a'])
      await compare(headers, { text });
  });

  it("never finds an ill-formed tag or a prefix that no key can have", async () => {
    const headers = fill([{ segments: ["a\ufffd"], tags: ["\ufffd"], metadata: {}, modified: 1, expires: undefined }]);
    const base = parseQuery({});
    if (base === undefined) throw new Error("a query for everything is a query");
    await compareParsed(headers, { ...base, tags: ["\ud800"] });
    await compareParsed(headers, { ...base, prefix: "a\ud800b" });
    await compareParsed(headers, { ...base, prefix: "a\udc00" });
  });
});
