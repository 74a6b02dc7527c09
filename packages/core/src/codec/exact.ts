import { StorageError } from "../errors.js";

/** How deep values may nest. Well below where recursion ends on any platform. */
export const MAX_DEPTH = 1_000;

/** What JSON cannot hold, and where: the path from the inside out. */
interface Fault {
  readonly reason: string;
  readonly path: (string | number)[];
}

const TOO_DEEP = `nests deeper than ${MAX_DEPTH} levels, or contains itself`;

const ADVICE = new Map<string, string>([
  ["Date", "store its ISO string"],
  ["Map", "store an object or an array of its entries"],
  ["Set", "store an array"],
  ["RegExp", "store its source"],
  ["Promise", "await it first"],
]);

/**
 * Throws INVALID_VALUE, naming the path inside the value, unless JSON holds it exactly. Two exceptions, as in JSON: a
 * property whose value is undefined is absent, and −0 is 0. Allocates next to nothing when all is well: this is on the
 * path of every save.
 */
export function checkExact(value: unknown): void {
  const fault = faultIn(value, 0);
  if (fault === undefined) return;
  throw new StorageError("INVALID_VALUE", `${spell(fault.path)} ${fault.reason}`);
}

function faultIn(value: unknown, depth: number): Fault | undefined {
  if (typeof value === "object") {
    if (value === null) return undefined;
    if (depth === MAX_DEPTH) return fault(TOO_DEEP);
    return Array.isArray(value) ? faultInArray(value, depth) : faultInObject(value, depth);
  }
  if (typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : fault(`is ${value}, which has no JSON form; store null or a string`);
  }
  if (value === undefined) return fault("is undefined; leave the property out, or store null");
  if (typeof value === "bigint") return fault("is a bigint; store it as a string");
  return fault(`is a ${typeof value}, which cannot be stored`);
}

function faultInArray(array: readonly unknown[], depth: number): Fault | undefined {
  // Array.prototype is an array itself, in every realm; the prototype of a subclass is not.
  if (!Array.isArray(Object.getPrototypeOf(array))) return fault(`is a ${className(array)}; store a plain array`);
  for (let index = 0; index < array.length; index++) {
    if (array[index] === undefined && !(index in array)) return at(index, fault("is a hole; store null"));
    const inner = faultIn(array[index], depth + 1);
    if (inner !== undefined) return at(index, inner);
  }
  // Its own properties are the elements and `length`.
  if (Reflect.ownKeys(array).length > array.length + 1)
    return fault("is an array with properties besides its elements");
  return undefined;
}

function faultInObject(object: object, depth: number): Fault | undefined {
  if (!isPlain(object)) {
    const name = className(object);
    if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) {
      return fault(`is a ${name}; save bytes as a Uint8Array under a key of their own`);
    }
    return fault(`is a ${name}; ${ADVICE.get(name) ?? "store a plain object"}`);
  }
  const names = Object.keys(object);
  for (const name of names) {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) continue;
    const inner = faultIn(value, depth + 1);
    if (inner !== undefined) return at(name, inner);
  }
  if (Reflect.ownKeys(object).length > names.length) return fault("has a property that is hidden or named by a symbol");
  return undefined;
}

// The prototype is null, or the Object.prototype of some realm, which alone has no prototype itself.
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

function className(object: object): string {
  const { name } = (object.constructor ?? {}) as { name?: unknown };
  return typeof name === "string" && name !== "" ? name : "class instance";
}

function fault(reason: string): Fault {
  return { reason, path: [] };
}

function at(place: string | number, inner: Fault): Fault {
  inner.path.push(place);
  return inner;
}

/** `$.a.b[3]["odd name"]`, shortened in the middle when it is very long. */
function spell(path: readonly (string | number)[]): string {
  const steps = path.toReversed().map((place) => {
    if (typeof place === "number") return `[${place}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(place) ? `.${place}` : `[${JSON.stringify(place)}]`;
  });
  const shown = steps.length > 40 ? [...steps.slice(0, 20), "…", ...steps.slice(-19)] : steps;
  return `$${shown.join("")}`;
}
