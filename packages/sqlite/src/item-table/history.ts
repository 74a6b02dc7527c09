import type { HistoryLimits, KeptRange, PreviousRecord, RecordHeader, Version } from "@holdfast/core";
import type { Connection, SqlValue, Statement } from "../driver.js";
import type { Bodies } from "./bodies.js";
import { type KeyRange, keyRange } from "./key-range.js";
import { HEADER_COLUMNS, ITEM_COLUMNS, type ItemRow, readRest, toHeader } from "./rows.js";

/** What a storage's user said about history; undefined: nothing. */
export type HistorySetting = HistoryLimits | false | undefined;

/** What is kept, or what tells so at each write and each step of a sweep, inside of its transaction. */
export type HistoryRule = HistorySetting | (() => HistorySetting);

/** How far a sweep has come, and what it has dropped on the way. */
export interface SweepStep {
  readonly dropped: number;
  /** Where the next step begins; undefined when nothing is left. */
  readonly next: SweepPlace | undefined;
}

/** How far a sweep has got. */
export interface SweepPlace {
  readonly key: string;
  readonly version: string;
}

interface PreviousRow extends ItemRow {
  readonly replaced: number;
}

interface KeptRow {
  readonly key: string;
  readonly version: Version;
  readonly body: number;
  readonly size: number;
  /** Null when the row of the body is missing. */
  readonly chunks: number | null;
}

const KEPT_COLUMNS = "h.key, h.version, h.body, h.stored_size AS size, b.chunks";
const KEPT_TABLES = "history h LEFT JOIN bodies b ON b.id = h.body";
const KEPT = `SELECT ${KEPT_COLUMNS} FROM ${KEPT_TABLES}`;
/** What one step of a sweep drops at most, so that none holds the thread for long. */
const MOST_VERSIONS = 256;
const MOST_BYTES = 16 * 2 ** 20;

/** Versions that stood once. What writes expects a transaction that holds the write lock. */
export class HistoryTable {
  readonly #connection: Connection;
  readonly #bodies: Bodies;
  readonly #setting: () => HistorySetting;
  readonly #keep: Statement<never>;
  readonly #list: Statement<PreviousRow>;
  readonly #surplus: Statement<KeptRow>;
  readonly #delete: Statement<never>;
  readonly #ofKey: Statement<KeptRow & { rest: string | null }>;

  constructor(connection: Connection, bodies: Bodies, rule: HistoryRule) {
    this.#connection = connection;
    this.#bodies = bodies;
    this.#setting = typeof rule === "function" ? rule : () => rule;
    const columns = HEADER_COLUMNS.join(", ");
    this.#keep = connection.prepare(
      `INSERT OR REPLACE INTO history (key, ${columns}, body, replaced) SELECT key, ${columns}, ?, ? FROM items WHERE key = ?`,
    );
    this.#list = connection.prepare(
      `SELECT ${ITEM_COLUMNS}, i.replaced FROM history i
       WHERE i.key = ? AND (i.expires IS NULL OR i.expires > ?) ORDER BY i.version DESC`,
    );
    this.#surplus = connection.prepare(`${KEPT} WHERE h.key = ? ORDER BY h.version DESC LIMIT -1 OFFSET ?`);
    this.#ofKey = connection.prepare(`SELECT ${KEPT_COLUMNS}, h.rest FROM ${KEPT_TABLES} WHERE h.key = ?`);
    this.#delete = connection.prepare("DELETE FROM history WHERE key = ? AND version = ?");
  }

  /** Whether replaced versions are kept at all. */
  get keeps(): boolean {
    return this.#versions > 0;
  }

  /** Keeps the header that stands under a key, with `body`, and drops the versions that are then too many. */
  keep(key: string, body: number, replaced: number): void {
    this.#keep.run(body, replaced, key);
    const versions = this.#versions;
    // Without a limit there is nothing to be found, and each row would be stepped over for it.
    if (versions >= Number.MAX_SAFE_INTEGER) return;
    for (const row of this.#surplus.all(key, versions)) this.#drop(row);
  }

  /** Drops what is kept of a key in plain, and what cannot be told from it. */
  dropPlain(key: string): void {
    for (const row of this.#ofKey.all(key)) if (readRest(row.rest)?.encryption === undefined) this.#drop(row);
  }

  drop(key: string, version: Version): void {
    const row = this.#connection.prepare<KeptRow>(`${KEPT} WHERE h.key = ? AND h.version = ?`).get(key, version);
    if (row !== undefined) this.#drop(row);
  }

  /** Headers of all keys, by key and version. */
  scan({ after, limit }: KeptRange, now: number): RecordHeader[] {
    const sql = `SELECT ${ITEM_COLUMNS} FROM history i WHERE (i.key, i.version) > (?, ?)
      AND (i.expires IS NULL OR i.expires > ?) ORDER BY i.key, i.version LIMIT ?`;
    const rows = this.#connection.prepare<ItemRow>(sql).all(after?.key ?? "", after?.version ?? "", now, limit);
    return rows.map(toHeader);
  }

  /** Newest first. */
  list(key: string, now: number): PreviousRecord[] {
    return this.#list.all(key, now).map((row) => ({ header: toHeader(row), replaced: row.replaced }));
  }

  /** How many versions of all keys are kept. */
  get count(): number {
    return this.#connection.prepare<{ count: number }>("SELECT count(*) AS count FROM history").get()?.count ?? 0;
  }

  /** One step of what `History.sweep` drops, from `place` on. */
  sweep(prefix: string, place: SweepPlace | undefined, now: number): SweepStep {
    const range = keyRange(prefix);
    if (range === undefined) return { dropped: 0, next: undefined };
    const rows = this.#due(range, place ?? { key: range.from, version: "" }, now);
    let bytes = 0;
    let dropped = 0;
    for (const row of rows) {
      if (dropped > 0 && bytes + row.size > MOST_BYTES) break;
      bytes += row.size;
      dropped++;
      this.#drop(row);
    }
    const last = rows[dropped - 1];
    const isOver = dropped === rows.length && rows.length < MOST_VERSIONS;
    return { dropped, next: last === undefined || isOver ? undefined : { key: last.key, version: last.version } };
  }

  #due({ below }: KeyRange, { key, version }: SweepPlace, now: number): KeptRow[] {
    const due = dueFor(this.#setting(), now);
    const sql = `${KEPT} WHERE (h.key, h.version) > (?, ?) AND h.key < ? AND (${due.sql} OR h.expires <= ?)
      ORDER BY h.key, h.version LIMIT ${MOST_VERSIONS}`;
    return this.#connection.prepare<KeptRow>(sql).all(key, version, below, ...due.parameters, now);
  }

  get #versions(): number {
    const setting = this.#setting();
    return setting ? setting.versions : 0;
  }

  #drop({ key, version, body, chunks }: KeptRow): void {
    this.#delete.run(key, version);
    if (chunks !== null) this.#bodies.remove(body, chunks);
  }
}

/** What is to be dropped beside what has expired, over `history h`. */
function dueFor(setting: HistorySetting, now: number): { sql: string; parameters: SqlValue[] } {
  // Whoever says nothing about history must not wipe out what others keep.
  if (setting === undefined) return { sql: "FALSE", parameters: [] };
  if (setting === false) return { sql: "TRUE", parameters: [] };
  if (setting.age !== Number.POSITIVE_INFINITY) return { sql: "h.replaced < ?", parameters: [now - setting.age] };
  return {
    sql: "NOT EXISTS (SELECT 1 FROM items i WHERE i.key = h.key AND (i.expires IS NULL OR i.expires > ?))",
    parameters: [now],
  };
}
