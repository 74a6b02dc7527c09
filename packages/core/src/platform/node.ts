import { hash } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import {
  createGunzip,
  createGzip,
  type Gunzip,
  type Gzip,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  type ZlibOptions,
} from "node:zlib";
import { inSteps, streamWithoutSystem, withoutSystem } from "./gzip.js";
import type { Platform } from "./platform.js";

// Up to here the event loop is held for about a millisecond; a hop to the thread pool and back costs a tenth of that.
const SYNC_LIMIT = 32 * 1024;
const LEAST_CHUNK = 64;
const LARGEST_CHUNK = 256 * 1024;

/** node:crypto and node:zlib: synchronous, and many times faster than Web Crypto for small values. */
export const platform: Platform = {
  sha256: (bytes) => hash("sha256", bytes, "hex"),

  gzip(bytes) {
    // The most that gzip makes of it, so that the result is found in one buffer.
    const options = { chunkSize: chunkFor(bytes.length + (bytes.length >> 8) + LEAST_CHUNK) };
    if (bytes.length <= SYNC_LIMIT) return withoutSystem(owned(gzipSync(bytes, options)));
    return called((done) => gzip(bytes, options, done)).then((zipped) => withoutSystem(owned(zipped)));
  },

  gunzip(bytes, size) {
    const options: ZlibOptions = { chunkSize: chunkFor(size + 1), maxOutputLength: Math.max(1, size) };
    if (Math.max(bytes.length, size) <= SYNC_LIMIT) return owned(gunzipSync(bytes, options));
    return called((done) => gunzip(bytes, options, done)).then(owned);
  },

  gzipStream: (source) => streamWithoutSystem(through(source, createGzip)),
  gunzipStream: (source) => through(source, () => createGunzip({ chunkSize: LARGEST_CHUNK })),

  operationChannel: () => channel("holdfast:operation"),
};

async function* through(source: AsyncIterable<Uint8Array>, create: () => Gzip | Gunzip): AsyncGenerator<Uint8Array> {
  const engine = create();
  let made: Uint8Array[] = [];
  engine.on("data", (part: Buffer) => made.push(part));
  // Each call below waits for its own error; one that came between two of them must not be an uncaught one.
  engine.on("error", () => undefined);
  try {
    for await (const bytes of source) {
      for (const step of inSteps(bytes)) {
        await written(engine, step);
        const parts = made;
        made = [];
        yield* parts;
      }
    }
    await ended(engine);
    yield* made;
  } finally {
    engine.destroy();
  }
}

/** Resolves when all that the step makes has been made. */
function written(engine: Gzip | Gunzip, step: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // On damaged data the callback of `write` is never called; and data that goes on behind its end ends the engine.
    const onEnd = () => reject(new Error("there are bytes after the end of the gzip data"));
    engine.once("error", reject).once("end", onEnd);
    engine.write(step, (error) => {
      engine.off("error", reject).off("end", onEnd);
      if (error) reject(error);
      else resolve();
    });
  });
}

function ended(engine: Gzip | Gunzip): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.once("error", reject).once("end", resolve).end();
  });
}

function called(start: (done: (error: Error | null, result: Buffer) => void) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function chunkFor(length: number): number {
  return Math.min(Math.max(length, LEAST_CHUNK), LARGEST_CHUNK);
}

/** A plain Uint8Array on memory of its own: a Buffer may be part of a pool, or of a chunk much larger than itself. */
function owned(bytes: Buffer): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}
