import type { JsonValue } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";

type JsonElement = Exclude<JsonValue, JsonValue[]>;

/** Splits a path at its dots; `\.` is a dot inside a name and `\\` a backslash. Empty names are names. */
export function parsePath(path: string): string[] {
  const names: string[] = [];
  let name = "";
  for (let index = 0; index < path.length; index++) {
    let unit = path.charAt(index);
    if (unit === ".") {
      names.push(name);
      name = "";
      continue;
    }
    if (unit === "\\") {
      unit = path.charAt(++index);
      // One path, one spelling: a stray backslash is more likely a mistake than a name.
      if (unit !== "." && unit !== "\\") {
        const advice = "write \\. for a dot in a name, \\\\ for a backslash";
        throw new StorageError("INVALID_OPTION", `the path ${JSON.stringify(path)} has a lone backslash; ${advice}`);
      }
    }
    name += unit;
  }
  names.push(name);
  return names;
}

/** What stands at the end of a path; several values where it leads through arrays. An array at the end is one value. */
export function valuesAt(root: JsonValue, path: readonly string[]): JsonValue[] {
  let values = [root];
  for (const name of path) {
    values = elementsOf(values).flatMap((value) => {
      // Own properties only: no path reaches a prototype.
      const inner = typeof value === "object" && value !== null && Object.hasOwn(value, name) ? value[name] : undefined;
      return inner === undefined ? [] : [inner];
    });
  }
  return values;
}

/** The values, each array replaced by its elements, however deep. */
export function elementsOf(values: readonly JsonValue[]): JsonElement[] {
  const elements: JsonElement[] = [];
  const pending = [...values];
  for (const value of pending) {
    if (!Array.isArray(value)) elements.push(value);
    else for (const element of value) pending.push(element);
  }
  return elements;
}
