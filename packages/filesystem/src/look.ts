import { createHash, hash } from "node:crypto";
import { CHUNK_BYTES } from "@holdfast/core";
import { sameLook } from "./fingerprint.js";
import type { FileStat, FileSystemPort } from "./port/file-system-port.js";
import { readFully } from "./port/whole-files.js";
import { isAbsence } from "./root-directory.js";

/** What a file is, once it has stood still. */
export interface Look {
  readonly stat: FileStat;
  /** Of all bytes, in hex. */
  readonly sha256: string;
  /** As core makes it. */
  readonly checksum: string;
  readonly chunkHashes: Uint8Array;
  /** The content, where it is not larger than was asked for. */
  readonly bytes: Uint8Array | undefined;
}

/** Digests of bytes that come in pieces. */
export class Digests {
  readonly #whole = createHash("sha256");
  readonly #hashes: Buffer[] = [];
  #chunk = createHash("sha256");
  #inChunk = 0;

  add(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    for (let offset = 0; offset < bytes.byteLength; ) {
      const piece = bytes.subarray(offset, offset + CHUNK_BYTES - this.#inChunk);
      this.#chunk.update(piece);
      this.#inChunk += piece.byteLength;
      offset += piece.byteLength;
      if (this.#inChunk === CHUNK_BYTES) this.#endChunk();
    }
  }

  end(): Pick<Look, "sha256" | "checksum" | "chunkHashes"> {
    if (this.#inChunk > 0) this.#endChunk();
    const sha256 = this.#whole.digest("hex");
    if (this.#hashes.length < 2) return { sha256, checksum: sha256, chunkHashes: new Uint8Array() };
    const chunkHashes = new Uint8Array(Buffer.concat(this.#hashes));
    return { sha256, checksum: hash("sha256", chunkHashes), chunkHashes };
  }

  #endChunk(): void {
    this.#hashes.push(this.#chunk.digest());
    this.#chunk = createHash("sha256");
    this.#inChunk = 0;
  }
}

/**
 * Reads a file through. Undefined when none is there, or no regular one; `moving` when it changed meanwhile, which ends the reading.
 * `pause` is called between pieces.
 */
export async function lookAt(
  port: FileSystemPort,
  path: string,
  mostBytes: number,
  pause: () => Promise<void>,
): Promise<Look | "moving" | undefined> {
  const descriptor = openIfThere(port, path);
  if (descriptor === undefined) return undefined;
  try {
    const stat = port.fstat(descriptor);
    if (stat.kind !== "file") return undefined;
    const digests = new Digests();
    const isKept = stat.size <= mostBytes;
    const bytes = new Uint8Array(isKept ? stat.size : CHUNK_BYTES);
    for (let position = 0; position < stat.size; await pause()) {
      if (position > 0 && !sameLook(stat, port.fstat(descriptor))) return "moving";
      const piece = isKept ? bytes.subarray(position, position + CHUNK_BYTES) : bytes;
      const length = readFully(port, descriptor, piece, position);
      if (length === 0) return "moving";
      digests.add(piece.subarray(0, length));
      position += length;
    }
    if (!sameLook(stat, port.fstat(descriptor))) return "moving";
    return { stat, ...digests.end(), bytes: isKept ? bytes : undefined };
  } finally {
    port.close(descriptor);
  }
}

/** The SHA-256 of a file's bytes; undefined when no regular file is there. `pause` is called between pieces. */
export async function hashOf(
  port: FileSystemPort,
  path: string,
  pause: () => Promise<void>,
): Promise<string | undefined> {
  const hashing = hashInPieces(port, path);
  try {
    for (;;) {
      const step = hashing.next();
      if (step.done === true) return step.value;
      await pause();
    }
  } finally {
    hashing.return(undefined);
  }
}

/** As `hashOf`, read at once: for small files. */
export function hashNow(port: FileSystemPort, path: string): string | undefined {
  const hashing = hashInPieces(port, path);
  for (;;) {
    const step = hashing.next();
    if (step.done === true) return step.value;
  }
}

function* hashInPieces(port: FileSystemPort, path: string): Generator<undefined, string | undefined> {
  const descriptor = openIfThere(port, path);
  if (descriptor === undefined) return undefined;
  try {
    const { kind, size } = port.fstat(descriptor);
    if (kind !== "file") return undefined;
    const digest = createHash("sha256");
    const piece = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(1, size)));
    for (let position = 0; ; ) {
      const length = readFully(port, descriptor, piece, position);
      digest.update(piece.subarray(0, length));
      position += length;
      if (length < piece.byteLength) return digest.digest("hex");
      yield;
    }
  } finally {
    port.close(descriptor);
  }
}

/** A descriptor; undefined when nothing is there that could be read as a file. */
export function openIfThere(port: FileSystemPort, path: string): number | undefined {
  try {
    return port.openToRead(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
