import { gunzipSync } from "node:zlib";
import { decodeValue, type Format, fieldsFrom, type RecordHeader, StorageError } from "@holdfast/core";
import type { Look } from "../look.js";

/** What an item of a file's content says of it; `fields` where a collection indexes some. */
export type FileFacts = Pick<RecordHeader, "format" | "compression" | "size" | "storedSize" | "checksum" | "fields">;

/** What has to be known of a file to look into it. */
type Expected = Pick<RecordHeader, "key" | "format" | "compression" | "encryption" | "indexed">;

/** The largest file whose content is looked into. Plain bytes of any size need no looking. */
export const MOST_READ: number = 256 * 2 ** 20;

/** Of nothing. */
const SHORTEST_GZIP = 20;

/** How many bytes of a file have to be at hand for `factsOf`; `small` bodies always are. */
export function bytesNeeded(format: Format, compression: RecordHeader["compression"], small: number): number {
  return format === "binary" && compression === null ? small : MOST_READ;
}

/** The facts of a file that a person changed; undefined when it is not what its format demands, or encrypted. */
export async function factsOf(
  look: Look,
  { key, format, compression, encryption, indexed }: Expected,
): Promise<FileFacts | undefined> {
  // Nobody edits encrypted bytes, and without the key nobody makes any.
  if (encryption !== undefined) return undefined;
  const storedSize = look.stat.size;
  const plain: FileFacts = { format, compression, size: storedSize, storedSize, checksum: look.checksum };
  if (format === "binary" && compression === null) return plain;
  if (look.bytes === undefined) return undefined;
  try {
    const size = compression === null ? storedSize : gunzipSync(look.bytes, { maxOutputLength: MOST_READ }).byteLength;
    const facts = { ...plain, size };
    const value = await decodeValue(headerOf(key, facts), look.bytes);
    return { ...facts, ...(indexed && { fields: fieldsFrom(value, indexed) }) };
  } catch (error) {
    // Paths that are none come from a companion that no Holdfast wrote.
    if (StorageError.is(error) && error.code !== "CORRUPT" && error.code !== "INVALID_OPTION") throw error;
    return undefined;
  }
}

/**
 * The facts of a file that its companion knows by its hash. Of the size of what is encrypted, or larger than what is looked
 * into, the companion alone tells.
 */
export async function knownFactsOf(look: Look, header: RecordHeader): Promise<FileFacts | undefined> {
  const { format, compression, encryption, size } = header;
  const { stat, checksum, bytes } = look;
  const isPlain = compression === null && encryption === undefined;
  const told = { format, compression, size: isPlain ? stat.size : size, storedSize: stat.size, checksum };
  if (encryption !== undefined || bytes === undefined) return told;
  if (format === "binary" && compression === "gzip" && isGzipOf(bytes, size)) return told;
  return factsOf(look, header);
}

/** Whether bytes look like what gzip makes of so many. */
function isGzipOf(bytes: Uint8Array, size: number): boolean {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes.byteLength < SHORTEST_GZIP) return false;
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.byteLength - 4, 4);
  return end.getUint32(0, true) === size % 2 ** 32;
}

/** Only what decoding asks for is true of it. */
function headerOf(key: string, facts: FileFacts): RecordHeader {
  const version = "" as RecordHeader["version"];
  return { key, version, created: 0, modified: 0, expiration: null, tags: [], metadata: {}, ...facts };
}
