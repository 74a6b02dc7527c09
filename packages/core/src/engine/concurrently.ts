/** Runs `work` for everything that the source gives, so many at once. When one fails, no more are begun, and that failure is thrown. */
export async function concurrently<T>(
  source: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const values = generate(source);
  const worker = async () => {
    for await (const value of values) await work(value);
  };
  // The workers share one generator, which hands each value to one of them; when one throws, it ends for all.
  const outcomes = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function* generate<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* source;
}
