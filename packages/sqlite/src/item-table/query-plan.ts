import { conditionTexts, type Order, type ParsedQuery } from "@holdfast/core";
import type { SqlValue } from "../driver.js";
import { type KeyRange, keyRange } from "./key-range.js";
import { exactExpression, prefixExpression } from "./search-index.js";

/** How a query is answered: which rows are looked at, and what is left to ask of them. */
export interface PlannedQuery {
  /** Tables: `items i`, with `tags t` before it; or `search s` and `bodies b`. */
  readonly from: string;
  /** Adds `items i` where `from` has it not. */
  readonly joinItems: string;
  /** The column to sort by when items are sorted by key: that of the table which leads, so that its order will do. */
  readonly key: string;
  readonly where: string;
  readonly parameters: readonly SqlValue[];
  /** The item's terms are compared one by one, since few items are in question or many terms are asked for. */
  readonly comparesTerms: boolean;
  /** There are more tags than SQL is asked about: whoever is found with those is asked for all. */
  readonly comparesTags: boolean;
  /** Whether an index is asked that may lag: then items that are not in it yet have to be looked at besides. */
  readonly asksIndexes: boolean;
  /** With text that the full-text index answers alone: what counts the terms met exactly. */
  readonly ranked: RankedTerms | undefined;
}

interface RankedTerms {
  /** SQL over `bodies b`. */
  readonly exact: string;
  readonly parameters: readonly SqlValue[];
  /** Full-text expression for items with every term; the first parameter of the query takes it. */
  readonly expression: string;
}

type Count = (sql: string, parameters: readonly SqlValue[]) => number;

/** Up to so many items, comparing their terms is faster than asking the full-text index about all of them. */
const FEW = 256;
// Each term that is counted in SQL is a query of its own.
const MOST_RANKED_TERMS = 8;
// More terms hardly narrow the search any further, nor do more tags and pieces of text; and SQLite takes about a thousand at most.
const MOST_NARROWING_TERMS = 32;
const MOST_NARROWING_TAGS = 32;
const MOST_NARROWING_TEXTS = 32;

/** Chooses between key range, rarest tag and full-text index. `count` runs a query. Undefined: nothing can match. */
export function planQuery(query: ParsedQuery, now: number, count: Count): PlannedQuery | undefined {
  const range = keyRange(query.prefix);
  // No stored tag is ill-formed, and binding such a string would change it.
  if (range === undefined || !query.tags.every((tag) => tag.isWellFormed())) return undefined;
  const { terms } = query;
  const tags = narrowing(query.tags);
  if (terms === undefined && tags.length < 2) return planKeys(query, range, tags, now);
  const tagCounts = new Map(tags.map((tag) => [tag, countUpTo(FEW + 1, count, "tags WHERE tag = ?", [tag])]));
  const rarestFirst = tags.toSorted((a, b) => (tagCounts.get(a) ?? 0) - (tagCounts.get(b) ?? 0));
  if (terms === undefined) return planKeys(query, range, rarestFirst, now);
  const [rarest] = rarestFirst;
  const inRange =
    query.prefix === ""
      ? FEW + 1
      : countUpTo(FEW + 1, count, "items WHERE key >= ? AND key < ?", [range.from, range.below]);
  const fewest = Math.min(inRange, rarest === undefined ? FEW + 1 : (tagCounts.get(rarest) ?? 0));
  return fewest > FEW
    ? planText(query, terms, range, now)
    : planKeys(query, range, inRange === fewest ? [] : rarestFirst, now);
}

/** SQL for the order, over the tables of the plan. Ties go by key; items without a value come last. */
export function orderBy(order: Order, { ranked, key }: PlannedQuery): string {
  if (order.by === "rank") return `${ranked === undefined ? "" : "exact DESC, "}i.modified DESC, ${key}`;
  if ("path" in order) throw new Error(`SQL cannot sort by ${order.by}`);
  const column = order.by === "expiration" ? "expires" : order.by;
  const direction = order.descending ? " DESC" : "";
  if (column === "key") return `${key}${direction}`;
  return `${column === "expires" ? "i.expires IS NULL, " : ""}i.${column}${direction}, ${key}`;
}

