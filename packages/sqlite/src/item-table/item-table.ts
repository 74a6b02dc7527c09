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
  type EncryptionHeader,
  isLive,
  type ListRange,
  type PutCondition,
  type PutOutcome,
  type RecordHeader,
  type Standing,
  type Version,
  type WriteRecord,
  type Written,
} from "@holdfast/core";
import type { Connection, Statement } from "../driver.js";
import { Bodies, type ItemBody } from "./bodies.js";
import { Feed } from "./feed.js";
import { type HistoryRule, HistoryTable } from "./history.js";
import { Indexes } from "./indexes.js";
import { keyRange } from "./key-range.js";
import {
  damagedHeader,
  headerOf,
  ITEM_COLUMNS,
  type ItemRow,
  readRest,
  restOf,
  toHeader,
  toValues,
  WRITTEN_COLUMNS,
} from "./rows.js";
import { TOKENIZER_SQL } from "./schema.js";
import { joinTerms } from "./search-index.js";

/** A record whose body goes another way. */
export type BodilessRecord = Omit<WriteRecord, "body">;

/** What `usage` answers. */
export interface Usage {
  readonly items: number;
  readonly bytes: number;
}

/** What stands under a key, with the row that a write has to change. */
interface Found extends Standing {
  readonly row: ItemRow | undefined;
  /** Only its columns can be read, which is enough to put something else in its place. */
  readonly isDamaged: boolean;
}

/**
 * Items with their tags, search terms, previous versions, tombstones and feed in the tables of docs/sqlite.md. Synchronous. `put`, `delete` and
 * `batch` expect to be inside a transaction that holds the write lock; it is the caller who commits it.
 */
export class ItemTable {
  readonly bodies: Bodies;
  readonly feed: Feed;
  readonly indexes: Indexes;
  readonly history: HistoryTable;
  readonly #tokenizer: Statement<{ version: string }>;
  readonly #row: Statement<ItemRow>;
  readonly #living: Statement<ItemRow>;
  readonly #list: Statement<ItemRow>;
  readonly #usage: Statement<Usage>;
  readonly #insert: Statement<never>;
  readonly #update: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #connection: Connection;
  readonly #bodyOf: Statement<{ terms: string; chunks: number }>;
  readonly #addTag: Statement<never>;
  readonly #dropTag: Statement<never>;
  readonly #tombstone: Statement<{ version: Version }>;
  readonly #bury: Statement<never>;
  readonly #unbury: Statement<never>;

