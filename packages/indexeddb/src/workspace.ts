import {
  type Absent,
  type AdapterWrite,
  type BatchOutcome,
  BEFORE_ALL_TIME,
  checkDelete,
  checkWrite,
  conceals,
  type DeleteCondition,
  type Deleted,
  type DeleteOutcome,
  type HistoryLimits,
  isLive,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  type Version,
  type WriteRecord,
  type Written,
} from "@holdfast/core";
import {
  type FeedChange,
  type FeedRow,
  foundBy,
  type HistoryRow,
  headerOf,
  type ItemRow,
  isItem,
  type Row,
} from "./layout.js";
import { toStored } from "./stored-key.js";
import type { Summary } from "./summary.js";

/** Where a record's body is. */
export type Body = { readonly inline: Uint8Array } | { readonly body: string; readonly count: number };

/** A body on its way to its record. */
export interface Place {
  readonly body: Body;
  /** What the transaction that writes the record has to carry. */
  readonly bytes: number;
  /** Adds to that transaction what gives the body to the record. */
  bind(workspace: Workspace): void;
  /** Whether a record has the body now; otherwise it is freed. */
  end(written: boolean): Promise<void> | undefined;
}

export interface BodilessRecord extends Omit<WriteRecord, "body"> {
  /** Set for items that may be evicted: when they were last used. */
  readonly used?: number | undefined;
}

/** An operation of a batch whose body has its place. */
export type PlacedWrite =
  | {
      readonly type: "put";
      readonly record: BodilessRecord;
      readonly body: Body;
      readonly expect: PutCondition["expect"];
    }
  | Extract<AdapterWrite, { type: "delete" }>;

function keyOf(write: PlacedWrite): string {
  return write.type === "put" ? write.record.header.key : write.key;
}

/** What a transaction found before it writes. */
export interface Found {
  /** What stands under every key that will be asked for. */
  readonly rows: Map<string, Row | undefined>;
  /** The versions that are kept of each of them, oldest first; empty where none are to be kept. */
  readonly kept: Map<string, KeptVersion[]>;
  readonly summary: Summary;
}

export interface KeptVersion {
  readonly version: Version;
  /** The name of its body, where that is not in its row. */
  readonly body: string | undefined;
  readonly encryption: RecordHeader["encryption"];
}

/**
 * What one transaction found and what it is going to write. Its methods judge and change this alone; `issue` then makes the
 * requests, so that a write that is refused has touched nothing.
 */
export class Workspace {
  readonly #rows: Found["rows"];
  readonly #kept: Found["kept"];
  readonly #history: HistoryLimits | undefined;
  readonly #changed = new Set<string>();
  /** Of the changed, those under which nothing stood. */
  readonly #added = new Set<string>();
  readonly #requests: ((transaction: IDBTransaction) => void)[] = [];
  readonly #changes: FeedChange[] = [];
  #left = false;
  #high: Version | undefined;
  #items: number;
  #bytes: number;

  constructor({ rows, kept, summary }: Found, history: HistoryLimits | undefined) {
    this.#rows = rows;
    this.#kept = kept;
    this.#history = history;
    this.#high = summary.high;
    this.#items = summary.items;
    this.#bytes = summary.bytes;
  }

  /** Whether a body was left behind that no record points to any more. */
  get leftBodies(): boolean {
    return this.#left;
  }

  /** Whether anything changes. */
  get writes(): boolean {
    return this.#changed.size > 0;
  }

  /** What stands under every key that was changed. */
  *written(): Generator<readonly [stored: string, row: Row]> {
    for (const stored of this.#changed) {
      const row = this.#rows.get(stored);
      if (row !== undefined) yield [stored, row];
    }
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
    this.#replace(stored, rowOf({ ...record, header: written }, body), standing.stored, condition.now);
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
    this.#replace(stored, { d: condition.version, k: stored }, standing.stored, condition.now);
    this.#tell("delete", key, condition.version);
    return { outcome: "deleted" };
  }

  /** Keys are distinct, so each operation can be judged before any is carried out. */
  batch(writes: readonly PlacedWrite[], now: number): BatchOutcome {
    for (const [index, write] of writes.entries()) {
      const standing = this.#standing(toStored(keyOf(write)));
      const reason =
        write.type === "put"
          ? checkWrite(standing, write.record.header.version, { expect: write.expect, now })
          : checkDelete(standing, { ...write, now });
      if (reason !== undefined && reason.outcome !== "absent") return { outcome: "refused", index, reason };
    }
    const results = writes.map((write) =>
      write.type === "put"
        ? this.put(write.record, write.body, { ...write, now })
        : this.delete(write.key, { ...write, now }),
    );
    // Judged above, so none of them is a refusal.
    return { outcome: "applied", results: results as (Written | Deleted | Absent)[] };
  }

