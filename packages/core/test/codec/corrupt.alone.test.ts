import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type RecordHeader, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { platform } from "../../dist/platform/node.js";
import { processorTimeOf } from "./processor-time.js";
import { encoding, headerOf, noise } from "./samples.js";

async function decode(header: RecordHeader, body: Uint8Array): Promise<unknown> {
  return decodeValue(header, body);
}

const CORRUPT = { code: "CORRUPT", key: "k" };

async function sample(compress: boolean): Promise<{ header: RecordHeader; body: Uint8Array }> {
  const encoded = await encodeValue({ text: "abc".repeat(20), list: [1, 2, 3] }, encoding({ compress }));
  expect(encoded.compression).toBe(compress ? "gzip" : null);
  return { header: headerOf(encoded), body: encoded.body };
}

/** A record of bytes that somebody made by hand, with a checksum that holds. */
function forged(body: Uint8Array, facts: Partial<RecordHeader>): RecordHeader {
  const checksum = createHash("sha256").update(body).digest("hex");
  return headerOf({
    format: "json",
    compression: null,
    size: body.length,
    storedSize: body.length,
    checksum,
    ...facts,
  });
}

const text = (content: string) => new TextEncoder().encode(content);

describe.each([false, true])("a body that is damaged (compressed: %s)", (compress) => {
  it("is CORRUPT whichever bit flips", async () => {
    const { header, body } = await sample(compress);
    for (let bit = 0; bit < body.length * 8; bit++) {
      const damaged = body.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(decode(header, damaged), `bit ${bit}`).rejects.toMatchObject(CORRUPT);
    }
  });

  it("is CORRUPT when it is shorter or longer, also where the header agrees", async () => {
    const { header, body } = await sample(compress);
    for (const changed of [body.subarray(1), body.subarray(0, -1), new Uint8Array(0), new Uint8Array([...body, 0])]) {
      await expect(decode(header, changed)).rejects.toMatchObject(CORRUPT);
      await expect(decode({ ...header, storedSize: changed.length }, changed)).rejects.toMatchObject(CORRUPT);
    }
  });
});

describe("a header that does not fit its body", () => {
  it.each<[string, Partial<RecordHeader>]>([
    ["another size", { size: 5 }],
    ["a size that is no count", { size: -1 }],
    ["a size that is no number", { size: Number.NaN }],
    ["another stored size", { storedSize: 5 }],
    ["another checksum", { checksum: "0".repeat(64) }],
    ["a checksum in capitals", { checksum: "A".repeat(64) }],
    ["an unknown format", { format: "xml" as "json" }],
    ["an unknown compression", { compression: "brotli" as "gzip" }],
  ])("is CORRUPT: %s", async (_, facts) => {
    for (const compress of [false, true]) {
      const { header, body } = await sample(compress);
      await expect(decode({ ...header, ...facts }, body), String(compress)).rejects.toMatchObject(CORRUPT);
    }
  });

  it("is CORRUPT where the compression is left out or made up", async () => {
    const packed = await sample(true);
    await expect(decode({ ...packed.header, compression: null }, packed.body)).rejects.toMatchObject(CORRUPT);
    const bare = { ...packed.header, compression: null, size: packed.body.length };
    await expect(decode(bare, packed.body)).rejects.toMatchObject(CORRUPT);
    const plain = await sample(false);
    await expect(decode({ ...plain.header, compression: "gzip" }, plain.body)).rejects.toMatchObject(CORRUPT);
  });

  it("is CORRUPT where binary is called json or yaml", async () => {
    const encoded = await encodeValue(noise(50), encoding());
    for (const format of ["json", "yaml"] as const) {
      await expect(decode({ ...headerOf(encoded), format }, encoded.body)).rejects.toMatchObject(CORRUPT);
    }
  });

  it("is CORRUPT where the size is not what gzip data inflates to, and where they are no gzip at all", async () => {
    const packed = new Uint8Array(gzipSync("x".repeat(100)));
    const large = new Uint8Array(gzipSync(noise(50_000)));
    const none = noise(100);
    for (const [body, size] of [
      [packed, 99],
      [packed, 101],
      [large, 49_999],
      [large, 50_001],
      [none, 100],
    ] as const) {
      const header = forged(body, { format: "binary", compression: "gzip", size });
      await expect(decode(header, body), `${size}`).rejects.toMatchObject(CORRUPT);
    }
  });

  it("does not inflate for a size that is none, or that no gzip of that length can hold", async () => {
    const body = new Uint8Array(gzipSync("x".repeat(100)));
    for (const size of [-1, 0.5, Number.NaN, body.length * 1_032 + 1, 2 ** 45]) {
      const header = forged(body, { compression: "gzip", size });
      await expect(decode(header, body)).rejects.toMatchObject({
        ...CORRUPT,
        message: expect.stringContaining("cannot have"),
      });
    }
  });

  it("is CORRUPT for a decompression bomb, within bounded memory and time", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(100 * 1024 * 1024)));
    const header = forged(bomb, { format: "binary", compression: "gzip", size: 10 });
    const before = process.memoryUsage().arrayBuffers;
    const time = await processorTimeOf(() => expect(decode(header, bomb)).rejects.toMatchObject(CORRUPT));
    expect(time).toBeLessThan(2_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1024 * 1024);
  });
});

