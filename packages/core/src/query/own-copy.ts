import { isPlainObject } from "../invalid-option.js";

/** How deep the elements of the deepest legal query lie: in a list, of a comparison, of a path, in `where`. */
const DEPTH = 5;

/**
 * A copy of a query that is read later than it was passed. What is no plain object and no array stays what it is: it cannot
 * change, or is refused.
 */
export function ownCopy(value: unknown, depth: number = DEPTH): unknown {
  if (depth === 0) return value;
  if (Array.isArray(value)) return Array.from<unknown, unknown>(value, (inner) => ownCopy(inner, depth - 1));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, ownCopy(inner, depth - 1)]));
}