  /** Drops the oldest of the versions that are kept of a key, until there are so many. */
  dropAbove(stored: string, most: number): void {
    const kept = this.#keptOf(stored);
    for (const { version, body } of kept.splice(0, Math.max(0, kept.length - most))) this.#drop(stored, version, body);
  }

  /** Adds a request of another kind to what is written with the changes. */
  also(request: (transaction: IDBTransaction) => void): void {
    this.#requests.push(request);
  }

  /** Makes the requests. Returns the new feed entry, or undefined when nothing changed. */
  issue(transaction: IDBTransaction, sequence: number): FeedRow | undefined {
    const records = transaction.objectStore("records");
    for (const [stored, row] of this.written()) {
      // Refused by the browser when something stands there all the same.
      if (this.#added.has(stored)) records.add(row, stored);
      else records.put(row, stored);
    }
    for (const request of this.#requests) request(transaction);
    if (this.#changes.length === 0 || this.#high === undefined) return undefined;
    const entry: FeedRow = { c: this.#changes, v: this.#high, n: this.#items, s: this.#bytes };
    transaction.objectStore("feed").add(entry, sequence);
    return entry;
  }

  #standing(stored: string): { stored: RecordHeader | undefined; tombstone: Version | undefined } {
    const row = this.#rows.get(stored);
    return {
      stored: isItem(row) ? headerOf(row) : undefined,
      tombstone: row !== undefined && "d" in row ? row.d : undefined,
    };
  }

  #replace(stored: string, row: Row, old: RecordHeader | undefined, now: number): void {
    const before = this.#rows.get(stored);
    if (before === undefined) this.#added.add(stored);
    if (old !== undefined && isItem(before)) {
      this.#items--;
      this.#bytes -= old.storedSize;
      // A deletion before all time sweeps what has expired: nothing comes back that was promised to be gone.
      const isConcealed = isItem(row) && conceals(headerOf(row), old);
      if (this.#history !== undefined && now !== BEFORE_ALL_TIME && isLive(old, now) && !isConcealed) {
        this.#keep(stored, old, before, now);
        this.dropAbove(stored, this.#history.versions);
      } else this.#leave(before.c?.[0]);
    }
    if (isItem(row) && headerOf(row).encryption !== undefined) this.#dropPlain(stored);
    this.#rows.set(stored, row);
    this.#changed.add(stored);
  }

  #dropPlain(stored: string): void {
    const kept = this.#keptOf(stored);
    for (const { version, body, encryption } of kept.splice(0)) {
      if (encryption !== undefined) kept.push({ version, body, encryption });
      else this.#drop(stored, version, body);
    }
  }

  #keep(
    stored: string,
    { version, encryption }: RecordHeader,
    { t: _t, m: _m, u: _u, ...row }: ItemRow,
    now: number,
  ): void {
    this.#keptOf(stored).push({ version, body: row.c?.[0], encryption });
    const kept: HistoryRow = { ...row, r: now };
    this.also((transaction) => transaction.objectStore("history").put(kept, [stored, version]));
  }

  #drop(stored: string, version: Version, body: string | undefined): void {
    this.also((transaction) => transaction.objectStore("history").delete([stored, version]));
    this.#leave(body);
  }

  #keptOf(stored: string): KeptVersion[] {
    const kept = this.#kept.get(stored) ?? [];
    this.#kept.set(stored, kept);
    return kept;
  }

  /** No row points to the body any more. It is freed behind the commit: somebody may be reading it. */
  #leave(body: string | undefined): void {
    if (body === undefined) return;
    this.#left = true;
    this.also((transaction) => transaction.objectStore("unowned").put(true, body));
  }

  #tell(type: FeedChange[0], key: string, version: Version): void {
    this.#changes.push([type, key, version]);
    if (this.#high === undefined || version > this.#high) this.#high = version;
  }
}

function rowOf({ header, terms, chunkHashes, used }: BodilessRecord, body: Body): ItemRow {
  const t = foundBy(header.tags, terms);
  return {
    h: JSON.stringify(header),
    ...("inline" in body ? { b: body.inline } : { c: [body.body, body.count] }),
    ...(chunkHashes.length > 0 && { x: chunkHashes }),
    ...(t !== undefined && { t }),
    m: -header.modified,
    ...(header.expiration !== null && { e: header.expiration }),
    ...(used !== undefined && { u: used }),
  };
}
