import {
  afterPrefix,
  conditionTexts,
  type Hit,
  matchesWhere,
  matchQuery,
  type ParsedQuery,
  type ReadOptions,
  type RecordHeader,
  selectHits,
} from "@holdfast/core";
import type { Connection } from "./connection.js";
import { toHeader, toWireTag, type WireHeader } from "./wire.js";

interface QueryPage {
  readonly items: readonly (readonly [header: string, created: number, exact: number])[];
  readonly has_more: boolean;
}

const PAGE = 1_000;
// More of them hardly narrow the search any further, and each term and tag is a join: to plan a thousand takes the database a minute.
const MOST_TERMS = 32;
const MOST_TAGS = 32;
const MOST_TEXTS = 32;

/** Answers queries exactly as core's `scanQuery` would over the same items. */
export class Search {
  readonly #connection: Connection;
  readonly #store: string;

  constructor(connection: Connection, store: string) {
    this.#connection = connection;
    this.#store = store;
  }

  async query(query: ParsedQuery, { now, signal }: ReadOptions): Promise<RecordHeader[]> {
    const { order, limit, offset } = query;
    if (isAskedWhole(query) && !("path" in order) && limit <= PAGE) {
      const asked = { ...common(query), ...wireOrder(query), limit, offset };
      const page = await this.#ask<QueryPage>(asked, now, signal);
      return page.items.map((item) => toHeader(item));
    }
    // What the database cannot compare or sort by, or is not asked, core does.
    const hits: Hit[] = [];
    const inOrder = order.by === "key" && !order.descending;
    for await (const hit of this.#candidates(query, now, signal)) {
      hits.push(hit);
      if (inOrder && hits.length === offset + limit) break;
    }
    return selectHits(hits, query);
  }

  /** How many match, `limit` and `offset` aside. */
  async count(query: ParsedQuery, { now, signal }: ReadOptions): Promise<number> {
    if (isAskedWhole(query)) return this.#ask<number>({ ...common(query), count: true }, now, signal);
    let count = 0;
    for await (const _ of this.#candidates(query, now, signal)) count++;
    return count;
  }

  /** All that match, in the order of their keys. */
  async *#candidates(query: ParsedQuery, now: number, signal: AbortSignal | undefined): AsyncGenerator<Hit> {
    const judge = asksAllWords(query) ? judgeWhere : judgeAll;
    for (let after: string | null = null; ; ) {
      const asked = { ...common(query), order: "key", descending: false, after, limit: PAGE, offset: 0 };
      const page: QueryPage = await this.#ask(asked, now, signal);
      for (const item of page.items) {
        const header = toHeader(item as WireHeader);
        after = header.key;
        const hit = judge({ header, exact: item[2] }, query);
        if (hit !== undefined) yield hit;
      }
      if (!page.has_more) return;
    }
  }

  #ask<T>(query: Record<string, unknown>, now: number, signal: AbortSignal | undefined): Promise<T> {
    return this.#connection.call("holdfast_query", { p_store: this.#store, p_query: query, p_now: now }, signal);
  }
}

/** Whether the database is asked for every term and tag. */
function asksAllWords({ terms = [], tags }: ParsedQuery): boolean {
  return terms.length <= MOST_TERMS && tags.length <= MOST_TAGS;
}

/** Whether what the database finds is what matches. */
function isAskedWhole(query: ParsedQuery): boolean {
  return query.where.length === 0 && asksAllWords(query);
}

function judgeWhere(found: Hit, { where }: ParsedQuery): Hit | undefined {
  return matchesWhere(found.header, where) ? found : undefined;
}

function judgeAll({ header }: Hit, query: ParsedQuery): Hit | undefined {
  return matchQuery(header, query);
}

function common({ prefix, terms: all = [], tags, where }: ParsedQuery): Record<string, unknown> {
  const terms = all.slice(0, MOST_TERMS);
  return {
    from: prefix,
    below: afterPrefix(prefix),
    terms,
    ends: terms.map(afterPrefix),
    tags: tags.slice(0, MOST_TAGS).map(toWireTag),
    // Only a header that has them is worth sending.
    texts: [...new Set(where.flatMap(conditionTexts))].slice(0, MOST_TEXTS),
  };
}

function wireOrder({ order, terms }: ParsedQuery): { order: string; descending: boolean } {
  // Without text every item meets as many terms as the next, and the rest of the rank is the same.
  if (order.by === "rank") return { order: terms === undefined ? "modified" : "rank", descending: true };
  return { order: order.by, descending: order.descending };
}
