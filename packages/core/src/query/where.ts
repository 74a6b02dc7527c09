import type { JsonValue } from "../contract/storage-item.js";
import type { RecordHeader } from "../spi/records.js";
import { elementsOf, valuesAt } from "./metadata-path.js";
import type { Condition, Test } from "./parsed-query.js";
import { compareScalars, isScalar } from "./scalars.js";

/**
 * Whether a record meets every condition. Where a path leads to several values, one and the same must meet all its tests. What is encrypted
 * meets none: that it is not in the header does not tell that it is not there.
 */
export function matchesWhere(
  header: Pick<RecordHeader, "metadata" | "fields" | "encryption">,
  conditions: readonly Condition[],
): boolean {
  const { encryption } = header;
  return conditions.every(({ source, path, tests }) => {
    if (source === "fields" ? encryption !== undefined : encryption?.sealed !== undefined) return false;
    const found = valuesAt(header[source] ?? {}, path);
    // A path that is missing, or leads to an empty array, has no element; only tests for existence can then hold.
    const candidates: (JsonValue | undefined)[] = elementsOf(found);
    if (candidates.length === 0) candidates.push(undefined);
    return candidates.some((value) => tests.every((test) => holds(test, value, found.length > 0)));
  });
}

/**
 * Pieces of JSON that a header must have in writing to meet a condition: the names on its path and, for an equality, the value. For
 * backends that keep headers as JSON text: to look for them costs a tenth of parsing a header. Whether it matches is for `matchesWhere`.
 */
export function conditionTexts({ path, tests }: Condition): string[] {
  if (tests.some((test) => test.test === "exists" && !test.operand)) return [];
  const names = path.map((name) => `${JSON.stringify(name)}:`);
  const values = tests.flatMap((test) => (test.test === "equals" ? [JSON.stringify(test.operand)] : []));
  return [...names, ...values];
}

function holds(test: Test, value: JsonValue | undefined, exists: boolean): boolean {
  if (test.test === "exists") return test.operand === exists;
  if (!isScalar(value)) return false;
  if (test.test === "equals") return value === test.operand;
  if (test.test === "in") return test.operands.includes(value);
  if (typeof value !== typeof test.operand) return false;
  const difference = compareScalars(value, test.operand);
  switch (test.test) {
    case "gt":
      return difference > 0;
    case "gte":
      return difference >= 0;
    case "lt":
      return difference < 0;
    case "lte":
      return difference <= 0;
  }
}
