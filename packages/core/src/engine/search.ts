import type { Query } from "../contract/query.js";
import { parseForCount, parseQuery } from "../query/parse-query.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import type { RecordHeader } from "../spi/index.js";
import type { Operation } from "./failure.js";
import { countMatches, findHeaders } from "./find.js";
import type { Session } from "./session.js";

/** What a query finds below `root`. */
export async function searchHeaders(
  session: Session,
  operation: Operation,
  root: string,
  query: Query,
): Promise<RecordHeader[]> {
  const parsed = below(root, parseQuery(query));
  return parsed === undefined ? [] : findHeaders(session, operation, parsed);
}

export async function countHeaders(
  session: Session,
  operation: Operation,
  root: string,
  query: Query,
): Promise<number> {
  const parsed = below(root, parseForCount(query));
  return parsed === undefined ? 0 : countMatches(session, operation, parsed);
}

/** Undefined: nothing can match. */
function below(root: string, parsed: ParsedQuery | undefined): ParsedQuery | undefined {
  return parsed === undefined ? undefined : { ...parsed, prefix: root + parsed.prefix };
}
