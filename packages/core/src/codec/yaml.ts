// js-yaml: four times as fast as the alternatives, no dependencies, and loaded only when yaml is used.
import { CORE_SCHEMA, dump, load } from "js-yaml";
import { StorageError } from "../errors.js";
import { MAX_DEPTH } from "./exact.js";
import { fromUtf8, toUtf8 } from "./text.js";

// A person's file has few; a bomb has many.
const MAX_ALIASES = 1_000;

/**
 * The YAML of what a JSON text says. It is read back before it is accepted: YAML has many ways to say one thing, and no
 * writer of it is beyond doubt. Throws INVALID_VALUE.
 */
export function encodeYaml(json: string): Uint8Array {
  const value: unknown = JSON.parse(json);
  const text = write(value);
  const back = read(text);
  if (!text.isWellFormed() || JSON.stringify(back) !== JSON.stringify(value)) {
    throw new StorageError(
      "INVALID_VALUE",
      `${placeOfDifference(value, back)} cannot be held by yaml; save it as json`,
    );
  }
  return toUtf8(text);
}

export function decodeYaml(bytes: Uint8Array): unknown {
  return read(fromUtf8(bytes));
}

function write(value: unknown): string {
  // Long strings stay on their line, so that a diff shows what changed.
  return dump(value, { noRefs: true, lineWidth: -1 });
}

function read(text: string): unknown {
  return load(text, { schema: CORE_SCHEMA, maxDepth: MAX_DEPTH, maxAliases: MAX_ALIASES });
}

/** The first place where two JSON values differ, as a path. */
function placeOfDifference(expected: unknown, found: unknown, path = "$"): string {
  if (!isContainer(expected) || !isContainer(found)) return path;
  const name = Object.keys(expected).find((key) => JSON.stringify(expected[key]) !== JSON.stringify(found[key]));
  if (name === undefined) return path;
  const step = Array.isArray(expected) ? name : JSON.stringify(name);
  return placeOfDifference(expected[name], found[name], `${path}[${step}]`);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
