import { createHash } from "node:crypto";
import { inspect, isDeepStrictEqual } from "node:util";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { StorageError } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { MAX_DEPTH, MAX_YAML_DEPTH } from "../../dist/codec/exact.js";
import { HOSTILE_STRINGS, hostileJson } from "./hostile-values.js";
import { encoding, FORMATS, headerOf, join, MIB, noise } from "./samples.js";

const LAYOUTS = [{ format: "json", json: "compact" }, { format: "json", json: "pretty" }, { format: "yaml" }] as const;

async function roundTrip(value: unknown, options: Parameters<typeof encoding>[0] = {}): Promise<unknown> {
  const encoded = await encodeValue(value, encoding(options));
  return decodeValue(headerOf(encoded), encoded.body);
}

// Not vitest's own: it takes a property `constructor` for the class of an object.
function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect.fail(`${inspect(found)} is not ${inspect(expected)}`);
}

/** The value without what JSON's two exceptions and prototypes take away. */
function plain(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(present.map(([name, inner]) => [name, plain(inner)]));
}

describe.each(LAYOUTS)("$format $json", (options) => {
  it("gives back JSON data", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.boolean(), async (value, compress) => {
        same(await roundTrip(value, { ...options, compress }), plain(value));
      }),
      { numRuns: 300 },
    );
  });

  it("gives back hostile strings and names", async () => {
    await fc.assert(
      fc.asyncProperty(hostileJson, async (value) => {
        same(await roundTrip(value, options), value);
      }),
      { numRuns: 500 },
    );
    for (const text of HOSTILE_STRINGS) {
      const value = { [text]: [text, { [text]: text }], text };
      same(await roundTrip(value, options), value);
      same(await roundTrip(text, options), text);
    }
  });

  it("gives back anything exactly, or refuses it as INVALID_VALUE", async () => {
    const anything = fc.anything({
      maxDepth: 3,
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    });
    let held = 0;
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        let loaded: unknown;
        try {
          loaded = await roundTrip(value, options);
        } catch (error) {
          expect(StorageError.is(error, "INVALID_VALUE"), String(error)).toBe(true);
          return;
        }
        held++;
        same(loaded, plain(value));
      }),
      { numRuns: 1_000 },
    );
    expect(held).toBeGreaterThan(50);
  });

  it("takes as many levels as its format does, and refuses one more", async () => {
    let value: unknown = 1;
    for (let level = 0; level < (options.format === "yaml" ? MAX_YAML_DEPTH : MAX_DEPTH); level += 2)
      value = [{ a: value }];
    expect(JSON.stringify(await roundTrip(value, options))).toBe(JSON.stringify(value));
    await expect((async () => roundTrip([value], options))()).rejects.toMatchObject({
      code: "INVALID_VALUE",
      message: expect.stringContaining("is nested deeper than"),
    });
  });

  it("drops absent properties and the sign of zero, nothing else", async () => {
    expect(await roundTrip({ a: undefined, b: { c: undefined }, d: [-0] }, options)).toStrictEqual({ b: {}, d: [0] });
  });

  it("keeps __proto__ as a property", async () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true},"a":[{"__proto__":1}]}');
    const loaded = (await roundTrip(value, options)) as object;
    expect(JSON.stringify(loaded)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(loaded)).toBe(Object.prototype);
    expect((loaded as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("shares nothing: what is changed after the call is not saved", async () => {
    const value = { list: [1], text: "before" };
    const encoding_ = encodeValue(value, encoding({ ...options, compress: true }));
    value.list.push(2);
    value.text = "after";
    const encoded = await encoding_;
    expect(await decodeValue(headerOf(encoded), encoded.body)).toEqual({ list: [1], text: "before" });
    const [one, other] = [1, 2].map(() => decodeValue(headerOf(encoded), encoded.body));
    expect(await one).not.toBe(await other);
  });

  it("takes values of another realm", async () => {
    expect(await roundTrip(vm.runInNewContext('({ a: [1, { b: "x" }] })'), options)).toStrictEqual({
      a: [1, { b: "x" }],
    });
  });
});

