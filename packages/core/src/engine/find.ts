import type { ParsedQuery } from "../query/parsed-query.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { everyHeader } from "./scan.js";
import type { Session } from "./session.js";

// Adapters that have an index never need it.
const scanning = () => import("../query/scan-query.js");

/** What a query finds: by the adapter's index, or by looking at every header. */
export function findHeaders(session: Session, operation: Operation, query: ParsedQuery): Awaitable<RecordHeader[]> {
  const { adapter } = session;
  const find = adapter.query?.bind(adapter);
  if (find === undefined) {
    return scanning().then(({ scanQuery }) => scanQuery(everyHeader(session, operation, query.prefix), query));
  }
  const options = { now: session.now(), signal: operation.signal };
  return session.ask(operation, () => find(query, options));
}

/** How many match, `limit` and `offset` aside. */
export function countMatches(session: Session, operation: Operation, query: ParsedQuery): Awaitable<number> {
  const { adapter } = session;
  const count = adapter.count?.bind(adapter);
  if (count === undefined) {
    return scanning().then(({ countQuery }) => countQuery(everyHeader(session, operation, query.prefix), query));
  }
  const options = { now: session.now(), signal: operation.signal };
  return session.ask(operation, () => count(query, options));
}
