import { compareKeys } from "@holdfast/core";
import { ItemTable } from "@holdfast/sqlite/item-table";
import { seeded } from "@holdfast/vitest-preset/seed";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyway, NOW, record } from "../support/records.js";
import { openTables } from "../support/stores.js";

const ALL = { prefix: "", after: undefined, limit: Number.MAX_SAFE_INTEGER };

// Around every edge of UTF-8 and UTF-16: surrogates, the last code points, what languages of patterns would take for more.
const characters = fc.constantFrom(
  ..."ab_%*é\u07ff\u0800\ud7ff\ue000\uffff",
  "\u{10000}",
  "\u{1f600}",
  "\u{1f7ff}",
  "\u{1f800}",
  "\u{10fffe}",
  "\u{10ffff}",
);
const keys = fc.array(characters, { minLength: 1, maxLength: 4 }).map((points) => points.join(""));
const prefixes = fc
  .tuple(fc.array(characters, { maxLength: 2 }), fc.constantFrom("", "\ud83d", "\udbff", "\ude00", "\ud83da"))
  .map(([points, end]) => points.join("") + end);

describe("a listing", () => {
  it("has what starts with the prefix, behind the key, by code points", async () => {
    const connection = await openTables();
    const table = new ItemTable(connection);
    fc.assert(
      fc.property(
        fc.uniqueArray(keys, { minLength: 1, maxLength: 30 }),
        prefixes,
        fc.option(keys, { nil: undefined }),
        fc.nat(10),
        (present, prefix, after, limit) => {
          connection.exec("BEGIN IMMEDIATE");
          for (const [n, key] of present.entries()) {
            table.put(record(key, n + 1), { from: "memory", bytes: new Uint8Array() }, anyway);
          }
          const expected = present
            .toSorted(compareKeys)
            .filter((key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0));
          const listed = table.list({ ...ALL, prefix, after }, NOW).map(({ key }) => key);
          const cut = table.list({ prefix, after, limit }, NOW).map(({ key }) => key);
          connection.exec("ROLLBACK");
          expect(listed).toEqual(expected);
          expect(cut).toEqual(expected.slice(0, limit));
        },
      ),
      seeded({ numRuns: 300 }),
    );
  });
});
