import { checkExact } from "./codec/exact.js";
import type { Difference } from "./contract/history.js";
import type { JsonValue } from "./contract/storage-item.js";
import { compareKeys } from "./keys.js";

/**
 * Where two values differ: objects by property, in the order of code points, arrays by position; what is unequal and not both
 * objects or both arrays is `changed` as a whole. A property whose value is undefined is absent. Throws INVALID_VALUE for what
 * json cannot hold.
 *
 * @example
 * diffValues({ a: 1, b: [1] }, { a: 2, b: [1, 2] });
 * // [{ path: ["a"], type: "changed", before: 1, after: 2 }, { path: ["b", 1], type: "added", after: 2 }]
 */
export function diffValues(before: unknown, after: unknown): Difference[] {
  checkExact(before);
  checkExact(after);
  const differences: Difference[] = [];
  // Exact values are JSON, but for properties that are undefined; those are passed over.
  compare(before as JsonValue, after as JsonValue, [], differences);
  return differences;
}

type Path = Difference["path"];

function compare(before: JsonValue, after: JsonValue, path: Path, found: Difference[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) compareArrays(before, after, path, found);
  else if (isRecord(before) && isRecord(after)) compareObjects(before, after, path, found);
  else found.push({ path, type: "changed", before, after });
}

function compareArrays(before: JsonValue[], after: JsonValue[], path: Path, found: Difference[]): void {
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index++) {
    compareMembers(before[index], after[index], [...path, index], found);
  }
}

function compareObjects(before: JsonRecord, after: JsonRecord, path: Path, found: Difference[]): void {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of [...names].sort(compareKeys)) {
    compareMembers(own(before, name), own(after, name), [...path, name], found);
  }
}

/** Undefined: not there. */
function compareMembers(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Path,
  found: Difference[],
): void {
  if (before !== undefined && after !== undefined) compare(before, after, path, found);
  else if (before !== undefined) found.push({ path, type: "removed", before });
  else if (after !== undefined) found.push({ path, type: "added", after });
}

interface JsonRecord {
  readonly [name: string]: JsonValue;
}

function isRecord(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Not what `__proto__` or `toString` are on every object.
function own(object: JsonRecord, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
