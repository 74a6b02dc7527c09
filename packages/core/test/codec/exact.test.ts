import vm from "node:vm";
import { StorageError } from "@holdfast/core";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { checkExact, MAX_DEPTH } from "../../dist/codec/exact.js";

function refusal(value: unknown): string {
  try {
    checkExact(value);
  } catch (error) {
    if (StorageError.is(error, "INVALID_VALUE")) return error.message;
    throw error;
  }
  throw new Error("was not refused");
}

class Point {
  x = 1;
}
class List extends Array<number> {}
class Orphan extends (null as unknown as ObjectConstructor) {}
const twice = (value: object): object[] => [value, value];
const hidden = (value: object): object => Object.defineProperty(value, "secret", { value: 1, enumerable: false });
const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};

describe("what JSON cannot hold", () => {
  const sparse = [1, 2, 3];
  delete sparse[1];
  it.each<[string, unknown, string]>([
    ["undefined", undefined, "$ is undefined,"],
    ["undefined in an array", { a: [1, undefined] }, "$.a[1] is undefined,"],
    ["a hole", { a: { b: sparse } }, "$.a.b[1] is a hole in the array,"],
    ["a hole at the end", new Array(2), "$[0] is a hole"],
    ["NaN", [[Number.NaN]], "$[0][0] is NaN,"],
    ["Infinity", { "odd name": Number.POSITIVE_INFINITY }, '$["odd name"] is Infinity,'],
    ["-Infinity", { a: { "": Number.NEGATIVE_INFINITY } }, '$.a[""] is -Infinity,'],
    ["a bigint", { n: 1n }, "$.n is a bigint,"],
    ["a symbol", [Symbol("s")], "$[0] is a symbol,"],
    ["a function", { f: () => 1 }, "$.f is a function,"],
    ["a class", { f: Point }, "$.f is a function,"],
    ["an own toJSON", { toJSON: () => 1 }, "$.toJSON is a function,"],
    ["a Date", { when: new Date(0) }, "$.when is a Date, which is not JSON data: store its toISOString()"],
    ["a Map", [new Map()], "$[0] is a Map,"],
    ["a Set", { s: new Set([1]) }, "$.s is a Set,"],
    ["a WeakMap", { s: new WeakMap() }, "$.s is a WeakMap,"],
    ["a RegExp", { r: /x/ }, "$.r is a RegExp,"],
    ["an Error", { e: new TypeError("x") }, "$.e is an Error,"],
    ["a Promise", { p: Promise.resolve() }, "$.p is a Promise,"],
    ["a URL", { u: new URL("http://a") }, "$.u is a URL,"],
    ["a Blob", { b: new Blob([]) }, "$.b is a Blob,"],
    ["a boxed number", { n: Object(1) as unknown }, "$.n is a Number,"],
    ["a boxed string", { s: Object("s") as unknown }, "$.s is a String,"],
    ["a boxed boolean", [Object(true) as unknown], "$[0] is a Boolean,"],
    ["a boxed bigint", [Object(1n) as unknown], "$[0] is a BigInt,"],
    ["a boxed symbol", [Object(Symbol.iterator) as unknown], "$[0] is a Symbol,"],
    ["a Uint8Array inside", { b: new Uint8Array(1) }, "$.b is a Uint8Array, which is not JSON data: save bytes"],
    ["a Buffer inside", { b: Buffer.from("x") }, "$.b is a Uint8Array,"],
    ["a Float64Array", new Float64Array(1), "$ is a Float64Array,"],
    ["a DataView", new DataView(new ArrayBuffer(1)), "$ is a DataView,"],
    ["an ArrayBuffer", [new ArrayBuffer(1)], "$[0] is an ArrayBuffer,"],
    ["a SharedArrayBuffer", [new SharedArrayBuffer(1)], "$[0] is a SharedArrayBuffer,"],
    ["an iterator", { g: [1].values() }, "$.g is an Array Iterator,"],
    ["a namespace such as Math", { m: Math }, '$.m has a hidden property "abs",'],
    ["an instance of a class", { p: new Point() }, "$.p is a Point,"],
    ["an instance of a class without a name", [new (class {})()], "$[0] is an object of a class of its own,"],
    ["an instance of a class that extends null", Reflect.construct(Object, [], Orphan), "$ is an Orphan,"],
    ["an object that inherits from a plain one", Object.create({ a: 1 }), "$ is an object of a class of its own,"],
    ["an array of a subclass", { l: List.from([1]) }, "$.l is a List,"],
    ["an array that is not an Array", Object.setPrototypeOf([1], null), "$ is an array of a class of its own,"],
    ["a property named by a symbol", { a: { [Symbol("s")]: 1 } }, "$.a has a property named by a symbol, Symbol(s),"],
    ["a hidden property", [hidden({ a: 1 })], '$[0] has a hidden property "secret",'],
    [
      "a named property of an array",
      { a: Object.assign([1], { extra: 1 }) },
      '$.a is an array with a property "extra",',
    ],
    [
      "a named property of a long array",
      Object.assign(new Array(999).fill(0), { x: 1 }),
      '$ is an array with a property "x",',
    ],
    ["a hidden property of an array", hidden([1]), '$ is an array with a property "secret",'],
    ["a symbol on an array", Object.assign([1], { [Symbol("s")]: 1 }), "$ has a property named by a symbol,"],
    ["a match of a regular expression", /a/.exec("a"), '$ is an array with a property "index",'],
    ["arguments", argumentsOf(1), '$ has a hidden property "length",'],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("boom");
        },
      },
      "$ cannot be read through: Error: boom",
    ],
    [
      "a getter that throws what is no text",
      {
        get a() {
          throw Object.create(null);
        },
      },
      "$ cannot be read through: an object",
    ],
    ["a revoked proxy", { a: revoked() }, "$ cannot be read through: TypeError"],
    ["an object of another realm's class", vm.runInNewContext("({ a: new Map() })"), "$.a is a Map,"],
    ["an array of another realm's subclass", vm.runInNewContext("class L extends Array {}; new L()"), "$ is a L,"],
  ])("%s is refused, by its place", (_, value, message) => {
    expect(refusal(value).startsWith(message), refusal(value)).toBe(true);
  });

  it("is refused when JSON.rawJSON made it, which would store any text", () => {
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
    expect(refusal({ n: rawJSON("1e999") })).toMatch(/^\$\.n is made by JSON\.rawJSON/);
  });

  it("is a cycle, named by where it closes", () => {
    const self: Record<string, unknown> = { a: 1 };
    self["self"] = self;
    expect(refusal(self)).toMatch(/^\$\.self leads back to \$, a cycle/);
    const child: Record<string, unknown> = {};
    const tree = { title: "t", children: [{ inner: child }] };
    child["parent"] = tree.children[0];
    expect(refusal(tree)).toMatch(/^\$\.children\[0\]\.inner\.parent leads back to \$\.children\[0\], a cycle/);
    const array: unknown[] = [];
    array.push(array);
    expect(refusal([array])).toMatch(/^\$\[0\]\[0\] leads back to \$\[0\]/);
    const ring = { b: { c: { d: {} } } };
    ring.b.c.d = ring;
    expect(refusal({ a: ring })).toMatch(/^\$\.a\.b\.c\.d leads back to \$\.a, a cycle/);
  });

  it("is depth below 1,000 levels, and nothing above", () => {
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ a: inner })]) {
      expect(() => checkExact(nested(MAX_DEPTH, wrap))).not.toThrow();
      expect(refusal(nested(MAX_DEPTH + 1, wrap))).toMatch(/… is nested deeper than 1000 levels/);
      expect(refusal(nested(1_000_000, wrap))).toMatch(/… is nested deeper than 1000 levels/);
    }
  });

  it("is more elements than a limit, however few objects they are", () => {
    const bomb = nested(200, (inner) => [inner, inner]);
    expect(() => checkExact(bomb, 1_000_000)).toThrow("has more in it than one text can hold");
    expect(() => checkExact(new Array(1_000_001).fill(0), 1_000_000)).toThrow("has more in it");
    expect(() => checkExact(new Array(1_000_000).fill(0), 1_000_000)).not.toThrow();
  });

  it("shortens paths that are very long", () => {
    const value = nested(100, (inner) => ({ ["name".repeat(50)]: inner === 1 ? Number.NaN : inner }));
    expect(refusal(value).length).toBeLessThan(4_000);
  });
});

