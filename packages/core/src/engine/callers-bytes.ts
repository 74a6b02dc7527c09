import { isBytes } from "../codec/binary.js";
import type { ByteSource } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";
import { CallerError } from "./failure.js";

/**
 * The caller's source as one kind of iterable. Its errors come out as they are; it is cancelled when reading stops early
 * or the signal fires, also while it keeps us waiting. Throws INVALID_VALUE for what is no source or no bytes.
 */
export async function* callersBytes(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const reading = readerOf(source);
  let finished = false;
  try {
    for (let index = 0; ; index++) {
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

interface Reading {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  cancel(): Promise<unknown>;
}

function readerOf(source: unknown): Reading {
  if (typeof source === "object" && source !== null) {
    // Before iteration, which not every browser's streams have.
    if ("getReader" in source) {
      const reader = (source as ReadableStream<unknown>).getReader();
      return { next: () => theirs(reader.read()), cancel: () => reader.cancel() };
    }
    if (Symbol.asyncIterator in source) {
      const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      return { next: () => theirs(iterator.next()), cancel: async () => iterator.return?.() };
    }
  }
  throw new StorageError("INVALID_VALUE", "saveStream takes a ReadableStream or an async iterable of Uint8Arrays");
}

async function theirs<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw new CallerError(error);
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const end = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(end);
  });
}
