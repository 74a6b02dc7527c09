import { platform } from "#platform";
import { StorageError } from "../errors.js";
import { toHex } from "../hex.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { BodyReader } from "./body-reader.js";
import { CHUNK_BYTES, type Checksum, checksumOfHashes, HASH_BYTES } from "./checksum.js";
import { checkHeader, corrupt, inflationError } from "./decode-value.js";
import { rechunk } from "./rechunk.js";

/** What is known of a stream's bytes when the last has passed. */
interface StreamFacts extends Checksum {
  readonly compression: "gzip" | null;
  readonly size: number;
  readonly storedSize: number;
}

export interface EncodedStream {
  /** The bytes to store, in chunks of `CHUNK_BYTES`, the last one shorter. To be iterated once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Rejects with INTERNAL before `chunks` has ended. */
  facts(): Promise<StreamFacts>;
}

/** Encrypts the encoded bytes of a stream. */
export type Encryption = (packed: AsyncIterable<Uint8Array>, compression: "gzip" | null) => AsyncIterable<Uint8Array>;

/** Decrypts the stored bytes of a stream into those that `header` tells of. */
export interface Decryption {
  readonly header: RecordHeader;
  readonly open: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/**
 * Compresses when told to and the first chunk shrinks by it: what follows is not known yet. Holds a few chunks at a time.
 * A stream of one chunk is stored just as the same bytes in one piece are.
 */
export function encodeStream(
  source: AsyncIterable<Uint8Array>,
  { compress, encryption }: { compress: boolean; encryption?: Encryption | undefined },
): EncodedStream {
  let size = 0;
  let storedSize = 0;
  let compression: "gzip" | null = null;
  let ended = false;
  const hashes: string[] = [];
  const reader = new BodyReader(source);

  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of reader) {
      size += piece.length;
      yield piece;
    }
  }

  async function* packed(): AsyncGenerator<Uint8Array> {
    const plain = rechunk(counted());
    if (!compress) return yield* plain;
    try {
      const { value: first } = await plain.next();
      if (first === undefined) return;
      const firstPacked = await platform.gzip(first);
      if (firstPacked.length >= first.length) return yield* startingWith(first, plain);
      compression = "gzip";
      const { value: second } = await plain.next();
      if (second === undefined) return yield firstPacked;
      yield* rechunk(platform.gzipStream(startingWith(first, startingWith(second, plain))));
    } finally {
      await plain.return(undefined);
    }
  }

  async function* encrypted(encrypt: Encryption): AsyncGenerator<Uint8Array> {
    const plain = packed();
    try {
      // With the first chunk it is decided whether they are compressed.
      const { value: first } = await plain.next();
      yield* rechunk(encrypt(startingWith(first, plain), compression));
    } finally {
      await plain.return(undefined);
    }
  }

  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of encryption === undefined ? packed() : encrypted(encryption)) {
      storedSize += chunk.length;
      hashes.push(await platform.sha256(chunk));
      yield chunk;
    }
    ended = true;
  }

  return {
    chunks: readingOf(reader, hashed()),
    async facts() {
      // Else they would be true of a part only.
      if (!ended) throw new StorageError("INTERNAL", "the stream has not been encoded to its end");
      return { compression, size, storedSize, ...(await checksumOfHashes(hashes)) };
    },
  };
}

