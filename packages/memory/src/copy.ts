/** A deep copy of JSON data. `structuredClone` does the same at ten times the cost, which would be most of a small save. */
export function copyOf<T>(value: T): T {
  return isObject(value) ? copyOfObject(value) : value;
}

function copyOfObject<T extends object>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T & unknown[];
  // Spread first, then replace: assigning to a property named `__proto__` that is not there yet would set the prototype.
  const copy = { ...value };
  for (const name in value) {
    const inner = value[name];
    if (isObject(inner)) copy[name] = copyOfObject(inner);
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
