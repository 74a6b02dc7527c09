/** What a value is, with its article, for messages: `a Date`, `a List`, `NaN`, `undefined`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (typeof value !== "object") return withArticle(typeof value);
  const name = classOf(value);
  if (name !== undefined) return withArticle(name);
  return Array.isArray(value) ? "an array of a class of its own" : "an object of a class of its own";
}

/** The built-in class of an object, else the name of its constructor; undefined where that says nothing. */
export function classOf(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name: unknown = tag === "Object" || tag === "Array" || tag === "" ? value.constructor?.name : tag;
  return typeof name === "string" && !["", "Object", "Array"].includes(name) ? name : undefined;
}

function withArticle(noun: string): string {
  return `${/^[AEIOaeio]/.test(noun) ? "an" : "a"} ${noun}`;
}
