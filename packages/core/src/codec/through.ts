/**
 * What comes out of a transform stream, such as a compressor, that a source is pumped through. Errors of the source come
 * out as they are; when the consumer stops early, the source is told.
 */
export async function* through(
  transform: GenericTransformStream,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pumping = pump(source, transform.writable);
  const reader: ReadableStreamDefaultReader<Uint8Array> = transform.readable.getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      yield value as Uint8Array;
    await pumping;
  } catch (error) {
    // The transform's own end may hide what the source failed with.
    await pumping;
    throw error;
  } finally {
    await Promise.allSettled([reader.cancel(), pumping]);
  }
}

/** Rejects only with an error of the source; the transform's own shows where it is read. */
async function pump(source: AsyncIterable<Uint8Array>, sink: WritableStream<Uint8Array>): Promise<void> {
  const writer = sink.getWriter();
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await iterator.next();
    } catch (error) {
      await Promise.allSettled([writer.abort(error)]);
      throw error;
    }
    const passed = await accepted(next.done ? writer.close() : writer.write(next.value));
    if (next.done) return;
    if (!passed) {
      await iterator.return?.();
      return;
    }
  }
}

/** False: the transform has failed, or nobody reads from it any more. */
async function accepted(writing: Promise<void>): Promise<boolean> {
  const [outcome] = await Promise.allSettled([writing]);
  return outcome.status === "fulfilled";
}
