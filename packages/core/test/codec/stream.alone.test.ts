import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { RecordHeader } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { decodeStream, encodeStream, verifiedChunks } from "../../dist/codec/stream.js";
import { platform } from "../../dist/platform/node.js";
import { processorTimeOf } from "./processor-time.js";
import { cut, encoding, headerOf, join, MIB, noise } from "./samples.js";

interface Stored {
  readonly header: RecordHeader;
  readonly chunks: Uint8Array[];
  readonly chunkHashes: Uint8Array;
}

async function store(source: AsyncIterable<Uint8Array>, compress = false): Promise<Stored> {
  const { chunks, facts } = encodeStream(source, { compress });
  const kept: Uint8Array[] = [];
  for await (const chunk of chunks) kept.push(chunk);
  const { chunkHashes, ...rest } = await facts();
  return { header: headerOf({ format: "binary", ...rest }), chunks: kept, chunkHashes };
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function load({ header, chunks, chunkHashes }: Stored): ReadableStream<Uint8Array> {
  return decodeStream(header, chunkHashes, each(chunks));
}

/** What arrives, and what it ends with. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<{ bytes: Uint8Array; error: unknown }> {
  const parts: Uint8Array[] = [];
  const reader = stream.getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (value !== undefined) parts.push(value);
    }
    return { bytes: join(parts), error: undefined };
  } catch (error) {
    return { bytes: join(parts), error };
  }
}

const CORRUPT = { code: "CORRUPT", key: "k" };
const mixed = (length: number) => {
  const bytes = noise(length);
  // Every second stretch compresses well.
  for (let start = 0; start < length; start += 64 * 1024) bytes.fill(5, start, start + 32 * 1024);
  return bytes;
};
const SIZES = [0, 1, 1_000, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 1, 3 * MIB + 12_345];

describe("a stream of bytes", () => {
  it.each(SIZES)("of %i is stored as the same bytes in one piece are, however it is cut", async (size) => {
    const bytes = mixed(size);
    const whole = await encodeValue(bytes, encoding());
    for (const sizes of [[size || 1], [MIB], [100_000, 1, 999_999], [MIB + 1, 3]]) {
      const stored = await store(cut(bytes, sizes));
      const { body, ...facts } = whole;
      expect(stored.header).toEqual(headerOf(facts));
      expect(Buffer.compare(stored.chunkHashes, whole.chunkHashes)).toBe(0);
      expect(stored.chunks.map(({ length }) => length)).toEqual(
        Array.from({ length: Math.ceil(size / MIB) }, (_, index) => Math.min(MIB, size - index * MIB)),
      );
      const { bytes: back, error } = await readAll(load(stored));
      expect(error).toBe(undefined);
      expect(Buffer.compare(back, bytes)).toBe(0);
    }
  });

  it.each(SIZES)("of %i comes back from gzip, however it is cut", async (size) => {
    const bytes = mixed(size);
    const stored = await store(cut(bytes, [300_000, 7]), true);
    expect(stored.header.compression).toBe(size < 1_000 ? null : "gzip");
    expect(stored.header.storedSize).toBe(join(stored.chunks).length);
    const recut = { ...stored, chunks: [join(stored.chunks)] };
    for (const each of [stored, recut]) {
      const { bytes: back, error } = await readAll(load(each));
      expect(error).toBe(undefined);
      expect(Buffer.compare(back, bytes)).toBe(0);
    }
    if (size > MIB) return;
    const whole = await encodeValue(bytes, encoding({ compress: true }));
    expect(stored.header.checksum).toBe(whole.checksum);
  });

  it("round-trips in random cuts", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2_500_000 }),
        sizes,
        sizes,
        fc.boolean(),
        async (size, a, b, compress) => {
          const bytes = mixed(size);
          // Single bytes of small streams only: millions of them would take minutes on a busy machine.
          const least = Math.ceil(size / 5_000);
          const [into, outOf] = [a, b].map((lengths) => lengths.map((length) => Math.max(length, least)));
          const stored = await store(cut(bytes, into ?? []), compress);
          const body = cut(join(stored.chunks), outOf ?? []);
          const { bytes: back, error } = await readAll(decodeStream(stored.header, stored.chunkHashes, body));
          expect(error).toBe(undefined);
          expect(Buffer.compare(back, bytes)).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("has no facts before its end, which would be true of a part only", async () => {
    const { chunks, facts } = encodeStream(cut(noise(2 * MIB), [MIB]), { compress: false });
    await expect(facts()).rejects.toMatchObject({ code: "INTERNAL" });
    for await (const _ of chunks) await expect(facts()).rejects.toMatchObject({ code: "INTERNAL" });
    expect((await facts()).size).toBe(2 * MIB);
  });

  it("stays as it is when its beginning does not shrink", async () => {
    const bytes = join([noise(MIB), new Uint8Array(MIB)]);
    const { header } = await store(cut(bytes, [50_000]), true);
    expect([header.compression, header.storedSize]).toEqual([null, 2 * MIB]);
  });

  it("stays as it is when it becomes no shorter", async () => {
    const even = Array.from({ length: 100 }, (_, zeros) => join([noise(100), new Uint8Array(zeros)])).find(
      (bytes) => gzipSync(bytes).length === bytes.length,
    );
    if (even === undefined) throw new Error("none of them stays as long as it is");
    expect((await store(cut(even, [64]), true)).header.compression).toBe(null);
  });

  it("is copied before the source is asked for more, so that it may use its buffer again", async () => {
    const buffer = new Uint8Array(1_000);
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (let turn = 1; turn <= 3; turn++) yield buffer.fill(turn);
    }
    const { chunks } = await store(reusing());
    expect([0, 1_000, 2_000].map((at) => chunks[0]?.[at])).toEqual([1, 2, 3]);
  });

  it.each([false, true])(
    "fails with what its source failed with, which is let go of (compress: %s)",
    async (compress) => {
      const failure = new Error("of the source");
      for (const after of [0, 1, 2.5]) {
        async function* failing(): AsyncGenerator<Uint8Array> {
          yield new Uint8Array(after * MIB);
          throw failure;
        }
        await expect(store(failing(), compress)).rejects.toBe(failure);
      }
    },
  );

  it.each([false, true])("lets its source go when nobody reads on (compress: %s)", async (compress) => {
    for (const taken of [1, 2, 3]) {
      const released = vi.fn();
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield mixed(MIB);
        } finally {
          released();
        }
      }
      let seen = 0;
      for await (const _ of encodeStream(endless(), { compress }).chunks) if (++seen === taken) break;
      expect(released).toHaveBeenCalledOnce();
    }
  });
});

describe("a platform that cannot compress", () => {
  it("lets the source go before it says so", async () => {
    const failure = new Error("there is no compression here");
    const gzip = vi.spyOn(platform, "gzip").mockImplementation(() => Promise.reject(failure));
    let released = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield noise(MIB);
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        released = true;
      }
    }
    await expect(store(source(), true)).rejects.toBe(failure);
    gzip.mockRestore();
    expect(released).toBe(true);
  });
});

describe("a stored stream that is damaged", () => {
  it("hands out what is sound and stops before the chunk that is not", async () => {
    const bytes = noise(4 * MIB + 100);
    const stored = await store(cut(bytes, [MIB]));
    for (const bad of [0, 2, 4]) {
      const chunks = stored.chunks.map((chunk) => chunk.slice());
      const chunk = chunks[bad];
      if (chunk !== undefined) chunk[50] = (chunk[50] ?? 0) ^ 4;
      const { bytes: arrived, error } = await readAll(load({ ...stored, chunks }));
      expect(error).toMatchObject(CORRUPT);
      expect(Buffer.compare(arrived, bytes.subarray(0, bad * MIB))).toBe(0);
    }
  });

  it("hands out nothing that was inflated from a chunk before that is verified", async () => {
    const bytes = mixed(6 * MIB);
    const stored = await store(cut(bytes, [MIB]), true);
    expect(stored.chunks.length).toBeGreaterThan(2);
    const chunks = stored.chunks.map((chunk) => chunk.slice());
    const chunk = chunks[1];
    if (chunk !== undefined) chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
    const { bytes: arrived, error } = await readAll(load({ ...stored, chunks }));
    expect(error).toMatchObject(CORRUPT);
    // Of the damage itself, not of what inflating makes of it.
    expect((error as Error).message).toContain(`the mebibyte from byte ${MIB} on`);
    expect(arrived.length).toBeLessThan(2.2 * MIB);
    expect(Buffer.compare(arrived, bytes.subarray(0, arrived.length))).toBe(0);
  });

  it.each([false, true])(
    "is CORRUPT when it is shorter, longer, in another order (compressed: %s)",
    async (compress) => {
      const stored = await store(cut(mixed(5 * MIB), [MIB]), compress);
      const { chunks } = stored;
      const [first = noise(1), ...rest] = chunks;
      for (const changed of [
        rest,
        chunks.slice(0, -1),
        [...chunks, noise(1)],
        [...rest, first],
        [],
        [noise(1), ...chunks],
      ]) {
        expect((await readAll(load({ ...stored, chunks: changed }))).error).toMatchObject(CORRUPT);
      }
    },
  );

  it("is CORRUPT for every flipped bit of a small one, and for bytes where there were none", async () => {
    for (const compress of [false, true]) {
      const stored = await store(cut(new Uint8Array(60).fill(7), [9]), compress);
      const [body = new Uint8Array(0)] = stored.chunks;
      for (let bit = 0; bit < body.length * 8; bit++) {
        const damaged = body.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { bytes, error } = await readAll(load({ ...stored, chunks: [damaged] }));
        expect(error).toMatchObject(CORRUPT);
        expect(bytes).toHaveLength(0);
      }
    }
    const empty = await store(cut(new Uint8Array(0), [1]));
    expect((await readAll(load({ ...empty, chunks: [noise(1)] }))).error).toMatchObject(CORRUPT);
    const wrong = { ...empty, header: { ...empty.header, checksum: "0".repeat(64) } };
    expect((await readAll(load(wrong))).error).toMatchObject(CORRUPT);
  });

  it("is CORRUPT when its chunk hashes are lost, changed, too many or of no use", async () => {
    const stored = await store(cut(noise(2 * MIB), [MIB]));
    const flipped = stored.chunkHashes.slice();
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    for (const chunkHashes of [new Uint8Array(0), flipped, stored.chunkHashes.subarray(32), noise(96)]) {
      const { bytes, error } = await readAll(load({ ...stored, chunkHashes }));
      expect(error).toMatchObject(CORRUPT);
      expect(bytes).toHaveLength(0);
    }
    const small = await store(cut(noise(10), [10]));
    expect((await readAll(load({ ...small, chunkHashes: noise(32) }))).error).toMatchObject(CORRUPT);
  });

  it("hands out nothing where the stored size is another one, though hashes and checksum hold", async () => {
    for (const [bytes, storedSize] of [
      [noise(10), 7],
      [noise(2 * MIB), 2.5 * MIB],
    ] as const) {
      const stored = await store(cut(bytes, [MIB]));
      const header = { ...stored.header, size: storedSize, storedSize };
      const { bytes: arrived, error } = await readAll(load({ ...stored, header }));
      expect(error).toMatchObject(CORRUPT);
      expect(arrived).toHaveLength(0);
    }
  });

  it.each<[string, Partial<RecordHeader>]>([
    ["size", { size: 7 }],
    ["a size that is none", { size: -1 }],
    ["a size that is no number", { size: Number.NaN }],
    ["stored size", { storedSize: 7 }],
    ["stored size that is none", { storedSize: Number.NaN }],
    ["checksum", { checksum: "0".repeat(64) }],
    ["compression", { compression: "zstd" as "gzip" }],
  ])("is CORRUPT when its header lies: %s", async (_, facts) => {
    for (const compress of [false, true]) {
      const stored = await store(cut(mixed(2 * MIB), [MIB]), compress);
      const { error } = await readAll(load({ ...stored, header: { ...stored.header, ...facts } }));
      expect(error).toMatchObject(CORRUPT);
    }
  });

  it("is CORRUPT as a decompression bomb, within bounded memory and time", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(100 * MIB)));
    const checksum = createHash("sha256").update(bomb).digest("hex");
    const facts = { format: "binary", compression: "gzip", size: 10, storedSize: bomb.length, checksum } as const;
    const before = process.memoryUsage().arrayBuffers;
    const time = await processorTimeOf(async () => {
      const { bytes, error } = await readAll(decodeStream(headerOf(facts), new Uint8Array(0), each([bomb])));
      expect(error).toMatchObject(CORRUPT);
      expect(bytes).toHaveLength(0);
    });
    expect(time).toBeLessThan(2_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * MIB);
  });
});

describe("reading a stored stream", () => {
  /** A body that notes how far it is read and whether it is let go of; not a generator, which would hide the latter. */
  function watched(chunks: readonly Uint8Array[]) {
    const state = { read: 0, returned: 0 };
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const value = chunks[state.read++];
          return value === undefined ? { done: true, value } : { done: false, value };
        },
        return: async () => {
          state.returned++;
          return { done: true, value: undefined };
        },
      }),
    };
    return { state, body };
  }

  it.each([false, true])("lets the body go when it is cancelled, begun or not (compressed: %s)", async (compress) => {
    const stored = await store(cut(mixed(9 * MIB), [MIB]), compress);
    for (const reads of [0, 1, 2]) {
      const { state, body } = watched(stored.chunks);
      const reader = decodeStream(stored.header, stored.chunkHashes, body).getReader();
      for (let read = 0; read < reads; read++) await reader.read();
      expect(state.read).toBeLessThanOrEqual(reads + 1);
      await reader.cancel();
      expect(state.returned).toBe(1);
    }
  });

  it("lets the body go when the header or the hashes are found wrong before it is read", async () => {
    const stored = await store(cut(noise(2 * MIB), [MIB]));
    for (const [facts, hashes] of [
      [{ size: 3 }, stored.chunkHashes],
      [{}, noise(64)],
    ] as const) {
      const { state, body } = watched(stored.chunks);
      const { error } = await readAll(decodeStream({ ...stored.header, ...facts }, hashes, body));
      expect(error).toMatchObject(CORRUPT);
      expect(state).toEqual({ read: 0, returned: 1 });
    }
    const { state, body } = watched(stored.chunks);
    await verifiedChunks(stored.header, stored.chunkHashes, body)[Symbol.asyncIterator]().return?.();
    expect(state).toEqual({ read: 0, returned: 1 });
  });

  it("ends only when the body has let go, whether it is cancelled, left or found wrong", async () => {
    const stored = await store(cut(noise(2 * MIB), [MIB]));
    const slow = () => {
      const { state, body } = watched(stored.chunks);
      const iterator = body[Symbol.asyncIterator]();
      const iterable: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: () => iterator.next(),
          async return() {
            await new Promise((resolve) => setImmediate(resolve));
            return (await iterator.return?.()) ?? { done: true, value: undefined };
          },
        }),
      };
      return { state, body: iterable };
    };
    const cancelled = slow();
    await decodeStream(stored.header, stored.chunkHashes, cancelled.body).cancel();
    expect(cancelled.state.returned).toBe(1);
    const left = slow();
    for await (const _ of verifiedChunks(stored.header, stored.chunkHashes, left.body)) break;
    expect(left.state.returned).toBe(1);
    for (const [facts, hashes] of [
      [{ size: 3 }, stored.chunkHashes],
      [{}, noise(64)],
    ] as const) {
      const wrong = slow();
      const { error } = await readAll(decodeStream({ ...stored.header, ...facts }, hashes, wrong.body));
      expect(error).toMatchObject(CORRUPT);
      expect(wrong.state.returned).toBe(1);
    }
  });

  it("lets go of a body that keeps it waiting, at once", async () => {
    const { header, chunkHashes } = await store(cut(noise(10), [10]));
    const waiting = Promise.withResolvers<IteratorResult<Uint8Array>>();
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => waiting.promise,
      async return() {
        waiting.resolve({ done: true, value: undefined });
        return waiting.promise;
      },
    };
    const reader = decodeStream(header, chunkHashes, { [Symbol.asyncIterator]: () => iterator }).getReader();
    const reading = reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    await reader.cancel();
    expect(await reading).toEqual({ done: true, value: undefined });
  });

  it.each([false, true])("fails with the very error that the body fails with (compressed: %s)", async (compress) => {
    const stored = await store(cut(mixed(3 * MIB), [MIB]), compress);
    const failure = new Error("the disk is gone");
    for (const sound of [0, 1]) {
      async function* failing() {
        yield* stored.chunks.slice(0, sound);
        throw failure;
      }
      const { error } = await readAll(decodeStream(stored.header, stored.chunkHashes, failing()));
      expect(error).toBe(failure);
    }
  });

  it("reads nothing before it is asked to", async () => {
    const stored = await store(cut(noise(3 * MIB), [MIB]));
    const { state, body } = watched(stored.chunks);
    decodeStream(stored.header, stored.chunkHashes, body);
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.read).toBe(0);
  });
});
