import type { RecordHeader } from "../spi/records.js";
import { matchQuery } from "./match.js";
import { compareHits } from "./order.js";
import type { ParsedQuery } from "./parsed-query.js";
import type { Hit } from "./rank.js";

/** Headers, one after the other, from wherever they come. */
export type HeaderSource = Iterable<RecordHeader> | AsyncIterable<RecordHeader>;

/**
 * Answers a query by looking at every header: the reference for every native index, and the search of backends that have
 * none. Give it living headers with distinct keys, in any order. Holds at most about twice `offset + limit` of them.
 */
export async function scanQuery(headers: HeaderSource, query: ParsedQuery): Promise<RecordHeader[]> {
  const selection = new Selection(query);
  for await (const header of headers) {
    const hit = matchQuery(header, query);
    if (hit !== undefined) selection.add(hit);
  }
  return selection.page();
}

/** How many headers match, `limit` and `offset` aside. */
export async function countQuery(headers: HeaderSource, query: ParsedQuery): Promise<number> {
  let count = 0;
  for await (const header of headers) if (matchQuery(header, query) !== undefined) count++;
  return count;
}

/** Sorts and pages what an index has found. Holds at most about twice `offset + limit` hits. */
export function selectHits(hits: Iterable<Hit>, query: ParsedQuery): RecordHeader[] {
  const selection = new Selection(query);
  for (const hit of hits) selection.add(hit);
  return selection.page();
}

/** The first `offset + limit` of the hits added. */
class Selection {
  readonly #compare: (a: Hit, b: Hit) => number;
  readonly #offset: number;
  readonly #end: number;
  readonly #hits: Hit[] = [];

  constructor({ order, offset, limit }: ParsedQuery) {
    this.#compare = compareHits(order);
    this.#offset = offset;
    this.#end = offset + limit;
  }

  add(hit: Hit): void {
    // Sorting once per `end` hits costs each hit a logarithm; there is no need for a heap.
    if (this.#hits.push(hit) > 2 * this.#end) this.#truncate();
  }

  page(): RecordHeader[] {
    this.#truncate();
    return this.#hits.slice(this.#offset).map((hit) => hit.header);
  }

  #truncate(): void {
    this.#hits.sort(this.#compare);
    if (this.#hits.length > this.#end) this.#hits.length = this.#end;
  }
}
