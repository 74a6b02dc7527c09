import type { OperationEvent } from "../contract/operations.js";
import type { Awaitable } from "../spi/index.js";

/**
 * What Node and the web do in different ways. The `imports` map of this package picks one for `#platform`: `node.ts`
 * works synchronously on small values, `web.ts` runs wherever Web Crypto and Compression Streams are. What one
 * compresses the other reads.
 */
export interface Platform {
  /** SHA-256 in lower-case hex. */
  sha256(bytes: Uint8Array): Awaitable<string>;

  /** The result shares no memory with `bytes`, which must not change meanwhile. */
  gzip(bytes: Uint8Array): Awaitable<Uint8Array>;

  /**
   * Bounded: throws once there are more than `size` bytes, and for bytes that are not gzip, in the platform's own words.
   * Fewer than `size` bytes are the caller's to notice.
   */
  gunzip(bytes: Uint8Array, size: number): Awaitable<Uint8Array>;

  /**
   * Both read only as fast as they are read, hold a bounded number of bytes, and return the source when they are done or
   * returned. Errors of the source come out as they are; bytes that are not gzip fail in the platform's own words.
   */
  gzipStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  gunzipStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;

  /** Where the events of operations are published for whoever listens in this process. Undefined where there is none. */
  operationChannel(): OperationChannel | undefined;
}

export interface OperationChannel {
  readonly hasSubscribers: boolean;
  /** An error that a subscriber throws is reported as uncaught. */
  publish(event: OperationEvent): void;
}
