import {
  type AdapterWrite,
  type BatchOutcome,
  checkDelete,
  checkWrite,
  type DeleteCondition,
  type DeleteOutcome,
  isLive,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import {
  type FeedChange,
  type FeedRow,
  foundBy,
  headerOf,
  INLINE_LIMIT,
  type ItemRow,
  isItem,
  type Row,
} from "./layout.js";
import { toStored } from "./stored-key.js";

/** What the feed's newest entry says of the store as a whole. */
export interface Summary {
  /** The entry's number; 0 where there is none yet. */
  readonly sequence: number;
  readonly high: Version | undefined;
  readonly items: number;
  readonly bytes: number;
}

export const EMPTY: Summary = { sequence: 0, high: undefined, items: 0, bytes: 0 };

export function summaryOf(sequence: number, { v, n, s }: FeedRow): Summary {
  return { sequence, high: v, items: n, bytes: s };
}

/** Where a record's body is. */
export type Body = { readonly inline: Uint8Array } | { readonly body: string; readonly count: number };

type BodilessRecord = Omit<WriteRecord, "body">;

/**
 * What one transaction found and what it is going to write. Its methods judge and change this alone; `issue` then makes the
 * requests, so that a write that is refused has touched nothing.
 */
export class Workspace {
  readonly #rows: Map<string, Row | undefined>;
  readonly #changed = new Set<string>();
  readonly #requests: ((transaction: IDBTransaction) => void)[] = [];
  readonly #changes: FeedChange[] = [];
  #left = false;
  #high: Version | undefined;
  #items: number;
  #bytes: number;

  /** `rows`: what stands under every key that will be asked for. */
  constructor(rows: Map<string, Row | undefined>, { high, items, bytes }: Summary) {
    this.#rows = rows;
    this.#high = high;
    this.#items = items;
    this.#bytes = bytes;
  }

  /** Whether a body was left behind that no record points to any more. */
  get leftBodies(): boolean {
    return this.#left;
  }

  put(record: BodilessRecord, body: Body, condition: PutCondition): PutOutcome {
    const { header } = record;
    const stored = toStored(header.key);
    const standing = this.#standing(stored);
    const refusal = checkWrite(standing, header.version, condition);
    if (refusal !== undefined) return refusal;
    const living =
      standing.stored !== undefined && isLive(standing.stored, condition.now) ? standing.stored : undefined;
    const written = living === undefined ? header : { ...header, created: living.created };
    this.#replace(stored, rowOf({ ...record, header: written }, body), standing.stored);
    this.#items++;
    this.#bytes += header.storedSize;
    this.#tell("save", header.key, header.version);
    return { outcome: "written", header: written };
  }

  delete(key: string, condition: DeleteCondition): DeleteOutcome {
    const stored = toStored(key);
    const standing = this.#standing(stored);
    const refusal = checkDelete(standing, condition);
    if (refusal !== undefined) return refusal;
    this.#replace(stored, { d: condition.version, k: stored }, standing.stored);
    this.#tell("delete", key, condition.version);
    return { outcome: "deleted" };
  }

  /** Keys are distinct, so each operation can be judged before any is carried out. */
  batch(writes: readonly AdapterWrite[], bodies: readonly (Body | undefined)[], now: number): BatchOutcome {
    for (const [index, write] of writes.entries()) {
      const standing = this.#standing(toStored(write.type === "put" ? write.record.header.key : write.key));
      const reason =
        write.type === "put"
          ? checkWrite(standing, write.record.header.version, { expect: write.expect, now })
          : checkDelete(standing, { ...write, now });
      if (reason !== undefined && reason.outcome !== "absent") return { outcome: "refused", index, reason };
    }
    const results = writes.map((write, index) => {
      const body = bodies[index];
      return write.type === "put" && body !== undefined
        ? this.put(write.record, body, { expect: write.expect, now })
        : this.delete((write as AdapterWrite & { type: "delete" }).key, {
            ...(write as AdapterWrite & { type: "delete" }),
            now,
          });
    });
    return { outcome: "applied", results: results as (BatchOutcome & { outcome: "applied" })["results"] };
  }

  /** Adds a request of another kind to what is written with the changes. */
  also(request: (transaction: IDBTransaction) => void): void {
    this.#requests.push(request);
  }

  /** Makes the requests. Returns the new feed entry, or undefined when nothing changed. */
  issue(transaction: IDBTransaction, sequence: number): FeedRow | undefined {
    const records = transaction.objectStore("records");
    for (const stored of this.#changed) records.put(this.#rows.get(stored), stored);
    for (const request of this.#requests) request(transaction);
    if (this.#changes.length === 0 || this.#high === undefined) return undefined;
    const entry: FeedRow = { c: this.#changes, v: this.#high, n: this.#items, s: this.#bytes };
    transaction.objectStore("feed").put(entry, sequence);
    return entry;
  }

  #standing(stored: string): { stored: RecordHeader | undefined; tombstone: Version | undefined } {
    const row = this.#rows.get(stored);
    return {
      stored: isItem(row) ? headerOf(row) : undefined,
      tombstone: row !== undefined && "d" in row ? row.d : undefined,
    };
  }

  #replace(stored: string, row: Row, old: RecordHeader | undefined): void {
    if (old !== undefined) {
      this.#items--;
      this.#bytes -= old.storedSize;
      const before = this.#rows.get(stored);
      if (isItem(before) && before.c !== undefined) {
        const [body] = before.c;
        this.#left = true;
        this.also((transaction) => transaction.objectStore("unowned").put(true, body));
      }
    }
    this.#rows.set(stored, row);
    this.#changed.add(stored);
  }

  #tell(type: FeedChange[0], key: string, version: Version): void {
    this.#changes.push([type, key, version]);
    if (this.#high === undefined || version > this.#high) this.#high = version;
  }
}

function rowOf({ header, terms, chunkHashes }: BodilessRecord, body: Body): ItemRow {
  const t = foundBy(header.tags, terms);
  return {
    h: JSON.stringify(header),
    ...("inline" in body ? { b: body.inline } : { c: [body.body, body.count] }),
    ...(chunkHashes.length > 0 && { x: chunkHashes }),
    ...(t !== undefined && { t }),
    ...(header.expiration !== null && { e: header.expiration }),
  };
}

/** Whether a body is kept in its record. */
export function isInline(body: Uint8Array): boolean {
  return body.byteLength <= INLINE_LIMIT;
}
