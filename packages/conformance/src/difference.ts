const MOST_SHOWN = 200;

/** The first place where two values differ, as the end of a sentence that names the thing; undefined when they are equal. */
export function difference(actual: unknown, expected: unknown, path = ""): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (!isObject(actual) || !isObject(expected)) return unlike(path, actual, expected);
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return unlike(path, actual, expected);
  if (actual instanceof Date && expected instanceof Date) {
    return Object.is(actual.getTime(), expected.getTime()) ? undefined : unlike(path, actual, expected);
  }
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) return byteDifference(actual, expected, path);
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return `${path} has ${actual.length} elements ${show(actual)}, expected ${expected.length} ${show(expected)}`;
  }
  return propertyDifference(actual, expected, path);
}

/** A value as text for a message, cut to a readable length. */
export function show(value: unknown): string {
  const text = describe(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function propertyDifference(actual: object, expected: object, path: string): string | undefined {
  for (const name of Reflect.ownKeys(expected)) {
    const inner = Array.isArray(expected) ? `${path}[${String(name)}]` : `${path}.${String(name)}`;
    if (!Object.hasOwn(actual, name)) return `${inner} is missing, expected ${show(Reflect.get(expected, name))}`;
    const found = difference(Reflect.get(actual, name), Reflect.get(expected, name), inner);
    if (found !== undefined) return found;
  }
  for (const name of Reflect.ownKeys(actual)) {
    if (!Object.hasOwn(expected, name))
      return `${path} has ${show(name)} = ${show(Reflect.get(actual, name))}, which is not expected`;
  }
  return undefined;
}

function byteDifference(actual: Uint8Array, expected: Uint8Array, path: string): string | undefined {
  if (actual.length !== expected.length) return `${path} has ${actual.length} bytes, expected ${expected.length}`;
  for (let index = 0; index < actual.length; index++) {
    if (actual[index] !== expected[index]) return unlike(`${path}[${index}]`, actual[index], expected[index]);
  }
  return undefined;
}

function unlike(path: string, actual: unknown, expected: unknown): string {
  return `${path} is ${show(actual)}, expected ${show(expected)}`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Uint8Array) return `${value.constructor.name} of ${value.length} bytes`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return `Date ${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()}`;
  if (!isObject(value)) return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle or a BigInt: its kind says enough.
    return Object.prototype.toString.call(value);
  }
}
