import { describe, expect, it, vi } from "vitest";
import { BodyReader } from "../../dist/codec/body-reader.js";
import { checksumOf } from "../../dist/codec/checksum.js";
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

describe("a stream that is called gzip", () => {
  it("and is sound but no gzip, is CORRUPT", async () => {
    const body = noise(1_000);
    const encoded = await encodeValue(body, encoding());
    const header = { ...headerOf(encoded), compression: "gzip" as const, size: 2_000, ...(await checksumOf(body)) };
    await expect(collect(decodeStream(header, new Uint8Array(0), cut(body, [1_000])))).rejects.toMatchObject({
      code: "CORRUPT",
      key: "k",
    });
  });
});

describe("the reader of a body", () => {
  function bodyOf(steps: (() => Promise<IteratorResult<Uint8Array>>)[], end?: () => Promise<never>) {
    const next = vi.fn(() => steps.shift()?.() ?? Promise.resolve({ done: true as const, value: undefined }));
    const iterator = end === undefined ? { next } : { next, return: end };
    return { next, reader: new BodyReader({ [Symbol.asyncIterator]: () => iterator }) };
  }
  const over = { done: true, value: undefined };
  const chunk = async (): Promise<IteratorResult<Uint8Array>> => ({ done: false, value: noise(1) });

  it("asks no more of a body that has ended, and does not return it", async () => {
    const end = vi.fn(async () => ({}) as never);
    const { reader, next } = bodyOf([chunk], end);
    expect(await reader.next()).toEqual({ done: false, value: noise(1) });
    expect(await reader.next()).toStrictEqual(over);
    expect(await reader.next()).toStrictEqual(over);
    expect(next).toHaveBeenCalledTimes(2);
    expect(await reader.return()).toStrictEqual(over);
    expect(end).not.toHaveBeenCalled();
    expect(reader.failed).toBe(false);
  });

  it("asks no more of a body that has failed, and does not return it", async () => {
    const end = vi.fn(async () => ({}) as never);
    const { reader, next } = bodyOf([() => Promise.reject(new Error("torn"))], end);
    expect(reader.failed).toBe(false);
    await expect(reader.next()).rejects.toThrow("torn");
    expect(reader.failed).toBe(true);
    expect(await reader.next()).toStrictEqual(over);
    await reader.return();
    expect(next).toHaveBeenCalledOnce();
    expect(end).not.toHaveBeenCalled();
  });

  it("returns a body once, waits until it has let go, and reads no more of it", async () => {
    const gate = Promise.withResolvers<never>();
    const end = vi.fn(() => gate.promise);
    const { reader, next } = bodyOf([chunk, chunk], end);
    await reader.next();
    let returned = false;
    const returning = reader.return().then((result) => {
      returned = true;
      return result;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(false);
    gate.resolve(undefined as never);
    expect(await returning).toStrictEqual(over);
    expect(await reader.return()).toStrictEqual(over);
    expect(await reader.next()).toStrictEqual(over);
    expect(end).toHaveBeenCalledOnce();
    expect(next).toHaveBeenCalledOnce();
  });

  it("takes a body that cannot be returned", async () => {
    const { reader } = bodyOf([chunk]);
    expect(await reader.return()).toStrictEqual(over);
  });
});

describe("what is not plain data", () => {
  const refusal = (value: unknown): unknown => {
    try {
      checkExact(value);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each<[string, unknown]>([
    ["an array behind which another stands", Object.setPrototypeOf([1], [2])],
    ["an object behind one that looks like the root of all", Object.create({ isPrototypeOf: 1 })],
  ])("is %s", (_name, value) => {
    expect(refusal(value)).toMatchObject({ code: "INVALID_VALUE" });
  });

  it("is what cannot be read, with what was thrown", () => {
    const cause = new Error("mine");
    const value = {
      get a(): never {
        throw cause;
      },
    };
    expect(refusal(value)).toMatchObject({ code: "INVALID_VALUE", cause });
  });

  it("is a cycle, which is told by where it leads back to", () => {
    const inner: Record<string, unknown> = { c: {} };
    inner["c"] = { d: inner };
    const { message } = refusal({ a: { b: inner } }) as Error;
    expect(message).toContain("$.a.b.c.d ");
    expect(message).toContain("back to $.a.b,");
  });

  it("are bytes that were transferred away, with what the platform says", () => {
    const bytes = new Uint8Array(4);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(() => encodeValue(bytes, encoding())).toThrow(
      expect.objectContaining({ code: "INVALID_VALUE", cause: expect.any(TypeError) }),
    );
  });
});
