import {
  afterPrefix,
  conditionTexts,
  type Hit,
  matchesWhere,
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

/** Answers queries exactly as core's `scanQuery` would over the same items. */
export class Search {
  readonly #connection: Connection;
  readonly #store: string;

  constructor(connection: Connection, store: string) {
    this.#connection = connection;
    this.#store = store;
  }

  async query(query: ParsedQuery, { now, signal }: ReadOptions): Promise<RecordHeader[]> {
    const { where, order, limit, offset } = query;
    if (where.length === 0 && !("path" in order) && limit <= PAGE) {
      const asked = { ...common(query), ...wireOrder(query), limit, offset };
      const page = await this.#ask<QueryPage>(asked, now, signal);
      return page.items.map((item) => toHeader(item));
    }
    // What the database cannot compare or sort by, core does.
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
    if (query.where.length === 0) return this.#ask<number>({ ...common(query), count: true }, now, signal);
    let count = 0;
    for await (const _ of this.#candidates(query, now, signal)) count++;
    return count;
  }

  /** All that match, in the order of their keys. */
  async *#candidates(query: ParsedQuery, now: number, signal: AbortSignal | undefined): AsyncGenerator<Hit> {
    for (let after: string | null = null; ; ) {
      const asked = { ...common(query), order: "key", descending: false, after, limit: PAGE, offset: 0 };
      const page: QueryPage = await this.#ask(asked, now, signal);
      for (const item of page.items) {
        const header = toHeader(item as WireHeader);
        after = header.key;
        if (matchesWhere(header, query.where)) yield { header, exact: item[2] };
      }
      if (!page.has_more) return;
    }
  }

  #ask<T>(query: Record<string, unknown>, now: number, signal: AbortSignal | undefined): Promise<T> {
    return this.#connection.call("holdfast_query", { p_store: this.#store, p_query: query, p_now: now }, signal);
  }
}

function common({ prefix, terms = [], tags, where }: ParsedQuery): Record<string, unknown> {
  return {
    from: prefix,
    below: afterPrefix(prefix),
    terms,
    ends: terms.map(afterPrefix),
    tags: tags.map(toWireTag),
    // Only a header that has them is worth sending.
    texts: where.flatMap(conditionTexts),
  };
}

function wireOrder({ order, terms }: ParsedQuery): { order: string; descending: boolean } {
  // Without text every item meets as many terms as the next, and the rest of the rank is the same.
  if (order.by === "rank") return { order: terms === undefined ? "modified" : "rank", descending: true };
  return { order: order.by, descending: order.descending };
}
