import type { Found } from "../contract/collection.js";
import { concurrently } from "../engine/concurrently.js";
import type { Operation } from "../engine/failure.js";
import { countMatches, findHeaders } from "../engine/find.js";
import { toItem } from "../engine/items.js";
import { matchQuery } from "../query/match.js";
import type { ParsedQuery } from "../query/parsed-query.js";
import type { Hit } from "../query/rank.js";
import { selectHits } from "../query/scan-query.js";
import type { RecordHeader } from "../spi/index.js";
import type { OutdatedItems } from "./outdated-items.js";
import { readStanding, type Scope } from "./scope.js";
import { upgrade } from "./upgrade.js";
import { marksOf } from "./write-data.js";

const READ_AT_ONCE = 16;
const NONE: ReadonlySet<string> = new Set();

/** Reads an item by its key in the store, upgraded. */
export type Read = (operation: Operation, path: string) => Promise<{ header: RecordHeader; data: unknown } | undefined>;

/** What a query on a collection finds, judged as if every item were as the code writes it. */
export class DataSearch {
  readonly #scope: Scope;
  readonly #outdated: OutdatedItems;
  readonly #read: Read;

  constructor(scope: Scope, outdated: OutdatedItems, read: Read) {
    this.#scope = scope;
    this.#outdated = outdated;
    this.#read = read;
  }

  async search(operation: Operation, query: ParsedQuery): Promise<Found<unknown>[]> {
    const headers = await this.#headers(operation, query);
    const found: (Found<unknown> | undefined)[] = [];
    await concurrently(headers.entries(), READ_AT_ONCE, async ([place, header]) => {
      found[place] = await this.#found(operation, query, header);
    });
    return found.filter((each) => each !== undefined);
  }

  async count(operation: Operation, query: ParsedQuery): Promise<number> {
    const outdated = await this.#outdatedFor(operation, query);
    if (outdated.size === 0) return countMatches(this.#scope.internals.session, operation, query);
    const all = { ...query, offset: 0, limit: Number.MAX_SAFE_INTEGER };
    return (await this.#hits(operation, all, outdated)).length;
  }

  async #headers(operation: Operation, query: ParsedQuery): Promise<RecordHeader[]> {
    const outdated = await this.#outdatedFor(operation, query);
    if (outdated.size === 0) return findHeaders(this.#scope.internals.session, operation, query);
    return selectHits(await this.#hits(operation, query, outdated), query);
  }

  /** Queries that do not ask for data find outdated items like any other. */
  async #outdatedFor(operation: Operation, { terms, where, order }: ParsedQuery): Promise<ReadonlySet<string>> {
    const asksForData = terms !== undefined || order.by === "fields" || where.some(({ source }) => source === "fields");
    return asksForData ? this.#outdated.find(operation) : NONE;
  }

  /** What may stand on the page: of the items that are up to date by their headers, of the others by their upgraded data. */
  async #hits(operation: Operation, query: ParsedQuery, outdated: ReadonlySet<string>): Promise<Hit[]> {
    const { session } = this.#scope.internals;
    // Outdated items may be among what the headers tell, and take places there.
    const limit = Math.min(Number.MAX_SAFE_INTEGER, query.offset + query.limit + outdated.size);
    const headers = await findHeaders(session, operation, { ...query, offset: 0, limit });
    const hits = headers.flatMap((header) => (outdated.has(header.key) ? [] : (matchQuery(header, query) ?? [])));
    await concurrently(outdated, READ_AT_ONCE, async (path) => {
      const hit = await this.#judged(operation, query, path);
      if (hit !== undefined) hits.push(hit);
    });
    return hits;
  }

  async #judged(operation: Operation, query: ParsedQuery, path: string): Promise<Hit | undefined> {
    const record = await readStanding(this.#scope, operation, path);
    // What metadata, tags and key rule out need not be upgraded.
    const aside = { ...query, terms: undefined, where: query.where.filter(({ source }) => source === "metadata") };
    if (record === undefined || matchQuery(record.header, aside) === undefined) return undefined;
    const { data } = await upgrade(this.#scope, operation, record);
    return matchQuery({ ...record.header, ...marksOf(this.#scope.definition, data) }, query);
  }

  /** Undefined: it is gone by now, or changed so that it does not match any more. */
  async #found(operation: Operation, query: ParsedQuery, hit: RecordHeader): Promise<Found<unknown> | undefined> {
    operation.signal?.throwIfAborted();
    const read = await this.#read(operation, hit.key);
    if (read === undefined) return undefined;
    const { header, data } = read;
    const isSame = header.version === hit.version;
    if (!isSame && matchQuery({ ...header, ...marksOf(this.#scope.definition, data) }, query) === undefined) {
      return undefined;
    }
    return { ...toItem(header, this.#scope.internals.prefix), data };
  }
}
