import type { ListRange, RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import type { Session } from "./session.js";

/** Headers that are asked for at once. */
export const PAGE = 1_000;

/** Every living header below a prefix. */
export async function* everyHeader(
  session: Session,
  operation: Operation,
  prefix: string,
): AsyncGenerator<RecordHeader> {
  const range = { prefix, after: undefined, limit: Number.MAX_SAFE_INTEGER };
  for await (const page of headersBelow(session, operation, range)) yield* page;
}

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
    const range = { prefix, after: from, limit: Math.min(left, PAGE) };
    const page = await session.ask(operation, () => session.adapter.list(range, { now, signal }));
    if (page.length > 0) yield page;
    if (page.length < range.limit) return;
    left -= page.length;
    from = page.at(-1)?.key;
  }
}
