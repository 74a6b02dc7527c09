import type { ListRange, RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";

const PAGE = 1_000;

/** The living headers of a range, a page at a time. `now` is that of the call unless it is given. */
export async function* headersBelow(
  session: Session,
  operation: Operation,
  { prefix, after, limit }: ListRange,
  now: number = session.now(),
): AsyncGenerator<RecordHeader[]> {
  // No key has half of a surrogate pair, so none starts with one.
  if (!prefix.isWellFormed()) return;
  const { signal } = operation;
  let from = after;
  for (let left = limit; left > 0; ) {
    signal?.throwIfAborted();
    const range = { prefix, after: from, limit: Math.min(left, PAGE) };
    const page = await session.ask(operation, () => session.adapter.list(range, { now, signal }));
    if (page.length > 0) yield page;
    if (page.length < range.limit) return;
    left -= page.length;
    from = page.at(-1)?.key;
  }
}
