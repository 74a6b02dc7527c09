import { platform } from "#platform";
import type { RecordHeader } from "../spi/index.js";
import { CHUNK_BYTES, type Checksum, HASH_BYTES } from "./checksum.js";
import { corrupt } from "./decode-value.js";
import { rechunk } from "./rechunk.js";
import { through } from "./through.js";

/** What is known of a stream's bytes when the last has passed. */
interface StreamFacts extends Checksum {
  readonly compression: "gzip" | null;
  readonly size: number;
  readonly storedSize: number;
}

export interface EncodedStream {
  /** The bytes to store, in chunks of `CHUNK_BYTES`, the last one shorter. To be iterated once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Complete when `chunks` has ended. */
  facts(): Promise<StreamFacts>;
}

/** Compresses when told to and the first chunk shrinks by it: what follows is not known yet. Holds a few chunks at a time. */
export function encodeStream(source: AsyncIterable<Uint8Array>, { compress }: { compress: boolean }): EncodedStream {
  let size = 0;
  let storedSize = 0;
  let compression: "gzip" | null = null;
  let last: Uint8Array = new Uint8Array(0);
  const hashes: Uint8Array[] = [];

  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      size += piece.length;
      yield piece;
    }
  }

  async function* packed(): AsyncGenerator<Uint8Array> {
    const plain = rechunk(counted());
    const { value: first } = await plain.next();
    if (first === undefined) return;
    const whole = startingWith(first, plain);
    if (compress && (await platform.gzip(first)).length < first.length) {
      compression = "gzip";
      yield* rechunk(through(new CompressionStream("gzip"), whole));
    } else {
      yield* whole;
    }
  }

  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed()) {
      storedSize += chunk.length;
      last = chunk;
      hashes.push(await platform.sha256(chunk));
      yield chunk;
    }
  }

  return {
    chunks: hashed(),
    async facts() {
      const chunkHashes = new Uint8Array(hashes.length > 1 ? hashes.length * HASH_BYTES : 0);
      if (chunkHashes.length > 0)
        for (const [index, hash] of hashes.entries()) chunkHashes.set(hash, index * HASH_BYTES);
      const checksum = await platform.sha256Hex(chunkHashes.length > 0 ? chunkHashes : last);
      return { compression, size, storedSize, checksum, chunkHashes };
    },
  };
}

/** The decoded bytes of a stored stream. No byte comes out before the chunk that it stands in is verified; errors CORRUPT. */
export function decodeStream(
  header: RecordHeader,
  chunkHashes: Uint8Array,
  body: AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  const verified = verifiedChunks(header, chunkHashes, body);
  return toReadable(header.compression === null ? verified : inflated(header, verified));
}

/** The stored bytes chunk by chunk, each compared with its hash first. Throws CORRUPT. */
export async function* verifiedChunks(
  header: RecordHeader,
  chunkHashes: Uint8Array,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { storedSize, checksum } = header;
  const chunks = storedSize > CHUNK_BYTES ? Math.ceil(storedSize / CHUNK_BYTES) : 0;
  if (
    chunkHashes.length !== chunks * HASH_BYTES ||
    (chunks > 0 && (await platform.sha256Hex(chunkHashes)) !== checksum)
  ) {
    throw corrupt(header, "has lost the hashes of its chunks");
  }
  let verified = 0;
  let index = 0;
  for await (const chunk of rechunk(body)) {
    const hash = await platform.sha256Hex(chunk);
    const expected = chunks === 0 ? checksum : hex(chunkHashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
    if (verified + chunk.length > storedSize || hash !== expected) {
      throw corrupt(header, `does not match its checksum in the mebibyte from byte ${verified} on`);
    }
    yield chunk;
    verified += chunk.length;
    index++;
  }
  if (verified !== storedSize) throw corrupt(header, `ends after ${verified} of ${storedSize} stored bytes`);
  if (storedSize === 0 && (await platform.sha256Hex(new Uint8Array(0))) !== checksum) {
    throw corrupt(header, "does not match its checksum");
  }
}

async function* inflated(header: RecordHeader, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of gunzipped(header, chunks)) {
    size += piece.length;
    // A bomb ends here, before it has grown.
    if (size > header.size) throw corrupt(header, `inflates to more than ${header.size} bytes`);
    yield piece;
  }
  if (size < header.size) throw corrupt(header, `inflates to ${size} bytes instead of ${header.size}`);
}

async function* gunzipped(header: RecordHeader, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sourceFailure: unknown;
  async function* noting(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      sourceFailure = error;
      throw error;
    }
  }
  try {
    yield* through(new DecompressionStream("gzip"), noting());
  } catch (error) {
    throw error === sourceFailure ? error : corrupt(header, "does not inflate to what was saved", error);
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

// By hand, since not every browser has ReadableStream.from. Reads only when asked: nothing is held that nobody wants yet.
function toReadable(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
