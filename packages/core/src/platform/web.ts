import { toHex } from "../hex.js";
import { asBufferSource } from "./buffer-source.js";
import type { Platform } from "./platform.js";
import { subtle } from "./subtle.js";

// Most stores of a page compress nothing.
const compression = () => import("./compression-streams.js");

/** Web Crypto and the Compression Streams: browsers, workers and edge runtimes. */
export const platform: Platform = {
  async sha256(bytes) {
    return toHex(new Uint8Array(await subtle().digest("SHA-256", asBufferSource(bytes))));
  },

  gzip: async (bytes) => (await compression()).gzip(bytes),
  gunzip: async (bytes, size) => (await compression()).gunzip(bytes, size),

  async *gzipStream(source) {
    yield* (await compression()).gzipStream(source);
  },

  async *gunzipStream(source) {
    yield* (await compression()).gunzipStream(source);
  },

  operationChannel: () => undefined,
};
