import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/records.js";
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

/**
 * How many of the query's terms equal a term of the record; undefined when one of them starts none.
 * `recordTerms` in code-point order, as `termsOf` gives them.
 */
export function matchTerms(recordTerms: readonly string[], queryTerms: readonly string[]): number | undefined {
  let exact = 0;
  for (const term of queryTerms) {
    const found = firstFrom(recordTerms, term);
    if (found === undefined || !found.startsWith(term)) return undefined;
    if (found === term) exact++;
  }
  return exact;
}

function matchesTags(recordTags: readonly string[], queryTags: readonly string[]): boolean {
  return queryTags.every((tag) => recordTags.includes(tag));
}

/** The first of the sorted terms that is not below `term`; all that start with `term` follow from there. */
function firstFrom(terms: readonly string[], term: string): string | undefined {
  let low = 0;
  let high = terms.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(terms[middle] ?? "", term) < 0) low = middle + 1;
    else high = middle;
  }
  return terms[low];
}
