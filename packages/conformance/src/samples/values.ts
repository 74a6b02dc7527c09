import { naughtyTexts } from "./keys.js";

/** Strings that a reader of YAML might take for something else, or lay out otherwise. */
export const yamlTraps: readonly string[] = [
  ...split(
    "yes no on off y n true True false null Null ~ << = ! & * ? - : # | > ' \" --- ... @a `a %a 'a' \"a\" \\n a\\ |-",
  ),
  ...split(
    "1 -1 +1 1e3 1E+3 0x10 0o17 017 0b1 1_000 1:30 190:20:30 .5 5. .inf -.Inf .nan NaN 2020-01-01 2020-01-01T00:00:00Z",
  ),
  ...split("!a &a *a [a {a a] a}, a: [] {} [a,b]"),
  ...[
    "",
    " ",
    "  a",
    "a  ",
    "\t",
    "a\tb",
    "2020-1-1 1:2:3",
    "!!str a",
    "--- a",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a #b",
    "# a",
  ],
  ...["a\nb", "\na", "a\n", "a\n\n", "\n", "a\r\nb", "a\rb", "a\n b\n  c", " a\nb", "|-\n a", "a\u2028b", "a\u2029b"],
  ...[
    "a\u0085b",
    "\ufeffa",
    "a\ufeff",
    "a\u0000b",
    "\u0001",
    "\u001b[0m",
    "\u007f",
    "\u0080",
    "\u009f",
    "😀",
    "\ufffe",
  ],
  ...["\uffff", "x".repeat(200), `${"long words ".repeat(30)}end`],
];

/** JSON data that must come back exactly, from either text format. */
export const exactValues: readonly unknown[] = [
  ...[null, true, false, "", "456", "text", "null", "\u2028", "\u0000", "😀", "e\u0301"],
  ...[0, 1, -1, 0.1, 0.1 + 0.2, 1 / 3, 1e21, 1e-7, 5e-324, 2 ** 53, Number.MAX_VALUE, Number.MIN_SAFE_INTEGER],
  ...[
    [],
    {},
    [[]],
    [{}],
    { a: {} },
    { a: [] },
    [null],
    [[[[]]], {}],
    { a: null },
    [1, "1", true, "true", null, "null"],
  ],
  Object.fromEntries(["", " ", "a.b", "0", "10", "9", "-1", "yes", "1e3", "~", "null", "2020-01-01", "a: b"].map(pair)),
  Object.fromEntries(["<<", "=", "!!binary", "&a", "?", "-", "#", "\n", "é", "e\u0301", "😀"].map(pair)),
  { constructor: 1, toString: "x", hasOwnProperty: null, valueOf: [], prototype: {}, toJSON: 0 },
  JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": null}, "then": "not a promise"}'),
  { list: ["a", 1, null, { deep: [{ deeper: ["x"] }] }], text: "line one\nline two\n", flag: false, count: 3.5 },
  // Names with a backslash beside names with an escape that begins as they do: some engines take one for the other.
  ...["a\\", "a\n", 'a"', "\\", "\u0000", "\\n", "\n\n"].map((name) => ({ p: 0, [name]: 1 })),
  naughtyTexts,
  yamlTraps,
  Object.fromEntries(yamlTraps.map(pair)),
];

class Point {
  x = 1;
}

const cycle: { name: string; inner: { back?: unknown } } = { name: "cycle", inner: {} };
cycle.inner.back = cycle;

/** Values that no text format can give back exactly, each with the parts of its path that the refusal must name. */
export const inexactValues: readonly (readonly [what: string, value: unknown, path: readonly string[]])[] = [
  ["undefined", undefined, []],
  ["NaN", Number.NaN, []],
  ["Infinity", { depth: { limit: Number.POSITIVE_INFINITY } }, ["depth", "limit"]],
  ["-Infinity", [0, Number.NEGATIVE_INFINITY], ["1"]],
  ["undefined in an array", { list: [1, undefined] }, ["list", "1"]],
  ["a hole in an array", { list: Object.assign([1], { 2: 3 }) }, ["list", "1"]],
  ["a Date", { when: new Date(0) }, ["when"]],
  ["a Map", { index: new Map([["a", 1]]) }, ["index"]],
  ["a Set", { members: new Set([1]) }, ["members"]],
  ["a BigInt", { count: 1n }, ["count"]],
  ["a symbol", { mark: Symbol("mark") }, ["mark"]],
  ["a property named by a symbol", { inner: { [Symbol("mark")]: 1 } }, ["inner"]],
  ["a function", { call: () => 1 }, ["call"]],
  ["a method toJSON", { inner: { toJSON: () => "other" } }, ["inner", "toJSON"]],
  ["a class instance", { point: new Point() }, ["point"]],
  ["a regular expression", { pattern: /a/g }, ["pattern"]],
  ["an Error", { reason: new Error("no") }, ["reason"]],
  ["a boxed number", { boxed: Object(1) }, ["boxed"]],
  ["a boxed string", { boxed: Object("a") }, ["boxed"]],
  ["a cycle", cycle, ["inner", "back"]],
  ["bytes inside", { bytes: new Uint8Array([1, 2]) }, ["bytes"]],
  ["an ArrayBuffer", { buffer: new ArrayBuffer(2) }, ["buffer"]],
  ["another typed array", new Uint16Array([1, 2]), []],
  ["a DataView", { view: new DataView(new ArrayBuffer(1)) }, ["view"]],
  ["a promise", { later: Promise.resolve(1) }, ["later"]],
  ["a WeakMap", { weak: new WeakMap() }, ["weak"]],
  ["a property of an array", { list: Object.assign([1], { extra: 2 }) }, ["list"]],
];

/** Bytes that no text and no compression makes shorter, the same for the same length. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >>> 2);
  let state = seed;
  const next = () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let index = 0; index < words.length; index++) words[index] = next();
  for (let index = words.length * 4; index < length; index++) bytes[index] = next();
  return bytes;
}

function split(texts: string): string[] {
  return texts.split(" ");
}

function pair(name: string, index: number): [string, number] {
  return [name, index];
}