describe("what JSON holds", () => {
  it.each<[string, unknown]>([
    ["an absent property", { a: undefined, b: 1 }],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["a property __proto__", JSON.parse('{"__proto__":{"a":1}}')],
    ["a property toJSON that is no function", { toJSON: 1 }],
    ["a property constructor", { constructor: 1, hasOwnProperty: 2, isPrototypeOf: 3 }],
    ["an object of another realm", vm.runInNewContext("({ a: [1, { b: 2 }], c: null })")],
    ["a frozen object", Object.freeze({ a: Object.freeze([1]) })],
    [
      "a getter",
      {
        get a() {
          return 1;
        },
      },
    ],
    ["a proxy of a plain object", new Proxy({ a: [1] }, {})],
    ["one object in two places", ((shared) => ({ a: shared, b: [shared, shared] }))({ x: 1 })],
    ["one object in two places deep down", nested(50, (inner) => (inner === 1 ? twice({ x: 1 }) : { inner }))],
    ["the largest and smallest numbers", [Number.MAX_VALUE, Number.MIN_VALUE, -0, 2 ** 53]],
    ["half of a surrogate pair", "\ud800"],
  ])("%s passes", (_, value) => {
    expect(() => checkExact(value)).not.toThrow();
  });

  it("is every JSON value", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => checkExact(value)));
  });
});

