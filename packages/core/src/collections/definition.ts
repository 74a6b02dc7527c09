import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { CollectionOptions, DeprecationNotice, SchemaMigration } from "../contract/collection.js";
import { rejectUnknown, requireBoolean, requireFunction } from "../engine/arguments.js";
import { invalid, unlike } from "../invalid-option.js";
import { parsePath } from "../query/metadata-path.js";
import type { IndexedPath } from "../query/parse-query.js";
import { compareSchemaVersions, parseSchemaVersion, type SchemaVersion } from "./schema-version.js";

/** What the code says of a collection, checked. */
export interface Definition {
  readonly name: string;
  readonly schema: StandardSchemaV1;
  readonly version: VersionName;
  readonly steps: readonly Step[];
  readonly index: readonly IndexedPath[];
  /** The index as headers have it: sorted, each path once. */
  readonly indexed: readonly string[];
  readonly unversioned: VersionName | undefined;
  readonly writeBack: boolean;
  readonly onDeprecated: ((notice: DeprecationNotice) => void) | undefined;
}

/** A version, and how it is written. */
export interface VersionName {
  readonly text: string;
  readonly number: SchemaVersion;
}

export interface Step {
  readonly from: VersionName;
  readonly to: VersionName;
  readonly migration: SchemaMigration;
}

const OPTIONS = ["schema", "version", "migrations", "index", "unversioned", "writeBack", "onDeprecated"];
const MIGRATION = ["from", "to", "up", "down", "deprecated"];

/** Throws INVALID_OPTION. */
export function defineCollection(
  name: string,
  options: CollectionOptions<StandardSchemaV1, readonly string[]>,
): Definition {
  rejectUnknown("option", options, OPTIONS);
  const { schema, version, migrations = [], index = [], unversioned, writeBack = true, onDeprecated } = options;
  if (!isSchema(schema)) {
    throw invalid("schema is a schema of zod, valibot, arktype or another library that speaks Standard Schema");
  }
  if (!Array.isArray(migrations)) throw invalid("migrations is an array of { from, to, up }");
  requireBoolean("writeBack", writeBack);
  if (onDeprecated !== undefined) requireFunction("onDeprecated", onDeprecated);
  const paths = indexPaths(index);
  return {
    name,
    schema,
    version: versionNamed("version", version),
    steps: distinct(migrations.map(checkStep)),
    index: paths,
    indexed: [...new Set(paths.map(({ text }) => text))].sort(),
    unversioned: unversioned === undefined ? undefined : versionNamed("unversioned", unversioned),
    writeBack,
    onDeprecated,
  };
}

// Schemas of arktype are functions.
function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const { "~standard": standard } = value as { "~standard"?: { validate?: unknown } };
  return typeof standard?.validate === "function";
}

function versionNamed(name: string, text: unknown): VersionName {
  const number = parseSchemaVersion(text);
  if (number !== undefined) return { text: text as string, number };
  throw unlike(`${name} is one to three numbers, such as "1.0" or "1.2.0"`, text);
}

function checkStep(migration: SchemaMigration, place: number): Step {
  const at = `migrations[${place}]`;
  rejectUnknown("property", migration, MIGRATION, at);
  const from = versionNamed(`${at}.from`, migration.from);
  const to = versionNamed(`${at}.to`, migration.to);
  if (compareSchemaVersions(from.number, to.number) >= 0) {
    throw invalid(`${at} leads from ${from.text} to ${to.text}, which is not above it; the way back is its "down"`);
  }
  requireFunction(`${at}.up`, migration.up);
  if (migration.down !== undefined) requireFunction(`${at}.down`, migration.down);
  if (migration.deprecated !== undefined && typeof migration.deprecated !== "string") {
    throw invalid(`${at}.deprecated is a text`);
  }
  return { from, to, migration };
}

function distinct(steps: readonly Step[]): readonly Step[] {
  const seen = new Set<string>();
  for (const { from, to } of steps) {
    const way = `${from.number.join(".")} → ${to.number.join(".")}`;
    if (seen.has(way)) throw invalid(`migrations has two steps from ${from.text} to ${to.text}`);
    seen.add(way);
  }
  return steps;
}

function indexPaths(index: unknown): IndexedPath[] {
  if (!Array.isArray(index)) throw invalid(`index is an array of paths, such as ["author.name", "stars"]`);
  return index.map((text: unknown) => {
    if (typeof text !== "string" || !text.isWellFormed()) throw invalid("index: a path is a well-formed string");
    const names = parsePath(text);
    if (names[0] === "metadata") {
      throw invalid(`index: ${JSON.stringify(text)} could not be told from metadata in a query; rename that property`);
    }
    return { text, names };
  });
}
