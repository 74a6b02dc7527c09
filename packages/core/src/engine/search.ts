import type { Query } from "../contract/query.js";
import { parseQuery } from "../query/parse-query.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import { countQuery, scanQuery } from "../query/scan-query.js";
import type { RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { headersBelow } from "./scan.js";
import type { Session } from "./session.js";

/** What a query finds below `root`: from the adapter's index, or by the reference scan. */
export async function searchHeaders(
  session: Session,
  operation: Operation,
  root: string,
  query: Query,
): Promise<RecordHeader[]> {
  const parsed = parseBelow(root, query);
  if (parsed === undefined) return [];
  const { adapter } = session;
  const options = { now: session.now(), signal: operation.signal };
  return adapter.query === undefined
    ? scanQuery(everyHeader(session, operation, parsed.prefix), parsed)
    : session.ask(operation, () => adapter.query?.(parsed, options) ?? []);
}

export async function countHeaders(
  session: Session,
  operation: Operation,
  root: string,
  query: Query,
): Promise<number> {
  // A page of nothing is no answer to how many there are.
  const parsed = parseBelow(root, query) ?? (query.limit === 0 ? parseBelow(root, { ...query, limit: 1 }) : undefined);
  if (parsed === undefined) return 0;
  const { adapter } = session;
  const options = { now: session.now(), signal: operation.signal };
  return adapter.count === undefined
    ? countQuery(everyHeader(session, operation, parsed.prefix), parsed)
    : session.ask(operation, () => adapter.count?.(parsed, options) ?? 0);
}

/** Undefined: nothing can match. */
function parseBelow(root: string, query: Query): ParsedQuery | undefined {
  const parsed = parseQuery(query);
  return parsed === undefined ? undefined : { ...parsed, prefix: root + parsed.prefix };
}

async function* everyHeader(session: Session, operation: Operation, prefix: string): AsyncGenerator<RecordHeader> {
  const range = { prefix, after: undefined, limit: Number.MAX_SAFE_INTEGER };
  for await (const page of headersBelow(session, operation, range)) yield* page;
}
