// js-yaml: four times as fast as the alternatives, no dependencies, and loaded only when yaml is used.
import { CORE_SCHEMA, dump, load, YAMLException } from "js-yaml";
import { StorageError } from "../errors.js";
import { MAX_DEPTH } from "./exact.js";
import { fromUtf8, toUtf8 } from "./text.js";

// A person's file has few; a bomb has many.
const MAX_ALIASES = 1_000;
// Mappings and the sequences in them count one by one, and the reader counts a little differently than we do.
const MAX_YAML_DEPTH = 2 * MAX_DEPTH;

/**
 * The YAML of what a JSON text says. It is read back before it is accepted: YAML has many ways to say one thing, and no
 * writer of it is beyond doubt. What the writer gets wrong is written as JSON, which is YAML too. Throws INVALID_VALUE.
 */
export function encodeYaml(json: string): Uint8Array {
  const value: unknown = JSON.parse(json);
  const text = [write, (content: unknown) => `${JSON.stringify(content, null, 2)}\n`]
    .map((writer) => writer(value))
    .find((candidate) => candidate.isWellFormed() && JSON.stringify(readOrNothing(candidate)) === json);
  if (text === undefined) throw new StorageError("INVALID_VALUE", "$ cannot be held by yaml; save it as json");
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
  return load(text, { schema: CORE_SCHEMA, maxDepth: MAX_YAML_DEPTH, maxAliases: MAX_ALIASES });
}

/** Undefined, which no YAML stands for, when the text cannot be read. */
function readOrNothing(text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof YAMLException) return undefined;
    throw error;
  }
}