/** The decoded bytes of a stored stream. No byte comes out before the chunk that it stands in is verified; errors CORRUPT. */
export function decodeStream(
  header: RecordHeader,
  chunkHashes: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  decryption?: Decryption,
): ReadableStream<Uint8Array> {
  const reader = new BodyReader(body);
  const pieces = readingOf(reader, decoded(header, chunkHashes, reader, decryption));
  // By hand, since not every browser has ReadableStream.from. Reads only when asked: nothing is held that nobody wants yet.
  abandoned?.register(pieces, reader);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Ends the reading behind a stream that is gone before anybody read it to its end: a snapshot and a file may hang on it. What is
 * looked after is the pieces, not the stream: a browser may collect the object that stands for a stream while its reader goes on.
 * Undefined on platforms that do not tell what they collect, such as older Workers.
 */
const abandoned =
  typeof FinalizationRegistry === "undefined"
    ? undefined
    : /* @__PURE__ */ new FinalizationRegistry<BodyReader>((body) => {
        // Nobody is left to be told.
        body.return().catch(() => undefined);
      });

/** The stored bytes chunk by chunk, each compared with its hash first. Throws CORRUPT. */
export function verifiedChunks(
  header: RecordHeader,
  chunkHashes: Uint8Array,
  body: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const reader = new BodyReader(body);
  return readingOf(reader, verified(header, chunkHashes, reader));
}

async function* verified(header: RecordHeader, chunkHashes: Uint8Array, body: BodyReader): AsyncGenerator<Uint8Array> {
  const { storedSize } = header;
  const expected = await orDiscard(body, () => hashesOf(header, chunkHashes));
  let passed = 0;
  let index = 0;
  for await (const chunk of rechunk(body)) {
    const hash = await platform.sha256(chunk);
    if (passed + chunk.length > storedSize || hash !== expected[index]) {
      throw corrupt(header, `does not match its checksum in the mebibyte from byte ${passed} on`);
    }
    yield chunk;
    passed += chunk.length;
    index++;
  }
  if (passed !== storedSize) throw corrupt(header, `ends after ${passed} of ${storedSize} stored bytes`);
  if (storedSize === 0 && (await checksumOfHashes([])).checksum !== header.checksum) {
    throw corrupt(header, "does not match its checksum");
  }
}

async function* decoded(
  stored: RecordHeader,
  chunkHashes: Uint8Array,
  body: BodyReader,
  { header, open }: Decryption = { header: stored, open: (chunks) => chunks },
): AsyncGenerator<Uint8Array> {
  await orDiscard(body, () => checkHeader(header));
  const chunks = open(verified(stored, chunkHashes, body));
  if (header.compression === null) return yield* chunks;
  let size = 0;
  try {
    for await (const piece of platform.gunzipStream(chunks)) {
      size += piece.length;
      // A bomb ends here, before it has grown.
      if (size > header.size) throw corrupt(header, `inflates to more than ${header.size} bytes`);
      yield piece;
    }
  } catch (cause) {
    throw body.failed ? cause : inflationError(header, cause);
  }
  if (size < header.size) throw corrupt(header, `inflates to ${size} bytes instead of ${header.size}`);
}

/** The hash of each chunk, in hex. Throws CORRUPT when the hashes are not those that the checksum stands for. */
async function hashesOf(header: RecordHeader, chunkHashes: Uint8Array): Promise<string[]> {
  const { storedSize, checksum } = header;
  const chunks = storedSize > CHUNK_BYTES ? Math.ceil(storedSize / CHUNK_BYTES) : 0;
  if (chunks === 0 && chunkHashes.length === 0) return [checksum];
  if (chunkHashes.length !== chunks * HASH_BYTES || (await platform.sha256(chunkHashes)) !== checksum) {
    throw corrupt(header, "does not match the hashes of its chunks");
  }
  return Array.from({ length: chunks }, (_, index) =>
    toHex(chunkHashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)),
  );
}

/** Undefined: there is none, and so there is no rest. */
async function* startingWith(
  first: Uint8Array | undefined,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first === undefined) return;
  yield first;
  yield* rest;
}

/** Lets go of the body when it is returned itself, begun or not, and without waiting for a read that is under way. */
function readingOf(body: BodyReader, pieces: AsyncGenerator<Uint8Array>): Reading {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => pieces.next(),
    async return() {
      await body.return();
      return pieces.return(undefined);
    },
  };
}

interface Reading extends AsyncIterableIterator<Uint8Array> {
  return(): Promise<IteratorResult<Uint8Array>>;
}

/** What the check says; when it throws, nobody will iterate the body, which is told so. */
export async function orDiscard<T>(body: AsyncIterable<Uint8Array>, check: () => Awaitable<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    await discard(body);
    throw error;
  }
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