describe("bytes", () => {
  it.each<[string, Uint8Array]>([
    ["none", new Uint8Array(0)],
    ["some", noise(100)],
    ["exactly a chunk", noise(MIB)],
    ["one more", noise(MIB + 1)],
    ["three chunks", new Uint8Array(3 * MIB).fill(7)],
    ["a Buffer", Buffer.from("hello")],
    ["a view", noise(100).subarray(10, 20)],
    ["a view of shared memory", new Uint8Array(new SharedArrayBuffer(64)).fill(3)],
    ["another realm's", vm.runInNewContext("new Uint8Array([1, 2, 3])") as Uint8Array],
  ])("come back as a plain Uint8Array of their own: %s", async (_, bytes) => {
    for (const compress of [false, true]) {
      const encoded = await encodeValue(bytes, encoding({ compress }));
      expect(encoded.format).toBe("binary");
      expect(encoded.size).toBe(bytes.length);
      expect(encoded.storedSize).toBe(encoded.body.length);
      expect(encoded.body.buffer).not.toBe(bytes.buffer);
      const asAdaptersMay = Buffer.from(encoded.body);
      for (const body of [encoded.body, asAdaptersMay]) {
        const loaded = (await decodeValue(headerOf(encoded), body)) as Uint8Array;
        expect(Object.getPrototypeOf(loaded)).toBe(Uint8Array.prototype);
        expect(loaded.byteLength).toBe(loaded.buffer.byteLength);
        expect(Buffer.compare(loaded, bytes)).toBe(0);
      }
    }
  });

  it("are copied at once", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const encoding_ = encodeValue(bytes, encoding());
    bytes.fill(0);
    expect([...(await encoding_).body]).toEqual([1, 2, 3]);
  });

  it.each<[string, unknown]>([
    ["text", "text"],
    ["an array", [1]],
    ["an Int8Array", new Int8Array(1)],
    ["a Uint8ClampedArray", new Uint8ClampedArray(1)],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a Blob", new Blob([])],
    ["null", null],
    ["undefined", undefined],
    ["an impostor", { [Symbol.toStringTag]: "Uint8Array", length: 1 }],
  ])("cannot be %s", (_, value) => {
    expect(() => encodeValue(value, encoding({ format: "binary" }))).toThrow(/^\$ is not a Uint8Array/);
  });

  it("cannot be those whose memory was transferred away", () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(() => encodeValue(bytes, encoding())).toThrow("transferred");
  });

  it("are refused as json and yaml", () => {
    for (const format of FORMATS) {
      expect(() => encodeValue(new Uint8Array(1), encoding({ format }))).toThrow(/^\$ is a Uint8Array/);
    }
  });
});

describe("encoding", () => {
  it("is compact or pretty, the pretty one ending in a newline", async () => {
    const text = async (options: Parameters<typeof encoding>[0]) =>
      new TextDecoder().decode((await encodeValue({ a: [1] }, encoding(options))).body);
    expect(await text({ json: "compact" })).toBe('{"a":[1]}');
    expect(await text({ json: "pretty" })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect(await text({ format: "yaml" })).toBe("a:\n  - 1\n");
  });

  it("writes yaml that people can read, long lines and look-alikes included", async () => {
    const { body } = await encodeValue(
      { b: "yes", e: "1e3", d: "2020-01-01", l: `${"word ".repeat(30)}end` },
      encoding({ format: "yaml" }),
    );
    const lines = new TextDecoder().decode(body).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^e: ['"]1e3['"]$/);
  });

  it("keeps compression only when it makes fewer bytes", async () => {
    const small = await encodeValue("x", encoding({ compress: true }));
    expect([small.compression, small.storedSize]).toEqual([null, 3]);
    const random = await encodeValue(noise(5_000), encoding({ compress: true }));
    expect(random.compression).toBe(null);
    const zeros = await encodeValue(new Uint8Array(200_000), encoding({ compress: true }));
    expect(zeros.compression).toBe("gzip");
    expect(zeros.storedSize).toBeLessThan(1_000);
    expect(zeros.size).toBe(200_000);
  });

  it("keeps no compression that makes as many bytes", async () => {
    const even = Array.from({ length: 100 }, (_, zeros) => join([noise(100), new Uint8Array(zeros)])).find(
      (bytes) => gzipSync(bytes).length === bytes.length,
    );
    if (even === undefined) throw new Error("none of them stays as long as it is");
    expect((await encodeValue(even, encoding({ compress: true }))).compression).toBe(null);
  });

  it("refuses a value that is another one each time it is looked at", () => {
    let looks = 0;
    const value = {
      get fickle(): unknown {
        return looks++ === 0 ? 1 : 1n;
      },
    };
    expect(() => encodeValue(value, encoding())).toThrow(
      expect.objectContaining({ code: "INVALID_VALUE", cause: expect.any(TypeError) }),
    );
  });

  it("is SHA-256 up to 1 MiB, and of the hashes of the chunks above", async () => {
    const sha = (...parts: Uint8Array[]) => {
      const sum = createHash("sha256");
      for (const part of parts) sum.update(part);
      return sum.digest();
    };
    const whole = noise(MIB);
    const atOnce = await encodeValue(whole, encoding());
    expect(atOnce.checksum).toBe(sha(whole).toString("hex"));
    expect(atOnce.chunkHashes).toHaveLength(0);
    const more = noise(2 * MIB + 5);
    const inChunks = await encodeValue(more, encoding());
    const hashes = [0, 1, 2].map((index) => sha(more.subarray(index * MIB, (index + 1) * MIB)));
    expect(Buffer.from(inChunks.chunkHashes)).toEqual(Buffer.concat(hashes));
    expect(inChunks.checksum).toBe(sha(...hashes).toString("hex"));
  });
});
