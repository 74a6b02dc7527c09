import type { Scalar } from "../contract/query.js";

/** A query that core has checked and completed: what adapters receive. */
export interface ParsedQuery {
  /** Well-formed Unicode, without control characters. */
  readonly prefix: string;
  /**
   * Distinct terms, each of which must be a prefix of some term of the record. Undefined when no text was asked for;
   * never empty, since a text without terms matches nothing and is answered by core.
   */
  readonly terms: readonly string[] | undefined;
  /** Distinct, well-formed Unicode; all must be there. */
  readonly tags: readonly string[];
  /** All must hold. */
  readonly where: readonly Condition[];
  readonly order: Order;
  /** At least 1; Number.MAX_SAFE_INTEGER when unbounded. */
  readonly limit: number;
  readonly offset: number;
}

/** Where a path begins: in the item's metadata, or in the data fields that its collection indexes. */
export type PathSource = "metadata" | "fields";

/** What one path must meet. */
export interface Condition {
  readonly source: PathSource;
  /** Property names from the outside in. */
  readonly path: readonly string[];
  readonly tests: readonly Test[];
}

/** One comparison with the value at a path. */
export type Test =
  | { readonly test: "equals"; readonly operand: Scalar }
  | { readonly test: "gt" | "gte" | "lt" | "lte"; readonly operand: string | number }
  | { readonly test: "in"; readonly operands: readonly Scalar[] }
  | { readonly test: "exists"; readonly operand: boolean };

/** Ties go by key, ascending, in every order; so the order is total. */
export type Order =
  /** Terms met exactly, most first; then newest `modified`. */
  | { readonly by: "rank" }
  | { readonly by: "key" | "created" | "modified" | "size" | "expiration"; readonly descending: boolean }
  | { readonly by: PathSource; readonly path: readonly string[]; readonly descending: boolean };
