import type { Format, RecordHeader, Version } from "@holdfast/core";
import type { EncodedValue } from "../../dist/codec/encode-value.js";

export const MIB = 1024 * 1024;
export const FORMATS: readonly Format[] = ["json", "yaml"];

export function encoding(options: { format?: Format; compress?: boolean; json?: "compact" | "pretty" } = {}): {
  format: Format | undefined;
  compress: boolean;
  json: "compact" | "pretty";
} {
  return { format: options.format, compress: options.compress ?? false, json: options.json ?? "compact" };
}

export function headerOf(encoded: Omit<EncodedValue, "body" | "chunkHashes">): RecordHeader {
  return {
    key: "k",
    version: "000000000001-0000-000000000000" as Version,
    size: encoded.size,
    storedSize: encoded.storedSize,
    format: encoded.format,
    compression: encoded.compression,
    created: 0,
    modified: 0,
    expiration: null,
    tags: [],
    metadata: {},
    checksum: encoded.checksum,
  };
}

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

export async function collect(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return join(parts);
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
