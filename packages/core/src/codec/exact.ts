import { describeThrown } from "../describe-thrown.js";
import { StorageError } from "../errors.js";
import { classOf, kindOf } from "./kind.js";
import { showPath } from "./value-path.js";

/** How many arrays and objects may lie in each other. Well below where recursion ends on any platform. */
export const MAX_DEPTH = 1_000;
/** The same for yaml. Its library takes more stack for a level: a thousand overflow one of 512 KiB, as some workers have. */
export const MAX_YAML_DEPTH = 250;

// More than any engine's longest string can tell of. Only values that contain one object in many places have so many.
const MAX_ELEMENTS = 2 ** 28;
// Down to here nothing is noted, which is all that ordinary values need; below, the line of ancestors shows a cycle.
const UNWATCHED_DEPTH = 32;
// Looking for hidden properties costs more than writing a long array of numbers does: only shorter ones are searched.
const SEARCHED_LENGTH = 64;

interface Fault {
  /** From the place back up to the whole value. */
  readonly steps: (string | number)[];
  /** Behind the path. */
  readonly message: string;
}

interface Walk {
  readonly maxDepth: number;
  /** How many elements and properties may still be met. */
  left: number;
  /** Those ancestors of the value that are watched. */
  line: Set<object> | undefined;
}

const CYCLE_OR_DEPTH = "contains itself, or nests too deep";

const ADVICE: Readonly<Record<string, string>> = {
  undefined: "store null, or leave it out",
  number: "store null or a string",
  bigint: "store a string",
  Date: "store its toISOString()",
  Map: "store [...map] or Object.fromEntries(map)",
  Set: "store [...set]",
  RegExp: "store its source",
  Promise: "await it first",
};
const HOLDS_BYTES = /^(?:Shared)?ArrayBuffer$|^Blob$|^File$/;
const ADVICE_ON_BYTES = "save bytes as a Uint8Array under a key of their own";
const ADVICE_ELSE = "store plain objects, arrays, strings, numbers, booleans and null";

/**
 * Throws INVALID_VALUE, naming the path inside the value, unless JSON holds it exactly. Two exceptions, as in JSON: a
 * property whose value is undefined is absent, and −0 is 0. A property with a getter counts as what it returns; one that
 * returns something else each time is nobody's value. Allocates next to nothing when all is well: this is on the path of
 * every save.
 */
export function checkExact(value: unknown, maxElements: number = MAX_ELEMENTS, maxDepth: number = MAX_DEPTH): void {
  let found: Fault | undefined;
  try {
    found = faultIn(value, 0, { maxDepth, left: maxElements, line: undefined });
    if (found?.message === CYCLE_OR_DEPTH) found = explainDepth(value, maxDepth);
  } catch (cause) {
    // A getter or a proxy of the caller's threw, or hardly any stack was left.
    throw new StorageError("INVALID_VALUE", `$ cannot be read through: ${describeThrown(cause)}`, { cause });
  }
  if (found !== undefined) {
    throw new StorageError("INVALID_VALUE", `${showPath(found.steps.reverse())} ${found.message}`);
  }
}

function faultIn(value: unknown, depth: number, walk: Walk): Fault | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : notJson(value);
    case "object":
      if (value === null) return undefined;
      break;
    default:
      return notJson(value);
  }
  if (depth < UNWATCHED_DEPTH && walk.line === undefined) return faultInside(value, depth + 1, walk);
  const outer = walk.line;
  const line = outer ?? new Set();
  if (depth === walk.maxDepth || line.has(value)) return fault(CYCLE_OR_DEPTH);
  line.add(value);
  walk.line = line;
  const found = faultInside(value, depth + 1, walk);
  walk.line = outer;
  line.delete(value);
  return found;
}

function faultInside(value: object, depth: number, walk: Walk): Fault | undefined {
  return Array.isArray(value)
    ? faultInArray(value, depth, walk)
    : faultInObject(value as Record<string, unknown>, depth, walk);
}

