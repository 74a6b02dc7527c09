import type { JsonObject, JsonValue, Query, Scalar, StorageItem } from "@holdfast/core";

/**
 * What a search must find, written down once more from the rules and as plainly as possible: no index, no early end, no code
 * shared with core. Holds for texts of letters and digits that are written with spaces between words.
 */
export function searchOracle(items: readonly StorageItem[], query: Query): StorageItem[] {
  const { limit = items.length, offset = 0 } = query;
  const found = items.filter((item) => matches(item, query));
  return found.sort((a, b) => compareItems(a, b, query)).slice(offset, offset + limit);
}

/** Whether one item is found. */
function matches(item: StorageItem, { prefix = "", text, tags = [], where = {} }: Query): boolean {
  if (!item.key.startsWith(prefix)) return false;
  if (!tags.every((tag) => item.tags.includes(tag))) return false;
  if (text !== undefined && !matchesText(item, text)) return false;
  return Object.entries(where).every(([path, condition]) => {
    // A path that leads through or to arrays is met when one element meets the whole condition.
    const reached = follow(item.metadata, path.split("."));
    if (isScalar(condition)) return reached.some((value) => elements(value).some((element) => element === condition));
    const candidates = reached.flatMap(elements);
    if (condition.exists === false) return reached.length === 0 && Object.keys(condition).length === 1;
    if (reached.length === 0) return false;
    if (Object.keys(condition).every((name) => name === "exists")) return true;
    return candidates.some((value) => meets(value, condition));
  });
}

function meets(
  value: JsonValue,
  { gt, gte, lt, lte, in: among }: Exclude<NonNullable<Query["where"]>[string], Scalar>,
): boolean {
  if (among !== undefined && !among.some((each) => each === value)) return false;
  if (gt !== undefined && !(typeof value === typeof gt && order(value, gt) > 0)) return false;
  if (gte !== undefined && !(typeof value === typeof gte && order(value, gte) >= 0)) return false;
  if (lt !== undefined && !(typeof value === typeof lt && order(value, lt) < 0)) return false;
  if (lte !== undefined && !(typeof value === typeof lte && order(value, lte) <= 0)) return false;
  return true;
}

function matchesText(item: StorageItem, text: string): boolean {
  const terms = words(text);
  const tokens = tokensOf(item);
  return terms.length > 0 && terms.every((term) => tokens.some((token) => token.startsWith(term)));
}

function compareItems(a: StorageItem, b: StorageItem, { text, sort }: Query): number {
  if (sort === undefined && text !== undefined) {
    const rank = exactTerms(b, text) - exactTerms(a, text) || b.modified.getTime() - a.modified.getTime();
    return rank || byCodePoints(a.key, b.key);
  }
  const field = (sort ?? "key").replace(/^-/, "");
  const direction = sort?.startsWith("-") ? -1 : 1;
  const left = sortValue(a, field, direction);
  const right = sortValue(b, field, direction);
  if (left === undefined || right === undefined) {
    return Number(left === undefined) - Number(right === undefined) || byCodePoints(a.key, b.key);
  }
  return direction * order(left, right) || byCodePoints(a.key, b.key);
}

function sortValue(item: StorageItem, field: string, direction: number): Scalar | undefined {
  if (field.startsWith("metadata.")) {
    // Of several values, the one that comes first in this direction decides.
    const values = follow(item.metadata, field.slice("metadata.".length).split(".")).flatMap(elements).filter(isScalar);
    return values.sort((a, b) => direction * order(a, b))[0];
  }
  const value = item[field as "key" | "created" | "modified" | "size" | "expiration"];
  return value instanceof Date ? value.getTime() : value;
}

function exactTerms(item: StorageItem, text: string): number {
  const tokens = tokensOf(item);
  return [...new Set(words(text))].filter((term) => tokens.includes(term)).length;
}

function tokensOf({ key, tags, metadata }: StorageItem): string[] {
  return [key, ...tags, ...strings(metadata)].flatMap(words);
}

function words(text: string): string[] {
  return (
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

function strings(value: JsonValue): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

function follow(value: JsonValue, [name, ...rest]: readonly string[]): JsonValue[] {
  if (name === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap((element) => follow(element, [name, ...rest]));
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return [];
  return follow((value as JsonObject)[name] as JsonValue, rest);
}

function elements(value: JsonValue): JsonValue[] {
  return Array.isArray(value) ? value.flatMap(elements) : [value];
}

function isScalar(value: unknown): value is Scalar {
  return typeof value !== "object" || value === null;
}

/** Numbers, then strings, then false, true and null. */
function order(a: JsonValue, b: JsonValue): number {
  const types = ["number", "string", "boolean", "object"];
  if (typeof a !== typeof b) return types.indexOf(typeof a) - types.indexOf(typeof b);
  return typeof a === "string" ? byCodePoints(a, b as string) : Number(a) - Number(b);
}

function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