  /** Without `history` no write keeps what it replaces. */
  constructor(connection: Connection, history?: HistoryRule) {
    this.#connection = connection;
    this.bodies = new Bodies(connection);
    this.history = new HistoryTable(connection, this.bodies, history);
    this.feed = new Feed(connection);
    this.indexes = new Indexes(connection);
    this.#tokenizer = connection.prepare(TOKENIZER_SQL);
    const live = "(i.expires IS NULL OR i.expires > ?)";
    this.#row = connection.prepare(`SELECT ${ITEM_COLUMNS} FROM items i WHERE i.key = ?`);
    this.#living = connection.prepare(`SELECT ${ITEM_COLUMNS} FROM items i WHERE i.key = ? AND ${live}`);
    this.#list = connection.prepare(
      `SELECT ${ITEM_COLUMNS} FROM items i WHERE i.key >= ? AND i.key < ? AND ${live} ORDER BY i.key LIMIT ?`,
    );
    this.#usage = connection.prepare(
      `SELECT count(*) AS items, coalesce(sum(i.stored_size), 0) AS bytes FROM items i WHERE ${live}`,
    );
    const columns = WRITTEN_COLUMNS.join(", ");
    const marks = WRITTEN_COLUMNS.map(() => "?").join(", ");
    this.#insert = connection.prepare(`INSERT INTO items (${columns}, key) VALUES (${marks}, ?)`);
    this.#update = connection.prepare(
      `UPDATE items SET ${WRITTEN_COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE key = ?`,
    );
    this.#delete = connection.prepare("DELETE FROM items WHERE key = ?");
    this.#bodyOf = connection.prepare("SELECT terms, chunks FROM bodies WHERE id = ?");
    this.#addTag = connection.prepare("INSERT OR IGNORE INTO tags VALUES (?, ?)");
    this.#dropTag = connection.prepare("DELETE FROM tags WHERE tag = ? AND key = ?");
    this.#tombstone = connection.prepare("SELECT version FROM tombstones WHERE key = ?");
    this.#bury = connection.prepare("INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?)");
    this.#unbury = connection.prepare("DELETE FROM tombstones WHERE key = ?");
  }

  /** Of which the terms in the index are. Another process may have made them anew; then this one must not add its own. */
  get tokenizerVersion(): number {
    return Number(this.#tokenizer.get()?.version);
  }

  /** The header of an item that is alive at `now`. */
  stat(key: string, now: number): RecordHeader | undefined {
    const row = this.#living.get(key, now);
    return row && toHeader(row);
  }

  /** Headers of items that are alive at `now`, in code-point order. */
  list({ prefix, after, limit }: ListRange, now: number): RecordHeader[] {
    const range = keyRange(prefix, after);
    return range === undefined ? [] : this.#list.all(range.from, range.below, now, limit).map(toHeader);
  }

  /** Living items and the bytes of their stored bodies. */
  usage(now: number): Usage {
    return this.#usage.get(now) ?? { items: 0, bytes: 0 };
  }

  /** As `put` of an adapter, within the caller's transaction. */
  put(record: BodilessRecord, body: ItemBody, condition: PutCondition): PutOutcome {
    const { key, version } = record.header;
    const found = this.#find(key, condition.expect);
    return checkWrite(found, version, condition) ?? this.#put(record, body, found, condition.now);
  }

  /** As `delete` of an adapter, within the caller's transaction. */
  delete(key: string, condition: DeleteCondition): DeleteOutcome {
    const found = this.#find(key, condition.expect);
    return checkDelete(found, condition) ?? this.#remove(key, condition.version, found, condition.now);
  }

  /** Checks every condition before the first write. `bodyOf` says where the bytes of a record come from. */
  batch(
    writes: readonly AdapterWrite[],
    now: number,
    bodyOf: (record: WriteRecord) => ItemBody = ({ body: bytes }) => ({ from: "memory", bytes }),
  ): BatchOutcome {
    const steps: (() => Written | Deleted | Absent)[] = [];
    for (const [index, write] of writes.entries()) {
      if (write.type === "put") {
        const { record, expect } = write;
        const found = this.#find(record.header.key, expect);
        const reason = checkWrite(found, record.header.version, { expect, now });
        if (reason !== undefined) return { outcome: "refused", index, reason };
        steps.push(() => this.#put(record, bodyOf(record), found, now));
      } else {
        const { key, version, expect } = write;
        const found = this.#find(key, expect);
        const reason = checkDelete(found, { version, expect, now });
        if (reason === undefined) steps.push(() => this.#remove(key, version, found, now));
        else if (reason.outcome === "absent") steps.push(() => reason);
        else return { outcome: "refused", index, reason };
      }
    }
    return { outcome: "applied", results: steps.map((step) => step()) };
  }

  /** Throws CORRUPT where a condition is set on an item whose header is damaged. */
  #find(key: string, expect: PutCondition["expect"]): Found {
    const row = this.#row.get(key);
    // A key has a record or a tombstone, never both.
    if (row === undefined) {
      return { row, stored: undefined, tombstone: this.#tombstone.get(key)?.version, isDamaged: false };
    }
    const rest = readRest(row.rest);
    if (rest !== undefined) return { row, stored: headerOf(row, rest), tombstone: undefined, isDamaged: false };
    if (expect !== "any") throw damagedHeader(key);
    const stored = headerOf(row, { tags: this.#indexedTags(key), metadata: {} });
    return { row, stored, tombstone: undefined, isDamaged: true };
  }

  #put(record: BodilessRecord, body: ItemBody, { row, stored, tombstone, isDamaged }: Found, now: number): Written {
    const { key, version } = record.header;
    const isLiving = stored !== undefined && isLive(stored, now);
    const header: RecordHeader = { ...record.header, created: isLiving ? stored.created : record.header.created };
    const isConcealed = stored !== undefined && conceals(header, stored);
    const kept = isLiving && !isConcealed && !isDamaged ? now : undefined;
    if (header.encryption !== undefined && stored?.encryption === undefined) this.history.dropPlain(key);
    const { reach } = this.indexes;
    const put = () => this.#putBody(record, body, row, kept, reach);
    // What the indexes have not come to leaves no words in them.
    const isIndexed = row !== undefined && row.body <= reach;
    const id = isConcealed && isIndexed ? this.indexes.words.forgetting(put) : put();
    if (row === undefined) this.#insert.run(...toValues(header, id), key);
    else this.#update.run(...toValues(header, id), key);
    this.#putTags(key, isIndexed ? (stored?.tags ?? []) : [], id <= reach ? header.tags : []);
    if (tombstone !== undefined) this.#unbury.run(key);
    this.feed.append("save", key, version);
    return { outcome: "written", header };
  }

  /** Replaces `encryption` in the header of a version, standing or kept. False when it is not there. Expects a transaction. */
  rewrap(key: string, version: Version, encryption: EncryptionHeader): boolean {
    for (const table of ["items", "history"]) {
      const where = `FROM ${table} i WHERE i.key = ? AND i.version = ?`;
      const row = this.#connection.prepare<ItemRow>(`SELECT ${ITEM_COLUMNS} ${where}`).get(key, version);
      if (row === undefined) continue;
      const rest = restOf({ ...toHeader(row), encryption });
      this.#connection.prepare(`UPDATE ${table} SET rest = ? WHERE key = ? AND version = ?`).run(rest, key, version);
      return true;
    }
    return false;
  }

  /** Stores body and terms, keeps or drops those of the row before, and returns the body's id. */
  #putBody(
    { header, terms, chunkHashes }: BodilessRecord,
    body: ItemBody,
    row: ItemRow | undefined,
    replaced: number | undefined,
    reach: number,
  ): number {
    const { key, modified, expiration } = header;
    const facts = { key, modified, expiration, terms: joinTerms(terms), hashes: chunkHashes };
    const old = row && this.#bodyOf.get(row.body);
    if (row !== undefined && old?.chunks === 0 && body.from !== "staging") {
      // A copy of the bytes costs less than to take a row out of the search index and another one in.
      if (this.#keeps(replaced)) this.history.keep(key, this.bodies.copy(row.body), replaced);
      this.bodies.replace(row.body, facts, body);
      // Most overwrites change no tag and no metadata, and so no term.
      if (row.body <= reach && old.terms !== facts.terms) {
        this.indexes.words.remove(row.body, old.terms);
        this.indexes.words.add(row.body, facts.terms);
      }
      return row.body;
    }
    if (row !== undefined && old !== undefined) this.#releaseBody(row, old, replaced, reach);
    const id = this.bodies.add(facts, body);
    // A number that was given before, to a body that is gone.
    if (id <= reach) this.indexes.words.add(id, facts.terms);
    return id;
  }

  /** Hands the body of an item that is about to go over to history, or drops it. */
  #releaseBody(
    { key, body }: ItemRow,
    { terms, chunks }: { terms: string; chunks: number },
    replaced: number | undefined,
    reach: number,
  ): void {
    if (body <= reach) this.indexes.words.remove(body, terms);
    if (this.#keeps(replaced)) {
      this.bodies.retire(body);
      this.history.keep(key, body, replaced);
    } else this.bodies.remove(body, chunks);
  }

  /** Whether history has what was replaced at that instant; undefined: it had expired, is concealed, or damaged. A sweep sees the expired alone. */
  #keeps(replaced: number | undefined): replaced is number {
    return this.history.keeps && replaced !== undefined && replaced !== BEFORE_ALL_TIME;
  }

  /** Looks through all tags: for a key whose header does not tell. */
  #indexedTags(key: string): string[] {
    const rows = this.#connection.prepare<{ tag: string }>("SELECT tag FROM tags WHERE key = ?").all(key);
    return rows.map(({ tag }) => tag);
  }

  /** Changes the index of tags from what it holds of a key to what it is to hold. */
  #putTags(key: string, before: readonly string[], after: readonly string[]): void {
    for (const tag of before) if (!after.includes(tag)) this.#dropTag.run(tag, key);
    for (const tag of after) if (!before.includes(tag)) this.#addTag.run(tag, key);
  }

  #remove(key: string, version: Version, { row, stored, isDamaged }: Found, now: number): Deleted {
    if (row !== undefined) {
      const { reach } = this.indexes;
      const old = this.#bodyOf.get(row.body);
      if (old !== undefined) this.#releaseBody(row, old, isDamaged ? undefined : now, reach);
      this.#delete.run(key);
      if (row.body <= reach) this.#putTags(key, stored?.tags ?? [], []);
    }
    this.#bury.run(key, version, now);
    this.feed.append("delete", key, version);
    return { outcome: "deleted" };
  }
}
