import { isBytes } from "../codec/binary.js";
import { showPath } from "../codec/value-path.js";
import { describeThrown } from "../describe-thrown.js";
import { type SchemaIssue, StorageError } from "../errors.js";
import type { StorableVerdict, Verdict } from "./verdict.js";

const MOST_SHOWN = 3;

/** The output, or SCHEMA with the issues. `subject` begins the message: what was validated. */
export function accept(verdict: Verdict, subject: string): unknown {
  if ("output" in verdict) return verdict.output;
  if ("issues" in verdict) {
    const { issues } = verdict;
    throw new StorageError("SCHEMA", `${subject} does not fit the schema: ${showIssues(issues)}`, { issues });
  }
  if (StorageError.is(verdict.thrown)) {
    const { code, message } = verdict.thrown;
    throw new StorageError(code, `${subject} cannot be stored: ${message}`, { cause: verdict.thrown });
  }
  throw new StorageError(
    "SCHEMA",
    `${subject} could not be validated: the schema threw ${describeThrown(verdict.thrown)}`,
    {
      cause: verdict.thrown,
    },
  );
}

/** As `accept`; SCHEMA as well when the schema does not leave its own output as it is. */
export function acceptStorable({ first, again }: StorableVerdict, subject: string): unknown {
  const output = accept(first, subject);
  if (again === undefined || ("output" in again && isSame(output, again.output))) return output;
  const issues = "issues" in again ? again.issues : undefined;
  const found = issues === undefined ? "it makes something else of it" : showIssues(issues);
  throw new StorageError(
    "SCHEMA",
    `${subject} would not load as it is saved, since the schema does not leave its own output as it is (${found}): take transformations out of the schema`,
    { issues, cause: "thrown" in again ? again.thrown : undefined },
  );
}

function showIssues(issues: readonly SchemaIssue[]): string {
  if (issues.length === 0) return "it names no issue";
  const shown = issues.slice(0, MOST_SHOWN).map(({ message, path }) => `${showPath(path)}: ${message}`);
  return issues.length > MOST_SHOWN ? `${shown.join("; ")}; and ${issues.length - MOST_SHOWN} more` : shown.join("; ");
}

/** Whether two values are stored alike. The order of properties does not count, nor do properties that are undefined. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isBytes(a) || isBytes(b)) {
    return isBytes(a) && isBytes(b) && a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  }
  if (!isPlain(b)) return false;
  const [left, right] = [propertiesOf(a), propertiesOf(b)];
  return (
    left.size === right.size && [...left].every(([name, value]) => right.has(name) && isSame(value, right.get(name)))
  );
}

/** A Date, say, has no properties to compare, and would not be stored. */
function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Object]" && !("toJSON" in value);
}

function propertiesOf(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, property]) => property !== undefined));
}
