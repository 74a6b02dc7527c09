import { hash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip, gzipSync } from "node:zlib";
import type { Platform } from "./platform.js";

// Up to here a call takes less time than handing it to another thread and waiting for the answer.
const SYNCHRONOUS = 64 * 1024;

const gzipAside = promisify(gzip);
const gunzipAside = promisify(gunzip);

/** node:crypto and node:zlib: synchronous, and many times faster than Web Crypto for small values. */
export const platform: Platform = {
  sha256: (bytes) => hash("sha256", bytes, "buffer"),
  sha256Hex: (bytes) => hash("sha256", bytes, "hex"),
  gzip: (bytes) => (bytes.length <= SYNCHRONOUS ? gzipSync(bytes) : gzipAside(bytes)),
  gunzip(bytes, size) {
    // One byte more than promised is one too many.
    const options = { maxOutputLength: size + 1 };
    if (size <= SYNCHRONOUS) return exactly(size, gunzipSync(bytes, options));
    return gunzipAside(bytes, options).then((inflated) => exactly(size, inflated));
  },
};

function exactly(size: number, inflated: Uint8Array): Uint8Array {
  if (inflated.length !== size) throw new Error(`inflates to ${inflated.length} bytes instead of ${size}`);
  // Not a Buffer, which behaves differently; and not a view of a larger allocation.
  return new Uint8Array(inflated);
}
