import { StorageError } from "../errors.js";
import type { Platform } from "./platform.js";

/** Web Crypto and the Compression Streams: browsers, workers and edge runtimes. */
export const platform: Platform = {
  sha256,
  sha256Hex: async (bytes) => Array.from(await sha256(bytes), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  async gzip(bytes) {
    const pieces: Uint8Array[] = [];
    for await (const piece of through(new CompressionStream("gzip"), bytes)) pieces.push(piece);
    return joined(pieces);
  },
  async gunzip(bytes, size) {
    const inflated = new Uint8Array(size);
    let filled = 0;
    for await (const piece of through(new DecompressionStream("gzip"), bytes)) {
      if (filled + piece.length > size) throw new Error(`inflates to more than ${size} bytes`);
      inflated.set(piece, filled);
      filled += piece.length;
    }
    if (filled < size) throw new Error(`inflates to ${filled} bytes instead of ${size}`);
    return inflated;
  },
};

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  // Absent on pages that are not served over https or from localhost.
  const subtle: SubtleCrypto | undefined = crypto.subtle;
  if (subtle === undefined) {
    throw new StorageError("UNSUPPORTED", "there is no Web Crypto here: serve the page over https, or from localhost");
  }
  return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** What comes out of a (de)compressor, read by hand: not every browser's streams can be iterated. */
async function* through(stream: GenericTransformStream, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const writer = stream.writable.getWriter();
  // Both may reject when the reading below stops early, which has an error of its own.
  const written = Promise.allSettled([writer.write(bytes), writer.close()]);
  const reader: ReadableStreamDefaultReader<Uint8Array> = stream.readable.getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      yield value as Uint8Array;
    await written;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
