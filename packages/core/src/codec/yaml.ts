// js-yaml: four times as fast as the alternatives, no dependencies, and loaded only when yaml is used.
import { CORE_SCHEMA, dump, load } from "js-yaml";
import { StorageError } from "../errors.js";
import { checkExact, MAX_YAML_DEPTH } from "./exact.js";
import { parseJson } from "./parse-json.js";
import { fromUtf8, toUtf8 } from "./text.js";

// The reader counts what stands at the bottom as a level too, and what stands in braces once more: it might be a key.
const READER_DEPTH = MAX_YAML_DEPTH + 2;
// What aliases (`*name`) may add, in elements. A person's file stays far below; a bomb doubles its way far beyond.
const MAX_ALIASED = 1_000_000;

/**
 * The YAML of what a JSON text says. It is read back before it is accepted: YAML has many ways to say one thing, and no
 * writer of it is beyond doubt. What the writer gets wrong is written as JSON, which is YAML too. Throws INVALID_VALUE.
 */
export function encodeYaml(json: string, writer: (value: unknown) => string = writeYaml): Uint8Array {
  const value = parseJson(json);
  let cause: unknown;
  for (const write of [writer, writeJson]) {
    try {
      const text = write(value);
      if (text.isWellFormed() && JSON.stringify(read(text)) === json) return toUtf8(text);
    } catch (error) {
      // The reader does not take what the writer made, or the stack is too short for one of them.
      cause = error;
    }
  }
  throw new StorageError("INVALID_VALUE", "$ cannot be held by yaml; save it as json", { cause });
}

/**
 * Only what JSON holds too, so that whatever is loaded can be saved, and as a tree: an alias gives a copy. Throws for
 * anything else.
 */
export function decodeYaml(bytes: Uint8Array): unknown {
  const text = fromUtf8(bytes);
  const value = read(text);
  checkExact(value, text.length + MAX_ALIASED, MAX_YAML_DEPTH);
  return parseJson(JSON.stringify(value));
}

function writeYaml(value: unknown): string {
  // Long strings stay on their line, so that a diff shows what changed.
  return dump(value, { noRefs: true, lineWidth: -1 });
}

function writeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function read(text: string): unknown {
  return load(text, { schema: CORE_SCHEMA, maxDepth: READER_DEPTH });
}
