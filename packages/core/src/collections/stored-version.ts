import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";
import type { Definition, VersionName } from "./definition.js";
import { compareSchemaVersions, parseSchemaVersion } from "./schema-version.js";

type Marks = Pick<RecordHeader, "schema" | "indexed">;

/** The version that an item was written under. Throws SCHEMA where that is unknown, or another collection's. */
export function storedVersion({ schema }: Marks, { name, unversioned }: Definition): VersionName {
  if (schema === undefined) {
    if (unversioned !== undefined) return unversioned;
    throw new StorageError(
      "SCHEMA",
      `${name}: this data has no version, since it was not saved through a collection; if you know which version it is, say so by the option "unversioned"`,
    );
  }
  const split = splitMark(schema);
  if (split?.collection === name) return split.version;
  throw new StorageError("SCHEMA", `${name}: this data was saved as ${JSON.stringify(schema)}, by another collection`);
}

/** Whether an item is as the code writes it: of its version, with its indexed paths. */
export function isCurrent({ schema, indexed = [] }: Marks, definition: Definition): boolean {
  const split = schema === undefined ? undefined : splitMark(schema);
  return (
    split?.collection === definition.name &&
    compareSchemaVersions(split.version.number, definition.version.number) === 0 &&
    indexed.length === definition.indexed.length &&
    indexed.every((path, at) => path === definition.indexed[at])
  );
}

/** What an item counts as in a status or report: equal versions as one, as the code writes it. */
export function labelOf({ schema }: Marks, { name, version, steps }: Definition): string {
  if (schema === undefined) return "unversioned";
  const split = splitMark(schema);
  if (split?.collection !== name) return schema;
  const { number, text } = split.version;
  const known = [version, ...steps.flatMap(({ from, to }) => [from, to])];
  return known.find((each) => compareSchemaVersions(each.number, number) === 0)?.text ?? text;
}

// A version has no "@"; a name may.
function splitMark(schema: string): { collection: string; version: VersionName } | undefined {
  const at = schema.lastIndexOf("@");
  const text = schema.slice(at + 1);
  const number = parseSchemaVersion(text);
  return at === -1 || number === undefined ? undefined : { collection: schema.slice(0, at), version: { text, number } };
}
