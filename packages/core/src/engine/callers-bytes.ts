import { isBytes } from "../codec/binary.js";
import type { ByteSource } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";
import { CallerError } from "./failure.js";
import { untilAborted } from "./until-aborted.js";

/** Throws INVALID_VALUE for what `callersBytes` cannot read from. */
export function checkSource(source: unknown): asserts source is ByteSource {
  const isObject = typeof source === "object" && source !== null;
  if (!isObject || !("getReader" in source || Symbol.asyncIterator in source)) {
    throw new StorageError("INVALID_VALUE", "saveStream takes a ReadableStream or an async iterable of Uint8Arrays");
  }
  if ("locked" in source && source.locked === true) {
    throw new StorageError("INVALID_VALUE", "the stream is locked: somebody else is reading from it");
  }
}

/**
 * The caller's source as one kind of iterable. Its errors come out as they are; it is cancelled when reading stops early,
 * or before it has begun, or the signal fires, also while it keeps us waiting. Throws INVALID_VALUE for what is no bytes.
 */
export function callersBytes(source: ByteSource, signal: AbortSignal | undefined): AsyncIterableIterator<Uint8Array> {
  const bytes = bytesOf(source, signal);
  let begun = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      begun = true;
      return bytes.next();
    },
    return() {
      // A generator that was never begun would not pass it on.
      if (!begun) void Promise.allSettled([letGo(source)]);
      return bytes.return(undefined);
    },
  };
}

async function* bytesOf(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const reading = await readerOf(source);
  let finished = false;
  try {
    for (let index = 0; ; index++) {
      signal?.throwIfAborted();
      const { done, value } = await untilAborted(reading.next(), signal);
      if (done) {
        finished = true;
        return;
      }
      if (!isBytes(value)) {
        throw new StorageError("INVALID_VALUE", `chunk ${index} of the stream is not a Uint8Array`);
      }
      yield value;
    }
  } catch (error) {
    finished = error instanceof CallerError;
    throw error;
  } finally {
    // Not waited for: a source that hangs would keep its caller waiting.
    if (!finished) void Promise.allSettled([reading.cancel()]);
  }
}

async function letGo(source: ByteSource): Promise<void> {
  const { cancel } = await readerOf(source);
  await cancel();
}

interface Reading {
  readonly next: () => Promise<{ done: boolean | undefined; value: unknown }>;
  readonly cancel: () => Promise<unknown>;
}

/** Its functions reject with CallerErrors. */
function readerOf(source: ByteSource): Promise<Reading> {
  return theirs(() => {
    const iterator = iteratorOf(source);
    const next = async () => {
      const { done, value } = await iterator.next();
      return { done, value };
    };
    return { next: () => theirs(next), cancel: () => theirs(async () => iterator.return?.()) };
  });
}

function iteratorOf(source: ByteSource): AsyncIterator<unknown> {
  if (!("getReader" in source)) return source[Symbol.asyncIterator]();
  // Before iteration, which not every browser's streams have.
  const reader = source.getReader();
  return {
    next: async () => (await reader.read()) as IteratorResult<unknown>,
    return: async () => ({ done: true, value: await reader.cancel() }),
  };
}

/** Calls the caller's code, whose errors come out as they went in. */
async function theirs<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new CallerError(error);
  }
}
