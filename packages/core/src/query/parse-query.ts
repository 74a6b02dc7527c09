import type { StorageError } from "../errors.js";
import { describeValue, invalid, isPlainObject, unlike } from "../invalid-option.js";
import { checkPrefix } from "../keys.js";
import { parsePath } from "./metadata-path.js";
import type { Condition, Order, ParsedQuery, PathSource, Test } from "./parsed-query.js";
import { completeQuery } from "./plain-query.js";
import { isScalar } from "./scalars.js";

// `signal` belongs to the operation, not to what it asks for.
const PROPERTIES = ["prefix", "text", "tags", "where", "sort", "limit", "offset", "signal"];
const FIELDS = ["key", "created", "modified", "size", "expiration"] as const;
const METADATA = "metadata.";
const SCALARS = "a string, a finite number, true, false or null";
const COMPARISONS = ["gt", "gte", "lt", "lte", "in", "exists"] as const;

/** A path of a collection's index: as it was written, and its names from the outside in. */
export interface IndexedPath {
  readonly text: string;
  readonly names: readonly string[];
}

/**
 * Checks and completes what a caller passed as a `Query`. Undefined: it is a legal one, but matches nothing whatever is
 * stored. Throws INVALID_OPTION, or INVALID_KEY for an illegal prefix.
 *
 * With `index`, the paths of the data that a collection indexes, `where` and `sort` mean these by a plain path, and the
 * metadata by `metadata.<path>`.
 */
export function parseQuery(query: unknown, index?: readonly IndexedPath[]): ParsedQuery | undefined {
  if (!isPlainObject(query)) throw unlike("a query is a plain object", query);
  for (const name of Object.keys(query)) {
    if (!PROPERTIES.includes(name)) {
      throw invalid(`a query has no property ${describeValue(name)}; it may have ${PROPERTIES.join(", ")}`);
    }
  }
  const { prefix, text, tags, where = {}, sort, limit, offset } = query;
  const asked = {
    prefix: optional(prefix, checkPrefix),
    text: optional(text, parseText),
    tags: optional(tags, parseTags),
    limit: optional(limit, (value) => parseCount("limit", value)),
    offset: optional(offset, (value) => parseCount("offset", value)),
  };
  return completeQuery(asked, parseWhere(where, index), parseOrder(sort, index));
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : parse(value);
}

/** As `parseQuery`, for how many there are: to that a page of nothing, `limit: 0`, is no answer. */
export function parseForCount(query: unknown, index?: readonly IndexedPath[]): ParsedQuery | undefined {
  const parsed = parseQuery(query, index);
  if (parsed !== undefined || !isPlainObject(query) || query["limit"] !== 0) return parsed;
  return parseQuery({ ...query, limit: 1 }, index);
}

function parseText(text: unknown): string {
  if (typeof text !== "string") throw unlike("text is a string", text);
  return text;
}

function parseTags(tags: unknown): string[] {
  if (!Array.isArray(tags)) throw unlike("tags is an array of strings", tags);
  return Array.from<unknown, string>(tags, parseTag);
}

function parseTag(tag: unknown): string {
  if (typeof tag !== "string") throw unlike("a tag is a string", tag);
  return tag;
}

function parseCount(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) {
    throw unlike(`${name} is a whole number from 0 on, or left out`, value);
  }
  return Number(value);
}

function parseOrder(sort: unknown, index: readonly IndexedPath[] | undefined): Order | undefined {
  if (sort === undefined) return undefined;
  if (typeof sort === "string") {
    const descending = sort.startsWith("-");
    const name = descending ? sort.slice(1) : sort;
    if (name.startsWith(METADATA)) return { by: "metadata", path: parsePath(name.slice(METADATA.length)), descending };
    if (index !== undefined) {
      const path = parsePath(name);
      if (isIndexed(path, index)) return { by: "fields", path, descending };
    }
    const by = FIELDS.find((field) => field === name);
    if (by !== undefined) return { by, descending };
  }
  const indexed = index === undefined ? "" : `, a path of the collection's index (${listIndex(index)})`;
  throw unlike(`sort is ${FIELDS.join(", ")}${indexed} or ${METADATA}<path>, reversed by "-" before it`, sort);
}

function parseWhere(where: unknown, index: readonly IndexedPath[] | undefined): Condition[] {
  if (!isPlainObject(where)) {
    throw unlike(`where is a plain object, such as { "author.name": "Ann" }`, where);
  }
  return Object.entries(where).map(([path, wanted]) => ({
    ...locate(path, index),
    tests: parseTests(path, wanted),
  }));
}

function locate(text: string, index: readonly IndexedPath[] | undefined): { source: PathSource; path: string[] } {
  if (index === undefined) return { source: "metadata", path: parsePath(text) };
  if (text.startsWith(METADATA)) return { source: "metadata", path: parsePath(text.slice(METADATA.length)) };
  const path = parsePath(text);
  if (isIndexed(path, index)) return { source: "fields", path };
  const advice = `add it to the index, or write ${METADATA}<path> for metadata`;
  throw invalid(`where ${describeValue(text)} is not in the collection's index (${listIndex(index)}): ${advice}`);
}

/** Whether the path, or one above it, is indexed: what stands at an indexed path is kept whole. */
function isIndexed(path: readonly string[], index: readonly IndexedPath[]): boolean {
  return index.some(({ names }) => names.every((name, depth) => path[depth] === name));
}

function listIndex(index: readonly IndexedPath[]): string {
  return index.length === 0 ? "which is empty" : index.map(({ text }) => text).join(", ");
}

function parseTests(path: string, wanted: unknown): Test[] {
  if (isScalar(wanted)) return [{ test: "equals", operand: wanted }];
  const at = `where ${describeValue(path)}`;
  if (!isPlainObject(wanted)) {
    const advice = `a comparison such as { gte: 3 }, { in: ["a", "b"] } or { exists: false }`;
    throw unlike(`${at} takes ${SCALARS} or ${advice}`, wanted);
  }
  const tests = Object.entries(wanted).flatMap(([name, operand]) => parseTest(at, name, operand));
  if (tests.length === 0) throw invalid(`${at} compares with nothing; leave the path out, or ask { exists: true }`);
  return tests;
}

/** None when the operand is undefined. */
function parseTest(at: string, name: string, operand: unknown): Test[] {
  const test = COMPARISONS.find((comparison) => comparison === name);
  if (test === undefined) {
    const advice = `for a property inside, write a path such as "author.name"`;
    throw invalid(`${at} has no comparison ${describeValue(name)}; there are ${COMPARISONS.join(", ")}; ${advice}`);
  }
  if (operand === undefined) return [];
  const refuse = (wanted: string): StorageError => unlike(`${at}: ${test} takes ${wanted}`, operand);
  switch (test) {
    case "exists":
      if (typeof operand !== "boolean") throw refuse("true or false");
      return [{ test, operand }];
    case "in": {
      const operands = Array.isArray(operand) ? Array.from<unknown>(operand) : [undefined];
      if (!operands.every(isScalar)) throw refuse(`an array, each element ${SCALARS}`);
      return [{ test, operands }];
    }
    default:
      if (typeof operand !== "string" && !(typeof operand === "number" && isScalar(operand))) {
        throw refuse("a string or a finite number");
      }
      return [{ test, operand }];
  }
}
