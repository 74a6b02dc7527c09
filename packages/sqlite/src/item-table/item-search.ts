import { type Hit, matchesWhere, matchTerms, type ParsedQuery, type RecordHeader, selectHits } from "@holdfast/core";
import type { Connection, SqlValue, Statement } from "../driver.js";
import { keyRange } from "./key-range.js";
import { orderBy, type PlannedQuery, planQuery } from "./query-plan.js";
import { ITEM_COLUMNS, type ItemRow, toHeader } from "./rows.js";
import { INDEXED_SQL } from "./schema.js";
import { splitTerms } from "./search-index.js";
import { inSnapshot } from "./snapshot.js";

interface CandidateRow extends ItemRow {
  /** How many of the query's terms the item has; 0 where they are still to be compared. */
  readonly exact: number;
  /** The item's own terms where they are still to be compared. */
  readonly terms: string | null;
}

/** Answers queries over the tables of `ItemTable` exactly as core's `scanQuery` would over the same items. */
export class ItemSearch {
  readonly #connection: Connection;
  readonly #lagging: () => void;
  readonly #statements = new Map<string, Statement<unknown>>();

  /** `lagging` is called by a search that had to look at items which are not in the indexes yet. */
  constructor(connection: Connection, lagging: () => void = () => undefined) {
    this.#connection = connection;
    this.#lagging = lagging;
  }

  /** What `scanQuery` of core answers over the same items. */
  query(query: ParsedQuery, now: number): RecordHeader[] {
    return this.#consistently(query, () => {
      const plan = planQuery(query, now, this.#count);
      if (plan === undefined) return [];
      const late = this.#lateHits(plan, query, now);
      if (late.length > 0) return this.#firstOfBoth(plan, query, late);
      if (isAnsweredBySql(plan, query) && !sortsByPath(query)) return this.#page(plan, query);
      // What SQL cannot sort by, or not before the terms are compared, core sorts.
      if (plan.comparesTerms || sortsByPath(query)) return selectHits(this.#hits(plan, query, ""), query);
      return this.#firstHits(plan, query);
    });
  }

  /** How many match, `limit` and `offset` aside. */
  count(query: ParsedQuery, now: number): number {
    return this.#consistently(query, () => {
      const plan = planQuery(query, now, this.#count);
      if (plan === undefined) return 0;
      let count = this.#lateHits(plan, query, now).length;
      if (isAnsweredBySql(plan, query)) {
        return count + this.#count(`SELECT count(*) AS count FROM ${plan.from} WHERE ${plan.where}`, plan.parameters);
      }
      for (const _ of this.#hits(plan, query, "")) count++;
      return count;
    });
  }

  /** On one state of the database, which a query of one statement has anyway. */
  #consistently<T>({ terms, tags }: ParsedQuery, read: () => T): T {
    return terms === undefined && tags.length === 0 ? read() : inSnapshot(this.#connection, read);
  }

