import { isPlainObject } from "../invalid-option.js";
import { checkPrefix } from "../keys.js";
import type { Condition, Order, ParsedQuery } from "./parsed-query.js";
import { tokenize } from "./tokenizer.js";

/** What of a `Query` needs neither paths nor comparisons. */
interface PlainQuery {
  readonly prefix?: string | undefined;
  readonly text?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

// `signal` belongs to the operation, not to what it asks for.
const isString = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  prefix: isString,
  text: isString,
  tags: (value) => Array.isArray(value) && Array.from<unknown>(value).every(isString),
  limit: isCount,
  offset: isCount,
  signal: () => true,
  // Only when they say nothing.
  where: () => false,
  sort: () => false,
};

/** Whether it is a legal query of text, tags and a page alone, as most are. Any other is for `parse-query.ts`, also a wrong one. */
export function isPlainQuery(query: unknown): query is PlainQuery {
  return (
    isPlainObject(query) &&
    Object.entries(query).every(
      ([name, value]) => Object.hasOwn(CHECKS, name) && (value === undefined || CHECKS[name]?.(value) === true),
    )
  );
}

/**
 * The query with what it left out. Undefined: it matches nothing, whatever is stored. Throws INVALID_KEY for an illegal prefix.
 * `order` undefined: by rank where there is a text, else by key.
 */
export function completeQuery(
  { prefix = "", text, tags = [], limit = Number.MAX_SAFE_INTEGER, offset = 0 }: PlainQuery,
  where: readonly Condition[] = [],
  order?: Order,
): ParsedQuery | undefined {
  const terms = text === undefined ? undefined : tokenize(text);
  const literals = [checkPrefix(prefix), ...new Set(tags)];
  // No key and no tag has half of a surrogate pair; and a backend that speaks UTF-8 could not even be asked for it.
  if (terms?.length === 0 || limit === 0 || !literals.every((literal) => literal.isWellFormed())) return undefined;
  const byDefault: Order = terms === undefined ? { by: "key", descending: false } : { by: "rank" };
  return { prefix, terms, tags: literals.slice(1), where, order: order ?? byDefault, limit, offset };
}
