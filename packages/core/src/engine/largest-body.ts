import type { StorageAdapter } from "../spi/index.js";

/** The largest body that comes into the backend in any way, in bytes: where it does not stream, it must be held in memory. */
export function largestBody({ capabilities: { limits }, writeStream }: StorageAdapter): number {
  return writeStream === undefined ? Math.min(limits.body, limits.bufferedBody) : limits.body;
}
