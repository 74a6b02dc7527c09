import { StorageError } from "../errors.js";
import { asBufferSource } from "./buffer-source.js";
import { inSteps, streamWithoutSystem } from "./gzip.js";

// As `Platform` says of each.

export function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return collect(gzipStream(only(bytes)), Number.POSITIVE_INFINITY);
}

export function gunzip(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  return collect(gunzipStream(only(bytes)), size);
}

export function gzipStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return streamWithoutSystem(through(source, () => new CompressionStream("gzip")));
}

export function gunzipStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return through(source, () => new DecompressionStream("gzip"));
}

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
