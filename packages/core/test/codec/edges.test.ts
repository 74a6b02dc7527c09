import { describe, expect, it } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { checkExact } from "../../dist/codec/exact.js";
import { decodeStream, verifiedChunks } from "../../dist/codec/stream.js";
import { collect, cut, encoding, headerOf, noise } from "./samples.js";

describe("binary", () => {
  it("comes out on memory of its own, also when an adapter hands over a part of something larger", async () => {
    const encoded = await encodeValue(noise(10), encoding());
    const larger = new Uint8Array(100);
    larger.set(encoded.body, 50);
    const loaded = await decodeValue(headerOf(encoded), larger.subarray(50, 60));
    expect(loaded).toEqual(noise(10));
    expect((loaded as Uint8Array).buffer.byteLength).toBe(10);
  });
});

describe("a limit of elements", () => {
  it.each<[string, unknown]>([
    ["properties", { a: 1, b: 2, c: 3 }],
    ["elements", [1, 2, 3]],
    ["both", { a: [1, 2] }],
    ["properties inside", [{ a: 1 }, 2]],
  ])("counts %s, and is kept when it is met exactly", (_name, value) => {
    expect(() => checkExact(value, 3)).not.toThrow();
    expect(() => checkExact(value, 2)).toThrow(expect.objectContaining({ code: "INVALID_VALUE" }));
  });
});

describe("a gzip stream", () => {
  it.each([1, -1])("that inflates to %i byte more than the header says is CORRUPT", async (difference) => {
    const encoded = await encodeValue(new Uint8Array(5_000), encoding({ compress: true }));
    expect(encoded.compression).toBe("gzip");
    const header = { ...headerOf(encoded), size: encoded.size - difference };
    const stream = decodeStream(header, encoded.chunkHashes, cut(encoded.body, [encoded.body.length]));
    await expect(collect(stream)).rejects.toMatchObject({ code: "CORRUPT", key: "k" });
  });
});

describe("verified chunks", () => {
  it("end for good, also for who asks again", async () => {
    const encoded = await encodeValue(noise(10), encoding());
    const chunks = verifiedChunks(headerOf(encoded), encoded.chunkHashes, cut(encoded.body, [4]));
    const iterator = chunks[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual(noise(10));
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
