import { compareKeys } from "../keys.js";

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