function faultInArray(array: readonly unknown[], depth: number, walk: Walk): Fault | undefined {
  const prototype: object | null = Object.getPrototypeOf(array);
  if (prototype !== Array.prototype && !isArrayPrototype(prototype)) return notJson(array);
  const { length } = array;
  walk.left -= length;
  if (walk.left < 0) return tooMuch();
  for (let index = 0; index < length; index++) {
    const element = array[index];
    const found =
      element === undefined && !(index in array)
        ? fault("is a hole in the array, which is not JSON data: store null, or leave it out")
        : faultIn(element, depth, walk);
    if (found !== undefined) return at(index, found);
  }
  const count = length > SEARCHED_LENGTH ? Object.keys(array).length : Object.getOwnPropertyNames(array).length - 1;
  if (count !== length) {
    // Behind the indexes and "length".
    const name = Object.getOwnPropertyNames(array)[length + 1];
    return fault(`is an array with a property ${JSON.stringify(name)}, which is not JSON data: use an object`);
  }
  return faultInOthers(array);
}

function faultInObject(object: Readonly<Record<string, unknown>>, depth: number, walk: Walk): Fault | undefined {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && !isPlainPrototype(prototype)) return notJson(object);
  if (prototype === null && isRawJson(object)) return fault("is made by JSON.rawJSON, which is text and not data");
  let count = 0;
  let last = "";
  // Twice as fast as Object.keys. What is inherited comes last, and is none of ours.
  for (const name in object) {
    const property = object[name];
    const found = property === undefined ? undefined : faultIn(property, depth, walk);
    if (found !== undefined && Object.hasOwn(object, name)) return at(name, found);
    count++;
    last = name;
  }
  walk.left -= count;
  if (walk.left < 0) return tooMuch();
  const names = Object.getOwnPropertyNames(object);
  if (names.length !== count || (count > 0 && !Object.hasOwn(object, last))) {
    const hidden = names.find((name) => !Object.prototype.propertyIsEnumerable.call(object, name));
    if (hidden !== undefined) return fault(`has a hidden property ${JSON.stringify(hidden)}, which is not JSON data`);
  }
  return faultInOthers(object);
}

/** What reading the properties does not show. */
function faultInOthers(value: object): Fault | undefined {
  const [symbol] = Object.getOwnPropertySymbols(value);
  if (symbol !== undefined) return fault(`has a property named by a symbol, ${String(symbol)}, which is not JSON data`);
  // One of its own has been found by now.
  if (typeof (value as { toJSON?: unknown }).toJSON !== "function") return undefined;
  return fault("inherits a method toJSON, which would store something else");
}

function isArrayPrototype(prototype: object | null): boolean {
  // Another realm's: an array itself, unlike the prototype of a class that extends Array.
  return Array.isArray(prototype) && Object.hasOwn(prototype, "flatMap");
}

function isPlainPrototype(prototype: object | null): boolean {
  if (prototype === null) return true;
  // Another realm's Object.prototype.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** Made by JSON.rawJSON, where the platform has that: JSON.stringify puts text in its place. */
function isRawJson(object: object): boolean {
  return (JSON as { isRawJSON?: (value: object) => boolean }).isRawJSON?.(object) === true;
}

/** Finds the place again, now with every ancestor watched, so that a cycle shows where it closes first. */
function explainDepth(value: unknown, maxDepth: number): Fault {
  const steps = faultIn(value, 0, { maxDepth, left: MAX_ELEMENTS, line: new Set() })?.steps ?? [];
  if (steps.length === maxDepth) {
    return {
      steps,
      message: `is nested deeper than ${maxDepth} levels: store it flatter, or in several items`,
    };
  }
  const path = steps.toReversed();
  const line = [value];
  for (const step of path) line.push((line.at(-1) as Record<string | number, unknown>)[step]);
  const target = path.slice(0, line.indexOf(line.at(-1)));
  return {
    steps,
    message: `leads back to ${showPath(target)}, a cycle: store an id or a path in its place`,
  };
}

function tooMuch(): Fault {
  return fault("has more in it than one text can hold: store it in several items");
}

function notJson(value: unknown): Fault {
  return fault(`is ${kindOf(value)}, which is not JSON data: ${adviceOn(value)}`);
}

function adviceOn(value: unknown): string {
  if (typeof value !== "object" || value === null) return ADVICE[typeof value] ?? ADVICE_ELSE;
  const name = classOf(value) ?? "";
  if (ArrayBuffer.isView(value) || HOLDS_BYTES.test(name)) return ADVICE_ON_BYTES;
  return ADVICE[name] ?? ADVICE_ELSE;
}

function fault(message: string): Fault {
  return { steps: [], message };
}

function at(place: string | number, inner: Fault): Fault {
  inner.steps.push(place);
  return inner;
}
