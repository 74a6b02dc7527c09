import type { Comparison, JsonObject, Query, Scalar } from "@holdfast/core";
import fc from "fast-check";

/** An item to save, after which the clock is moved by `pause` milliseconds. */
export interface SampleItem {
  readonly key: string;
  readonly tags: string[];
  readonly metadata: JsonObject;
  readonly size: number;
  /** Milliseconds from when it is saved. */
  readonly expires: number | undefined;
  readonly pause: number;
}

// Few values, so that they meet: repeated words, equal numbers, strings that look like numbers, letters with marks.
const word = fc.constantFrom(
  "red",
  "redder",
  "blue",
  "Blue",
  "BLÜE",
  "green",
  "greenery",
  "tea",
  "teapot",
  "1",
  "10",
  "Zoë",
  "zoe",
);
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" "));
const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  words,
  fc.constantFrom<Scalar>(0, 1, 2, -1, 1.5, true, false, null, "1", "0", "true"),
);
const name = fc.constantFrom("a", "b", "c");
const inner = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(name, fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxKeys: 2 }),
);
const metadata = fc.dictionary(name, fc.oneof(inner, fc.array(inner, { maxLength: 2 })), {
  maxKeys: 3,
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>;
const segment = fc.oneof(word, fc.constantFrom("a_b", "a%b", "ab", "\ue000", "😀", "é"));
const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const tags = fc.uniqueArray(fc.oneof(word, fc.constantFrom("x", "y", "two words")), { maxLength: 3 });

const item: fc.Arbitrary<SampleItem> = fc.record({
  key,
  tags,
  metadata,
  size: fc.integer({ min: 0, max: 3 }),
  expires: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 3 }),
  pause: fc.integer({ min: 0, max: 3 }),
});

const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("."));
const bound = fc.oneof(word, fc.constantFrom<string | number>(0, 1, 1.5, "1", ""));
const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc
    .record(
      { gt: bound, gte: bound, lt: bound, lte: bound, in: fc.array(scalar, { maxLength: 3 }) },
      { requiredKeys: [] },
    )
    .filter(isNamed),
  fc.boolean().map((exists) => ({ exists })),
);
const where = fc.dictionary(path, fc.oneof(scalar, comparison), { maxKeys: 2, noNullPrototype: true });
const sort = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.oneof(
      fc.constantFrom("key", "created", "modified", "size", "expiration"),
      path.map((at) => `metadata.${at}`),
    ),
  )
  .map((parts) => parts.join(""));

/** A query that often finds something among the sample items. */
export const sampleQuery: fc.Arbitrary<Query> = fc.record(
  {
    prefix: fc.constantFrom("", "r", "red", "a_", "a%", "😀", "blue/", "B"),
    text: fc.oneof(words, fc.constantFrom("gre", "t", "bl zo", "1", "!", "teapots")),
    tags: fc.array(fc.oneof(word, fc.constantFrom("x", "two words")), { maxLength: 2 }),
    where,
    sort,
    limit: fc.integer({ min: 0, max: 8 }),
    offset: fc.integer({ min: 0, max: 5 }),
  },
  { requiredKeys: [] },
);

export const sampleItems: fc.Arbitrary<SampleItem[]> = fc.array(item, { minLength: 5, maxLength: 25 });

/** What to save and what to ask then. */
export const searchedStores: fc.Arbitrary<{ items: SampleItem[]; queries: Query[] }> = fc.record({
  items: sampleItems,
  queries: fc.array(sampleQuery, { minLength: 10, maxLength: 20 }),
});

function isNamed(value: object): boolean {
  return Object.keys(value).length > 0;
}
