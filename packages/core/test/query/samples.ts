import type { JsonObject, Query, RecordHeader, Version } from "@holdfast/core";
import fc from "fast-check";

/** A header in which only what a test names matters. */
export function header(named: Partial<RecordHeader> = {}): RecordHeader {
  return {
    key: "key",
    version: "000000000000-0000-000000000000" as Version,
    size: 0,
    storedSize: 0,
    format: "json",
    compression: null,
    created: 0,
    modified: 0,
    expiration: null,
    tags: [],
    metadata: {},
    checksum: "",
    ...named,
  };
}

/** Parsed, so that `__proto__` is a property like any other. */
export function metadata(json: string): JsonObject {
  return JSON.parse(json) as JsonObject;
}

const WORDS = [
  ..."flow Flow blue blueprint flow.blueprint can't 3.14 314 Straße STRASSE İstanbul istanbul é e\u0301tude".split(" "),
  ..."東京都 京都 東京 サーバー ｻｰﾊﾞｰ ㍿ 서울특별시 서울 กรุงเทพ เทพ ΟΔΟΣ οδοσα ﬁnd x² 😀 — co\u00adop iphone12手机".split(
    " ",
  ),
  "a".repeat(130),
];

/** Words that meet one another's prefixes, scripts of both kinds, and what is no word. */
const words: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }) },
);

export const texts: fc.Arbitrary<string> = fc
  .array(fc.tuple(words, fc.constantFrom(" ", "", "/", "_", "\n")), { maxLength: 4 })
  .map((pairs) => pairs.flat().join(""));

/** Code points of scripts written without spaces; marks, half-width and doubled forms among them. */
export const unspacedPoint: fc.Arbitrary<string> = fc.constantFrom(
  ..."東京都府北海道々〆〇一ひらがなだプーヽヾﾊﾟｱガ゙ー𠮷𛀁ㄅㄆㄇ한국어ㅎㅏ각กรุงเทพมหานคำลາວខ្មែរမြန်မာꀀꀁབོད",
);

const NAMES = ["a", "b", "a.b", "", "__proto__", "constructor", "length", "0", "back\\slash", "é"];
const SCALARS = [0, 1, 2, -1.5, 1e21, "", "a", "ab", "b", "1", "é", "\ue000", "😀", "Straße", true, false, null];
const names = fc.constantFrom(...NAMES);
const scalars = fc.constantFrom(...SCALARS);

function objectText(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

const { jsonObject } = fc.letrec<{ value: string; jsonObject: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars.map((scalar) => JSON.stringify(scalar)),
    texts.map((text) => JSON.stringify(text)),
    fc.array(tie("value"), { maxLength: 3 }).map((elements) => `[${elements.join(",")}]`),
    tie("jsonObject"),
  ),
  jsonObject: fc.array(fc.tuple(names, tie("value")), { maxLength: 4 }).map(objectText),
}));

/** Records with distinct keys, alike enough to meet queries often. */
export const headerLists: fc.Arbitrary<RecordHeader[]> = fc
  .uniqueArray(
    fc.record({
      key: fc.oneof(
        words.filter((word) => word !== ""),
        fc.tuple(fc.constantFrom("a", "b", "é"), words).map((parts) => parts.join("/")),
      ),
      created: fc.nat(3),
      modified: fc.nat(3),
      size: fc.nat(3),
      expiration: fc.option(fc.nat(3)),
      tags: fc.uniqueArray(fc.constantFrom("x", "y", "東京", "Draft"), { maxLength: 3 }),
      metadata: jsonObject.map(metadata),
    }),
    { maxLength: 12, selector: (named) => named.key },
  )
  .map((list) => list.map(header));

const paths = fc
  .array(names, { minLength: 1, maxLength: 3 })
  .map((path) => path.map((name) => name.replaceAll(/[\\.]/g, "\\$&")).join("."));

const bounds = scalars.filter((scalar) => typeof scalar === "string" || typeof scalar === "number");

const comparisons = fc
  .record(
    {
      gt: bounds,
      gte: bounds,
      lt: bounds,
      lte: bounds,
      in: fc.array(scalars, { maxLength: 3 }),
      exists: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .filter((comparison) => Object.keys(comparison).length > 0);

const wheres = fc
  .array(fc.tuple(paths, fc.oneof(scalars, comparisons)), { maxLength: 2 })
  .map((members) => objectText(members.map(([path, wanted]) => [path, JSON.stringify(wanted)])))
  .map((text): NonNullable<Query["where"]> => JSON.parse(text));

const sorts = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.oneof(
      fc.constantFrom("key", "created", "modified", "size", "expiration"),
      paths.map((path) => `metadata.${path}`),
    ),
  )
  .map((parts) => parts.join(""));

export const queries: fc.Arbitrary<Query> = fc.record(
  {
    prefix: fc.constantFrom("", "a", "a/", "b", "é", "東"),
    text: texts.map((text) => text.slice(0, 12)),
    tags: fc.array(fc.constantFrom("x", "y", "東京"), { maxLength: 2 }),
    where: wheres,
    sort: sorts,
    limit: fc.nat(6),
    offset: fc.nat(4),
  },
  { requiredKeys: [] },
);