describe("with a polluted prototype", () => {
  afterEach(() => {
    for (const prototype of [Object.prototype, Array.prototype] as object[]) {
      Reflect.deleteProperty(prototype, "toJSON");
      Reflect.deleteProperty(prototype, "added");
    }
  });

  it.each([
    ["object", Object.prototype, { a: { b: 1 } }, "$.a inherits a method toJSON"],
    ["array", Array.prototype, { a: [1] }, "$.a inherits a method toJSON"],
  ])("refuses an %s that inherits a toJSON", (_, prototype, value, message) => {
    Object.assign(prototype, { toJSON: () => "wrong" });
    const told = refusal(value);
    Reflect.deleteProperty(prototype, "toJSON");
    expect(told.startsWith(message), told).toBe(true);
  });

  it("ignores an inherited toJSON that is no function, as JSON does", () => {
    Object.assign(Object.prototype, { toJSON: "data" });
    const fine = (() => checkExact({ a: [{ b: 1 }] }))();
    Reflect.deleteProperty(Object.prototype, "toJSON");
    expect(fine).toBeUndefined();
  });

  it("ignores inherited data, as JSON does, and still finds what is hidden", () => {
    Object.assign(Object.prototype, { added: () => 1 });
    const fine = (() => checkExact({ a: { b: 1 } }))();
    const told = refusal(hidden({ a: 1 }));
    const empty = refusal(hidden({}));
    Reflect.deleteProperty(Object.prototype, "added");
    expect(fine).toBeUndefined();
    expect(told).toMatch(/^\$ has a hidden property "secret"/);
    expect(empty).toMatch(/^\$ has a hidden property "secret"/);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function argumentsOf(..._: unknown[]): IArguments {
  // biome-ignore lint/complexity/noArguments: that they are refused is what is tested
  return arguments;
}
