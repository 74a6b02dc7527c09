import type { Awaitable } from "../spi/index.js";

/** What the codecs need of the platform, each by its fastest means. Synchronous where the platform is. */
export interface Platform {
  sha256(bytes: Uint8Array): Awaitable<Uint8Array>;
  /** As lower-case hex. */
  sha256Hex(bytes: Uint8Array): Awaitable<string>;
  gzip(bytes: Uint8Array): Awaitable<Uint8Array>;
  /** Inflates to exactly `size` bytes; throws, without inflating more than that, when there are more or fewer. */
  gunzip(bytes: Uint8Array, size: number): Awaitable<Uint8Array>;
}
