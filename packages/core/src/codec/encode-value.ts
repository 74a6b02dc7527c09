import { platform } from "#platform";
import { chain } from "../awaitable.js";
import type { Format } from "../contract/storage-item.js";
import type { Awaitable } from "../spi/index.js";
import { encodeBinary, isBytes } from "./binary.js";
import { type Checksum, checksumOf } from "./checksum.js";
import { encodeJson, exactJson } from "./encode-json.js";
import { MAX_YAML_DEPTH } from "./exact.js";

export interface EncodingOptions {
  /** Default: binary for a Uint8Array, json for all else. */
  readonly format: Format | undefined;
  readonly compress: boolean;
  readonly json: "compact" | "pretty";
}

/** A value as it will be stored, and what its header says of it. */
export interface EncodedValue extends Checksum {
  readonly format: Format;
  readonly compression: "gzip" | null;
  /** Bytes before compression. */
  readonly size: number;
  readonly storedSize: number;
  readonly body: Uint8Array;
}

/** A value as bytes, before anything is said of them. */
export interface PackedValue {
  readonly format: Format;
  readonly compression: "gzip" | null;
  /** Bytes before compression. */
  readonly size: number;
  readonly packed: Uint8Array;
}

/**
 * Format → compression, kept only when smaller → checksum. One pass, and on Node without a promise for small values.
 * Throws INVALID_VALUE for what the format cannot hold exactly.
 */
export function encodeValue(value: unknown, options: EncodingOptions): Awaitable<EncodedValue> {
  return chain(packValue(value, options), ({ format, compression, size, packed: body }) =>
    chain(checksumOf(body), ({ checksum, chunkHashes }) => ({
      format,
      compression,
      size,
      storedSize: body.length,
      body,
      checksum,
      chunkHashes,
    })),
  );
}

/** Format → compression, kept only when smaller. Throws INVALID_VALUE. */
export function packValue(value: unknown, options: EncodingOptions): Awaitable<PackedValue> {
  const format = options.format ?? (isBytes(value) ? "binary" : "json");
  return chain(encodeFormat(value, format, options), (plain) =>
    chain(options.compress ? platform.gzip(plain) : plain, (zipped) => {
      const smaller = zipped.length < plain.length;
      return { format, compression: smaller ? "gzip" : null, size: plain.length, packed: smaller ? zipped : plain };
    }),
  );
}

/**
 * As `packValue`, but bytes that are stored as they are stay those of the caller: they hold still only until this turn of the event
 * loop ends.
 */
export function packBorrowed(value: unknown, options: EncodingOptions): Awaitable<PackedValue> {
  const isBinary = (options.format ?? "binary") === "binary" && !options.compress;
  if (!isBinary || !isBytes(value) || !canLend(value)) return packValue(value, options);
  return { format: "binary", compression: null, size: value.length, packed: value };
}

/** Other threads may write into shared memory at any time, and memory that was transferred looks empty. */
function canLend({ length, buffer }: Uint8Array): boolean {
  return length > 0 && Object.prototype.toString.call(buffer) === "[object ArrayBuffer]";
}

function encodeFormat(value: unknown, format: Format, { json }: EncodingOptions): Awaitable<Uint8Array> {
  if (format === "json") return encodeJson(value, json);
  if (format === "binary") return encodeBinary(value);
  // Taken now: the caller may change the value while the yaml codec is loading.
  const content = exactJson(value, 0, MAX_YAML_DEPTH);
  return import("./yaml.js").then(({ encodeYaml }) => encodeYaml(content));
}
