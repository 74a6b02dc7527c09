import type { Scalar } from "../contract/query.js";
import { compareKeys } from "../keys.js";

const TYPES = ["number", "string", "boolean", "object"];

/** Numbers, then strings by code points, then false, true and null. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === "string" && typeof b === "string") return compareKeys(a, b);
  return TYPES.indexOf(typeof a) - TYPES.indexOf(typeof b) || Number(a) - Number(b);
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
