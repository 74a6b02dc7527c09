/** Items in flight at once, where the caller does not say. */
export const DEFAULT_CONCURRENCY = 16;

/** Runs `work` for everything that the source gives, so many at once. When one fails, no more are begun, and that failure is thrown. */
export async function concurrently<T>(
  source: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const worker = Symbol.asyncIterator in source ? asyncWorker(source, work) : syncWorker(source, work);
  const outcomes = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** The workers share one generator, which hands each value to one of them; when one throws, it ends for all. */
function asyncWorker<T>(source: AsyncIterable<T>, work: (value: T) => Promise<void>): () => Promise<void> {
  const values = generate(source);
  return async () => {
    for await (const value of values) await work(value);
  };
}

/** As above. Values that are there already take no promise each. */
function syncWorker<T>(source: Iterable<T>, work: (value: T) => Promise<void>): () => Promise<void> {
  const values = generateNow(source);
  return async () => {
    for (const value of values) await work(value);
  };
}

async function* generate<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  yield* source;
}

function* generateNow<T>(source: Iterable<T>): Generator<T> {
  yield* source;
}
