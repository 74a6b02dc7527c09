// Deflate makes at most 1,032 bytes of one, so a step makes at most 32 MiB before somebody counts them.
const STEP = 32 * 1024;

// The byte in which a gzip header names the operating system (RFC 1952, section 2.3.1), and its value for "unknown".
const SYSTEM_OFFSET = 9;
const SYSTEM_UNKNOWN = 255;

/** Cuts what goes into a compressor or an inflater, so that what comes out for each cut is bounded. */
export function* inSteps(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += STEP) yield bytes.subarray(start, start + STEP);
}

/** Takes the operating system out of gzip data, in place, so that equal values have equal bytes wherever they are saved. */
export function withoutSystem(gzip: Uint8Array): Uint8Array {
  gzip[SYSTEM_OFFSET] = SYSTEM_UNKNOWN;
  return gzip;
}

export async function* streamWithoutSystem(gzip: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start = 0;
  for await (const part of gzip) {
    const offset = SYSTEM_OFFSET - start;
    if (offset >= 0 && offset < part.length) part[offset] = SYSTEM_UNKNOWN;
    start += part.length;
    yield part;
  }
}
