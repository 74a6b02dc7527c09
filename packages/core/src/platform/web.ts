import { StorageError } from "../errors.js";
import { toHex } from "../hex.js";
import { inSteps, streamWithoutSystem } from "./gzip.js";
import type { Platform } from "./platform.js";

/** Web Crypto and the Compression Streams: browsers, workers and edge runtimes. */
export const platform: Platform = {
  async sha256(bytes) {
    // Absent on pages that are not served over https or from localhost, whatever the type says.
    const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
    if (subtle === undefined) {
      throw new StorageError(
        "UNSUPPORTED",
        "there is no Web Crypto here: serve the page over https, or from localhost",
      );
    }
    return toHex(new Uint8Array(await subtle.digest("SHA-256", asBufferSource(bytes))));
  },

  gzip: (bytes) => collect(platform.gzipStream(only(bytes)), Number.POSITIVE_INFINITY),
  gunzip: (bytes, size) => collect(platform.gunzipStream(only(bytes)), size),
  gzipStream: (source) => streamWithoutSystem(through(source, () => new CompressionStream("gzip"))),
  gunzipStream: (source) => through(source, () => new DecompressionStream("gzip")),

  operationChannel: () => ({ hasSubscribers: false, publish: ignore }),
};

/** Step by step: the source is asked for more only when all that came before has been handed on. */
async function* through(
  source: AsyncIterable<Uint8Array>,
  create: () => CompressionStream | DecompressionStream,
): AsyncGenerator<Uint8Array> {
  if (typeof DecompressionStream === "undefined") {
    throw new StorageError("UNSUPPORTED", "there are no Compression Streams here: save with compress: false");
  }
  const { readable, writable } = create();
  const writer = writable.getWriter();
  const reader = readable.getReader();
  // The same failure shows where it is read.
  writer.closed.catch(ignore);
  let reading = reader.read();
  try {
    for await (const bytes of source) {
      for (const step of inSteps(bytes)) {
        const writing = writer.write(asBufferSource(step)).catch(ignore);
        for (let part = await firstOf(reading, writing); part; part = await firstOf(reading, writing)) {
          if (part.done) throw new Error("there are bytes after the end of the gzip data");
          yield part.value;
          reading = reader.read();
        }
      }
    }
    writer.close().catch(ignore);
    for (let part = await reading; !part.done; part = await reader.read()) yield part.value;
  } finally {
    reading.catch(ignore);
    await reader.cancel().catch(ignore);
  }
}

/** The next part, or nothing when the step has been worked off without one. Rejects when the transform has failed. */
function firstOf<T>(reading: Promise<T>, writing: Promise<unknown>): Promise<T | undefined> {
  return Promise.race([reading, writing.then(() => undefined)]);
}

function ignore(): undefined {
  return undefined;
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > limit) throw new RangeError(`there are more than ${limit} bytes in it`);
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Bodies never stand on shared memory, which is what the type asks to have ruled out. */
function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
