import { StorageError } from "../errors.js";
import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { PAGE } from "./scan.js";
import type { Session } from "./session.js";

/**
 * As `headersBelow`, past the headers that the adapter finds damaged: for who wants to know of all that is wrong. `met` is told of each of
 * them, by the key that the adapter named.
 */
export async function* readableHeaders(
  session: Session,
  operation: Operation,
  prefix: string,
  met: (key: string, error: StorageError) => void,
): AsyncGenerator<RecordHeader[]> {
  if (!prefix.isWellFormed()) return;
  const { signal } = operation;
  const now = session.now();
  let after: string | undefined;
  let limit = PAGE;
  for (;;) {
    const range = { prefix, after, limit };
    let page: RecordHeader[];
    try {
      page = await session.ask(operation, () => session.adapter.list(range, { now, signal }));
    } catch (error) {
      const key = damagedKey(error, after);
      if (key === undefined) throw error;
      if (limit === 1) {
        met(key, error as StorageError);
        after = key;
      }
      // What stands before it in its page comes one by one.
      limit = 1;
      continue;
    }
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    after = page.at(-1)?.key;
    limit = Math.min(PAGE, limit * 2);
  }
}

/** Undefined unless it is one behind `after`: to go on from any other would come to no end. */
function damagedKey(error: unknown, after: string | undefined): string | undefined {
  if (!StorageError.is(error, "CORRUPT") || error.key === undefined) return undefined;
  return after === undefined || compareKeys(error.key, after) > 0 ? error.key : undefined;
}
