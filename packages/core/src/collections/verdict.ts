import type { StandardSchemaV1 } from "@standard-schema/spec";
import { chain, isPromise } from "../awaitable.js";
import { encodeBinary, isBytes } from "../codec/binary.js";
import { exactJson } from "../codec/encode-json.js";
import { parseJson } from "../codec/parse-json.js";
import type { SchemaIssue } from "../errors.js";
import type { Awaitable } from "../spi/index.js";

/** What a schema says to a value. Data, not a rejection: nobody may be listening yet. */
export type Verdict =
  | { readonly output: unknown }
  | { readonly issues: SchemaIssue[] }
  /** The schema itself failed. */
  | { readonly thrown: unknown };

/** For a value that is to be stored. */
export interface StorableVerdict {
  /** Its output is a copy, or it is INVALID_VALUE because no format holds that. */
  readonly first: Verdict;
  /** What the schema says to its own output, which it should leave as it is. */
  readonly again: Verdict | undefined;
}

/** At once where the schema is synchronous. */
export function judge(schema: StandardSchemaV1, value: unknown): Awaitable<Verdict> {
  try {
    const result = schema["~standard"].validate(value);
    return isPromise(result) ? Promise.resolve(result).then(toVerdict).then(undefined, failed) : toVerdict(result);
  } catch (thrown) {
    return failed(thrown);
  }
}

/** At once where the schema is synchronous, so that what the caller does with the value later changes nothing stored. */
export function judgeStorable(schema: StandardSchemaV1, value: unknown): Awaitable<StorableVerdict> {
  return chain(judge(schema, value), (first): Awaitable<StorableVerdict> => {
    if (!("output" in first)) return { first, again: undefined };
    try {
      const output = copyOf(first.output);
      return chain(judge(schema, copyOf(output)), (again) => ({ first: { output }, again }));
    } catch (thrown) {
      return { first: { thrown }, again: undefined };
    }
  });
}

function toVerdict(result: StandardSchemaV1.Result<unknown>): Verdict {
  if (result.issues === undefined) return { output: result.value };
  return { issues: Array.from(result.issues, toIssue) };
}

/** Issues of the libraries are of classes of their own. */
function toIssue({ message, path = [] }: StandardSchemaV1.Issue): SchemaIssue {
  return { message, path: Array.from(path, toStep) };
}

function toStep(step: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof step === "object" ? step.key : step;
  return typeof key === "symbol" ? String(key) : key;
}

function failed(thrown: unknown): Verdict {
  return { thrown };
}

/** Throws INVALID_VALUE for what no format holds. */
function copyOf(value: unknown): unknown {
  return isBytes(value) ? encodeBinary(value) : parseJson(exactJson(value));
}
