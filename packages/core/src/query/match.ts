import type { RecordHeader } from "../spi/records.js";
import { matchTerms } from "./match-terms.js";
import type { ParsedQuery } from "./parsed-query.js";
import type { Hit } from "./rank.js";
import { termsOf } from "./terms.js";
import { matchesWhere } from "./where.js";

/** The rule itself, for one living record: what it is found as, or undefined. */
export function matchQuery(header: RecordHeader, query: ParsedQuery): Hit | undefined {
  if (!header.key.startsWith(query.prefix)) return undefined;
  if (!matchesTags(header.tags, query.tags) || !matchesWhere(header, query.where)) return undefined;
  const exact = query.terms === undefined ? 0 : matchTerms(termsOf(header), query.terms);
  return exact === undefined ? undefined : { header, exact };
}

function matchesTags(recordTags: readonly string[], queryTags: readonly string[]): boolean {
  return queryTags.every((tag) => recordTags.includes(tag));
}
