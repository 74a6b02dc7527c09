import { platform } from "#platform";
import { chain } from "../awaitable.js";
import { fromHex } from "../hex.js";
import type { Awaitable } from "../spi/index.js";

/** Bodies above this are hashed, verified and streamed in pieces of this size, the last one shorter. */
export const CHUNK_BYTES: number = 1024 * 1024;
export const HASH_BYTES = 32;

/** What tells whether stored bytes are as they were written. */
export interface Checksum {
  /** SHA-256 in hex: of the bytes, or of `chunkHashes` where there are any. */
  readonly checksum: string;
  /** The SHA-256 of each chunk, one after the other; empty up to `CHUNK_BYTES`. */
  readonly chunkHashes: Uint8Array;
}

const NO_HASHES = new Uint8Array(0);

/** The checksum of stored bytes. Synchronous for small values where the platform is. */
export function checksumOf(bytes: Uint8Array): Awaitable<Checksum> {
  if (bytes.length > CHUNK_BYTES) return checksumOfLarge(bytes);
  return chain(platform.sha256(bytes), (checksum) => ({ checksum, chunkHashes: NO_HASHES }));
}

/** The checksum of a body whose chunks have these hashes, in hex. */
export async function checksumOfHashes(hashes: readonly string[]): Promise<Checksum> {
  const [first] = hashes;
  if (first !== undefined && hashes.length === 1) return { checksum: first, chunkHashes: NO_HASHES };
  const chunkHashes = fromHex(hashes.join(""));
  return { checksum: await platform.sha256(chunkHashes), chunkHashes };
}

async function checksumOfLarge(bytes: Uint8Array): Promise<Checksum> {
  const hashes: string[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    hashes.push(await platform.sha256(bytes.subarray(start, start + CHUNK_BYTES)));
  }
  return checksumOfHashes(hashes);
}
