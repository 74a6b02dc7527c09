import { platform } from "#platform";
import { chain } from "../awaitable.js";
import { StorageError } from "../errors.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { type Checksum, checksumOf } from "./checksum.js";
import { decodeJson } from "./json.js";

/** The value that stored bytes stand for, fresh for each call. Throws CORRUPT when anything is not as the header says. */
export function decodeValue(header: RecordHeader, body: Uint8Array): Awaitable<unknown> {
  return chain(decodeBytes(header, body), (bytes) => {
    if (header.format === "binary") return bytes;
    if (header.format === "json") return readAs(header, () => decodeJson(bytes));
    return import("./yaml.js").then(({ decodeYaml }) => readAs(header, () => decodeYaml(bytes)));
  });
}

/** The encoded value, verified and inflated. Throws CORRUPT. */
function decodeBytes(header: RecordHeader, body: Uint8Array): Awaitable<Uint8Array> {
  return chain(verifyBytes(header, body), () => {
    if (header.compression === null) {
      if (body.length !== header.size) throw corrupt(header, `has ${body.length} bytes instead of ${header.size}`);
      return body;
    }
    if (header.compression !== "gzip") throw corrupt(header, `is compressed in an unknown way, ${header.compression}`);
    return inflate(header, body);
  });
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

export function corrupt({ key, version }: RecordHeader, reason: string, cause?: unknown): StorageError {
  const message = `the stored value ${reason}: restore it from another copy, or delete it (version ${version})`;
  return new StorageError("CORRUPT", message, { key, cause });
}

function inflate(header: RecordHeader, body: Uint8Array): Awaitable<Uint8Array> {
  const failed = (cause: unknown) => {
    throw corrupt(header, "does not inflate to what was saved", cause);
  };
  try {
    const inflated = platform.gunzip(body, header.size);
    return inflated instanceof Promise ? inflated.catch(failed) : inflated;
  } catch (cause) {
    return failed(cause);
  }
}

function readAs(header: RecordHeader, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    throw corrupt(header, `is not ${header.format}`, cause);
  }
}
