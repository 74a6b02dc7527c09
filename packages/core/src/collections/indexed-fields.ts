import type { JsonObject, JsonValue } from "../contract/storage-item.js";
import { parsePath } from "../query/metadata-path.js";
import type { IndexedPath } from "../query/parse-query.js";

/** Names that are wanted below a place; undefined: all that is there. */
type Wanted = Map<string, Wanted | undefined>;

/** What stands at the indexed paths, in the shape that it has in the data: arrays stay arrays. A copy. */
export function indexedFields(data: unknown, index: readonly IndexedPath[]): JsonObject {
  const picked = pick(data as JsonValue, wantedBy(index));
  // Data that is an array or a bare value has no paths.
  return typeof picked === "object" && picked !== null && !Array.isArray(picked) ? structuredClone(picked) : {};
}

/** The property `fields` of a header, by what its `indexed` says. Throws INVALID_OPTION for what is no path. */
export function fieldsFrom(data: unknown, indexed: readonly string[]): JsonObject {
  return indexedFields(
    data,
    indexed.map((text) => ({ text, names: parsePath(text) })),
  );
}

function wantedBy(index: readonly IndexedPath[]): Wanted {
  const root: Wanted = new Map();
  for (const { names } of index) want(root, names);
  return root;
}

function want(wanted: Wanted, [name, ...deeper]: readonly string[]): void {
  if (name === undefined || (wanted.has(name) && wanted.get(name) === undefined)) return;
  if (deeper.length === 0) {
    wanted.set(name, undefined);
    return;
  }
  const inner: Wanted = wanted.get(name) ?? new Map();
  wanted.set(name, inner);
  want(inner, deeper);
}

/** Undefined where no wanted path leads on. */
function pick(value: JsonValue, wanted: Wanted | undefined): JsonValue | undefined {
  if (wanted === undefined) return value;
  if (Array.isArray(value)) {
    return value.flatMap((element) => pick(element, wanted) ?? []);
  }
  if (typeof value !== "object" || value === null) return undefined;
  const picked: [string, JsonValue][] = [];
  for (const [name, inner] of wanted) {
    const found = Object.hasOwn(value, name) ? value[name] : undefined;
    const kept = found === undefined ? undefined : pick(found, inner);
    if (kept !== undefined) picked.push([name, kept]);
  }
  // From entries: a property named __proto__ stays one.
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
}
