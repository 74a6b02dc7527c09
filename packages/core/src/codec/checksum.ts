import { platform } from "#platform";
import { chain } from "../awaitable.js";
import type { Awaitable } from "../spi/index.js";

/** Bodies above this are hashed, verified and streamed in pieces of this size, the last one shorter. */
export const CHUNK_BYTES: number = 1024 * 1024;
export const HASH_BYTES = 32;

export interface Checksum {
  /** SHA-256 in hex: of the bytes, or of `chunkHashes` where there are any. */
  readonly checksum: string;
  /** The SHA-256 of each chunk, one after the other; empty up to `CHUNK_BYTES`. */
  readonly chunkHashes: Uint8Array;
}

const NO_HASHES = new Uint8Array(0);

/** The checksum of stored bytes. Synchronous for small values where the platform is. */
export function checksumOf(bytes: Uint8Array): Awaitable<Checksum> {
  if (bytes.length > CHUNK_BYTES) return checksumOfChunks(bytes);
  return chain(platform.sha256Hex(bytes), (checksum) => ({ checksum, chunkHashes: NO_HASHES }));
}

async function checksumOfChunks(bytes: Uint8Array): Promise<Checksum> {
  const chunkHashes = new Uint8Array(Math.ceil(bytes.length / CHUNK_BYTES) * HASH_BYTES);
  for (let chunk = 0; chunk * CHUNK_BYTES < bytes.length; chunk++) {
    const hash = await platform.sha256(bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES));
    chunkHashes.set(hash, chunk * HASH_BYTES);
  }
  return { checksum: await platform.sha256Hex(chunkHashes), chunkHashes };
}