describe("a platform that cannot inflate", () => {
  it("says so, and not that the value is damaged", async () => {
    const { header, body } = await sample(true);
    const failure = new StorageError("UNSUPPORTED", "there is no compression here");
    const gunzip = vi.spyOn(platform, "gunzip").mockImplementation(() => Promise.reject(failure));
    await expect(decode(header, body)).rejects.toBe(failure);
    gunzip.mockRestore();
  });
});

describe("files that people edit", () => {
  const read = (content: string, format: "json" | "yaml") => decode(forged(text(content), { format }), text(content));

  it.each<[string, string]>([
    ["nothing", ""],
    ["only a comment", "# nothing"],
    ["NaN", "a: .nan"],
    ["infinity", "a: [-.inf]"],
    ["a cycle", "&a [*a]"],
    ["two documents", "a\n---\nb"],
    ["a property twice", "a: 1\na: 2"],
    ["a tag", "a: !!js/function 'x'"],
    ["a property that is an object", "? {a: 1}\n: 2"],
    ["an alias of nothing", "a: *b"],
    ["a tab for indentation", "a:\n\t- 1"],
    ["an open quote", 'a: "b'],
    ["a hundred thousand levels", "[".repeat(100_000)],
    ["closed levels", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
    [
      "an alias bomb",
      Array.from({ length: 60 }, (_, i) => `a${i}: &a${i} [${i === 0 ? "x, x" : `*a${i - 1}, *a${i - 1}`}]\n`).join(""),
    ],
    [
      "a broad alias bomb",
      Array.from(
        { length: 9 },
        (_, i) =>
          `a${i}: &a${i} [${
            i === 0
              ? "x"
              : Array(10)
                  .fill(`*a${i - 1}`)
                  .join(", ")
          }]\n`,
      ).join(""),
    ],
  ])("are CORRUPT as yaml with %s", async (_, content) => {
    const time = await processorTimeOf(() => expect(read(content, "yaml")).rejects.toMatchObject(CORRUPT));
    expect(time).toBeLessThan(3_000);
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a comment", "{} // x"],
    ["two values", "1 2"],
    ["a hundred thousand levels", "[".repeat(100_000)],
    ["NaN", "NaN"],
  ])("are CORRUPT as json with %s", async (_, content) => {
    await expect(read(content, "json")).rejects.toMatchObject(CORRUPT);
  });

  it("are CORRUPT when they are not UTF-8", async () => {
    const latin1 = new Uint8Array([0x22, 0xe9, 0x22]);
    for (const format of ["json", "yaml"] as const) {
      await expect(decode(forged(latin1, { format }), latin1)).rejects.toMatchObject(CORRUPT);
    }
  });

  it("may start with a byte order mark", async () => {
    expect(await read('\ufeff{"a":1}', "json")).toEqual({ a: 1 });
    expect(await read("\ufeffa: 1", "yaml")).toEqual({ a: 1 });
  });

  it("may use what yaml has beyond our own writing, each alias giving a copy", async () => {
    const content =
      "# mine\nbase: &b {x: 1, 'y': [~, yes, 0x1F]}\nother: *b\n__proto__: {z: 1}\ntext: |\n  one\n  two\n";
    const value = (await read(content, "yaml")) as { base: object; other: object; text: string };
    expect(value.base).toEqual({ x: 1, y: [null, "yes", 31] });
    expect(value.other).toEqual(value.base);
    expect(value.other).not.toBe(value.base);
    expect(value.text).toBe("one\ntwo\n");
    expect(Object.keys(value)).toContain("__proto__");
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});
