import type { Query } from "../contract/query.js";
import { ownCopy } from "../query/own-copy.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import { completeQuery, isPlainQuery } from "../query/plain-query.js";
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
  const parsed = isPlainQuery(query) ? completeQuery(query) : await parsedFor("parseQuery", query);
  return parsed === undefined ? [] : findHeaders(session, operation, below(root, parsed));
}

export async function countHeaders(
  session: Session,
  operation: Operation,
  root: string,
  query: Query,
): Promise<number> {
  // To how many there are, a page of nothing is no answer.
  const parsed = isPlainQuery(query)
    ? completeQuery({ ...query, limit: undefined })
    : await parsedFor("parseForCount", query);
  return parsed === undefined ? 0 : countMatches(session, operation, below(root, parsed));
}

/** Undefined: nothing can match. Most queries neither compare nor sort, and do without this part. Throws INVALID_OPTION. */
async function parsedFor(parse: "parseQuery" | "parseForCount", query: unknown): Promise<ParsedQuery | undefined> {
  const own = ownCopy(query);
  return (await import("../query/parse-query.js"))[parse](own);
}

function below(root: string, parsed: ParsedQuery): ParsedQuery {
  return { ...parsed, prefix: root + parsed.prefix };
}
