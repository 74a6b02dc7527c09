import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { StorageError } from "@holdfast/core";

/** Whole below this size, in a stream from it on. */
const STREAM_FROM = 1024 * 1024;

/** Opens a plain file; a symbolic link in its place, also one put there at the last moment, is refused. */
export async function openFile(file: string): Promise<FileHandle> {
  const noFollow = process.platform === "win32" ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return open(file, constants.O_RDONLY | noFollow);
}

/** The bytes of a file when it is small, else a stream of them. With `sha256`, throws CORRUPT when they are others. */
export async function readContent(
  handle: FileHandle,
  sha256: string | undefined,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new StorageError("INVALID_VALUE", "it is not a file");
  if (stats.size >= STREAM_FROM) return checked(chunksOf(handle), sha256);
  return readWhole(handle, sha256);
}

/** All bytes of a file. */
export async function readWhole(handle: FileHandle, sha256: string | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(await handle.readFile());
  if (sha256 !== undefined) requireSame(createHash("sha256").update(bytes).digest("hex"), sha256);
  return bytes;
}

async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  yield* handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
}

/** Throws behind the last chunk, before whoever saves the stream takes it for complete. */
async function* checked(chunks: AsyncIterable<Uint8Array>, sha256: string | undefined): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (sha256 !== undefined) requireSame(hash.digest("hex"), sha256);
}

function requireSame(found: string, expected: string): void {
  if (found === expected) return;
  throw new StorageError(
    "CORRUPT",
    "its bytes are not those that were exported; --accept-changes takes them all the same",
  );
}
