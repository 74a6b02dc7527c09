import type { Scalar } from "../contract/query.js";
import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/records.js";
import { elementsOf, valuesAt } from "./metadata-path.js";
import type { Order } from "./parsed-query.js";
import { compareRank, type Hit } from "./rank.js";
import { compareScalars, isScalar } from "./scalars.js";

type FieldOrder = Exclude<Order, { by: "rank" }>;

/** Compares hits for sorting. Total: two hits are equal only when their keys are. For one sort; keeps what it has looked up. */
export function compareHits(order: Order): (a: Hit, b: Hit) => number {
  if (order.by === "rank") return compareRank;
  const direction = order.descending ? -1 : 1;
  const values = new WeakMap<Hit, Scalar | undefined>();
  const look = (hit: Hit): Scalar | undefined => {
    if (!values.has(hit)) values.set(hit, fieldOf(hit.header, order));
    return values.get(hit);
  };
  return (a, b) => {
    const left = look(a);
    const right = look(b);
    const difference =
      left === undefined || right === undefined
        ? Number(left === undefined) - Number(right === undefined)
        : direction * compareScalars(left, right);
    return difference || compareKeys(a.header.key, b.header.key);
  };
}

/** What a record is sorted by; undefined when it has no such value and comes last. */
function fieldOf(header: RecordHeader, order: FieldOrder): Scalar | undefined {
  if (!("path" in order)) return header[order.by] ?? undefined;
  let best: Scalar | undefined;
  for (const value of elementsOf(valuesAt(header[order.by] ?? {}, order.path))) {
    if (!isScalar(value)) continue;
    if (best === undefined || compareScalars(value, best) < 0 !== order.descending) best = value;
  }
  return best;
}