/** Over the key range, led by the first tag if there is one. */
function planKeys(query: ParsedQuery, range: KeyRange, tags: readonly string[], now: number): PlannedQuery {
  const [first, ...others] = tags;
  // Tags that do not lead the way are asked for one by one, also when none leads.
  const asked = first === undefined ? narrowing(query.tags) : others;
  const key = first === undefined ? "i.key" : "t.key";
  const comparesTerms = query.terms !== undefined;
  const conditions = conditionsOn("i", query, asked, now);
  return {
    from:
      (first === undefined ? "items i" : "tags t CROSS JOIN items i ON i.key = t.key") +
      (comparesTerms ? " CROSS JOIN bodies b ON b.id = i.body" : ""),
    joinItems: "",
    key,
    where: `${first === undefined ? "" : "t.tag = ? AND "}${key} >= ? AND ${key} < ? AND ${conditions.sql}`,
    parameters: [...(first === undefined ? [] : [first]), range.from, range.below, ...conditions.parameters],
    comparesTerms,
    comparesTags: comparesTags(query),
    asksIndexes: query.tags.length > 0,
    ranked: undefined,
  };
}

function planText(query: ParsedQuery, terms: readonly string[], range: KeyRange, now: number): PlannedQuery {
  const conditions = conditionsOn("b", query, narrowing(query.tags), now);
  const comparesTerms = terms.length > MOST_RANKED_TERMS;
  const inRange = query.prefix === "" ? "" : "b.key >= ? AND b.key < ? AND ";
  return {
    // The index has all that ranking asks for, so that no body is read for it.
    from: `search s CROSS JOIN bodies b ${comparesTerms ? "" : "INDEXED BY bodies_ranking "}ON b.id = s.rowid`,
    joinItems: " CROSS JOIN items i ON i.key = b.key",
    key: "b.key",
    where: `s.search MATCH ? AND ${inRange}${conditions.sql}`,
    parameters: [
      prefixExpression(terms.slice(0, MOST_NARROWING_TERMS)),
      ...(query.prefix === "" ? [] : [range.from, range.below]),
      ...conditions.parameters,
    ],
    comparesTerms,
    comparesTags: comparesTags(query),
    asksIndexes: true,
    ranked: comparesTerms ? undefined : rank(terms),
  };
}

function narrowing(tags: readonly string[]): readonly string[] {
  return tags.slice(0, MOST_NARROWING_TAGS);
}

function comparesTags({ tags }: ParsedQuery): boolean {
  return tags.length > MOST_NARROWING_TAGS;
}

function rank(terms: readonly string[]): RankedTerms {
  const all = prefixExpression(terms);
  return {
    exact: terms.map(() => "(b.id IN (SELECT rowid FROM search WHERE search MATCH ?))").join(" + "),
    parameters: terms.map((term) => `(${all}) AND ${exactExpression([term])}`),
    expression: exactExpression(terms),
  };
}

/** Alive, with all the tags, and not ruled out by `where` at first sight; over `items i` or `bodies b`. */
function conditionsOn(
  table: "i" | "b",
  query: ParsedQuery,
  tags: readonly string[],
  now: number,
): { sql: string; parameters: SqlValue[] } {
  const sql = [`(${table}.expires IS NULL OR ${table}.expires > ?)`];
  const parameters: SqlValue[] = [now];
  for (const tag of tags) {
    sql.push(`EXISTS (SELECT 1 FROM tags WHERE tag = ? AND key = ${table}.key)`);
    parameters.push(tag);
  }
  for (const text of query.where.flatMap(conditionTexts).slice(0, MOST_NARROWING_TEXTS)) {
    sql.push("instr(i.rest, ?) > 0");
    parameters.push(text);
  }
  return { sql: sql.join(" AND "), parameters };
}

function countUpTo(most: number, count: Count, rows: string, parameters: readonly SqlValue[]): number {
  return count(`SELECT count(*) AS count FROM (SELECT 1 FROM ${rows} LIMIT ${most})`, parameters);
}
