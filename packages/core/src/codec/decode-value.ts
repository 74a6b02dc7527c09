import { platform } from "#platform";
import { chain, isPromise } from "../awaitable.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { type Checksum, checksumOf } from "./checksum.js";
import { parseJson } from "./parse-json.js";
import { fromUtf8 } from "./text.js";

// Deflate makes at most 1,032 bytes of one.
const MOST_INFLATED = 1_032;

/** The value that stored bytes stand for, fresh for each call. Throws CORRUPT when anything is not as the header says. */
export function decodeValue(header: RecordHeader, body: Uint8Array): Awaitable<unknown> {
  if (header.encryption !== undefined) throw withoutKeys(header);
  return chain(verifyBytes(header, body), () => decodeVerified(header, body));
}

/** As `decodeValue`, of bytes that are known to be those that the header tells of. */
export function decodeVerified(header: RecordHeader, body: Uint8Array): Awaitable<unknown> {
  return chain(decodeBytes(header, body), (bytes) => {
    if (header.format === "json") return readAs(header, () => parseJson(fromUtf8(bytes)));
    if (header.format === "binary") return plainBytes(bytes);
    if (header.format === "yaml") {
      return import("./yaml.js").then(({ decodeYaml }) => readAs(header, () => decodeYaml(bytes)));
    }
    throw corrupt(header, `is of a format that this version does not know, ${JSON.stringify(header.format)}`);
  });
}

/** A plain Uint8Array on memory of its own, a copy only where it has to be: adapters may hand over a Buffer, or part of one. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype && bytes.length === bytes.buffer.byteLength;
  return isPlain ? bytes : new Uint8Array(bytes);
}

/** The encoded value, inflated. Throws CORRUPT. */
function decodeBytes(header: RecordHeader, body: Uint8Array): Awaitable<Uint8Array> {
  checkHeader(header);
  return header.compression === null ? body : inflate(header, body);
}

/** Throws CORRUPT unless the stored bytes are those that the header tells of. */
export function verifyBytes(header: RecordHeader, body: Uint8Array): Awaitable<Checksum> {
  if (body.length !== header.storedSize) {
    throw corrupt(header, `has ${body.length} stored bytes instead of ${header.storedSize}`);
  }
  return chain(checksumOf(body), (found) => {
    if (found.checksum !== header.checksum) throw corrupt(header, "does not match its checksum");
    return found;
  });
}

/** Throws CORRUPT for a header whose facts about the value cannot be. */
export function checkHeader(header: RecordHeader): void {
  const { size, storedSize, compression } = header;
  if (compression !== null && compression !== "gzip") {
    throw corrupt(header, `is compressed in a way that this version does not know, ${JSON.stringify(compression)}`);
  }
  const possible = compression === null ? size === storedSize : size <= storedSize * MOST_INFLATED;
  if (!Number.isSafeInteger(size) || size < 0 || !possible) {
    throw corrupt(header, `cannot have ${size} bytes in ${storedSize} stored ones`);
  }
}

/** KEY_MISSING, where there are no keys at all. */
export function withoutKeys({ encryption }: RecordHeader): StorageError {
  const id = JSON.stringify(encryption?.key);
  return new StorageError(
    "KEY_MISSING",
    `the value is encrypted with the key ${id}: give openStorage the setting "encryption" with a provider that has it`,
  );
}

export function corrupt({ key, version }: RecordHeader, reason: string, cause?: unknown): StorageError {
  const message = `the stored value ${reason}: restore it from a backup, or delete it (version ${version})`;
  return new StorageError("CORRUPT", message, { key, cause });
}

/** What inflating failed with, as CORRUPT; UNSUPPORTED, where the platform cannot inflate at all, stays. */
export function inflationError(header: RecordHeader, cause: unknown): StorageError {
  return StorageError.is(cause) ? cause : corrupt(header, "does not inflate to what was saved", cause);
}

function inflate(header: RecordHeader, body: Uint8Array): Awaitable<Uint8Array> {
  const failed = (cause: unknown): never => {
    throw inflationError(header, cause);
  };
  const checked = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === header.size) return bytes;
    throw corrupt(header, `inflates to ${bytes.length} bytes instead of ${header.size}`);
  };
  try {
    const inflated = platform.gunzip(body, header.size);
    return isPromise(inflated) ? inflated.then(checked, failed) : checked(inflated);
  } catch (cause) {
    return failed(cause);
  }
}

function readAs(header: RecordHeader, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw corrupt(header, `cannot be read as ${header.format} (${reason})`, cause);
  }
}