  /** Items that match and are not in the indexes that the plan asks. */
  #lateHits(plan: PlannedQuery, query: ParsedQuery, now: number): Hit[] {
    const range = keyRange(query.prefix);
    if (!plan.asksIndexes || range === undefined) return [];
    const rows = this.#prepare<CandidateRow>(LATE).all(range.from, range.below, now);
    if (rows.length > 0) this.#lagging();
    return rows.flatMap((row) => {
      const exact = query.terms === undefined ? 0 : matchTerms(splitTerms(row.terms), query.terms);
      if (exact === undefined) return [];
      const header = toHeader(row);
      return hasTags(header, query) && matchesWhere(header, query.where) ? [{ header, exact }] : [];
    });
  }

  /** The page out of what the indexes find and the items that they lack. */
  #firstOfBoth(plan: PlannedQuery, query: ParsedQuery, late: readonly Hit[]): RecordHeader[] {
    const isCut = isAnsweredBySql(plan, query) && !sortsByPath(query);
    const most = Math.min(query.offset + query.limit, Number.MAX_SAFE_INTEGER);
    // Where SQL sorts as core does, no more of them can be on the page.
    const order = isCut ? ` ORDER BY ${orderBy(query.order, plan)} LIMIT ?` : "";
    return selectHits([...this.#hits(plan, query, order, isCut ? [most] : []), ...late], query);
  }

  /** SQL sorts and cuts. */
  #page(plan: PlannedQuery, { order, limit, offset }: ParsedQuery): RecordHeader[] {
    if (plan.ranked !== undefined && order.by === "rank") return this.#rankedPage(plan, plan.ranked, limit, offset);
    const sql = `SELECT ${ITEM_COLUMNS} FROM ${plan.from}${plan.joinItems} WHERE ${plan.where} ORDER BY ${orderBy(order, plan)} LIMIT ? OFFSET ?`;
    return this.#prepare<ItemRow>(sql)
      .all(...plan.parameters, limit, offset)
      .map(toHeader);
  }

  /**
   * Ranks over `bodies` alone and looks up only the items of the page. Items that have every term come first, and often
   * fill the page: then the many that merely have words starting so need not be ranked at all.
   */
  #rankedPage(
    plan: PlannedQuery,
    ranked: NonNullable<PlannedQuery["ranked"]>,
    limit: number,
    offset: number,
  ): RecordHeader[] {
    const page = (exact: string) => `
      SELECT ${ITEM_COLUMNS} FROM (
        SELECT b.key AS hit, b.modified AS age, ${exact} AS exact FROM ${plan.from} WHERE ${plan.where}
        ORDER BY exact DESC, age DESC, hit LIMIT ? OFFSET ?
      ) CROSS JOIN items i ON i.key = hit ORDER BY exact DESC, age DESC, hit`;
    if (limit < Number.MAX_SAFE_INTEGER) {
      const [, ...others] = plan.parameters;
      const best = this.#prepare<ItemRow>(page("0")).all(ranked.expression, ...others, limit, offset);
      if (best.length === limit) return best.map(toHeader);
    }
    const all = this.#prepare<ItemRow>(page(ranked.exact));
    return all.all(...ranked.parameters, ...plan.parameters, limit, offset).map(toHeader);
  }

  /** SQL sorts, the conditions are tried in that order, and the page ends the search. */
  #firstHits(plan: PlannedQuery, query: ParsedQuery): RecordHeader[] {
    const page: RecordHeader[] = [];
    if (query.limit === 0) return page;
    let skip = query.offset;
    for (const { header } of this.#hits(plan, query, ` ORDER BY ${orderBy(query.order, plan)}`)) {
      if (skip > 0) skip--;
      else if (page.push(header) === query.limit) break;
    }
    return page;
  }

  /** Candidates that meet what SQL has not asked. */
  *#hits(plan: PlannedQuery, query: ParsedQuery, order: string, last: readonly SqlValue[] = []): Generator<Hit> {
    const exact = plan.ranked?.exact ?? "0";
    const terms = plan.comparesTerms ? "b.terms" : "NULL";
    const sql = `SELECT ${ITEM_COLUMNS}, ${exact} AS exact, ${terms} AS terms FROM ${plan.from}${plan.joinItems} WHERE ${plan.where}${order}`;
    const parameters = [...(plan.ranked?.parameters ?? []), ...plan.parameters, ...last];
    for (const row of this.#prepare<CandidateRow>(sql).iterate(...parameters)) {
      const met = plan.comparesTerms ? matchTerms(splitTerms(row.terms), query.terms ?? []) : row.exact;
      if (met === undefined) continue;
      const header = toHeader(row);
      if (plan.comparesTags && !hasTags(header, query)) continue;
      if (matchesWhere(header, query.where)) yield { header, exact: met };
    }
  }

  readonly #count = (sql: string, parameters: readonly SqlValue[]): number =>
    this.#prepare<{ count: number }>(sql).get(...parameters)?.count ?? 0;

  // Queries come in few shapes; their values are always bound.
  #prepare<Row>(sql: string): Statement<Row> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement as Statement<Row>;
  }
}

const MOST_STATEMENTS = 200;

/** Living items in a range of keys whose bodies are above what the indexes reach to. */
const LATE = `SELECT ${ITEM_COLUMNS}, 0 AS exact, b.terms AS terms FROM bodies b CROSS JOIN items i ON i.key = b.key
  WHERE b.id > (${INDEXED_SQL}) AND b.key >= ? AND b.key < ? AND (b.expires IS NULL OR b.expires > ?)`;

/** Whether what SQL finds is all that is asked for. */
function isAnsweredBySql({ comparesTerms, comparesTags }: PlannedQuery, { where }: ParsedQuery): boolean {
  return !comparesTerms && !comparesTags && where.length === 0;
}

function hasTags(header: RecordHeader, { tags }: ParsedQuery): boolean {
  return tags.every((tag) => header.tags.includes(tag));
}

/** By something inside the metadata or the indexed data, which SQL does not see. */
function sortsByPath({ order }: ParsedQuery): boolean {
  return "path" in order;
}
