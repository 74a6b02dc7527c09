import { hash } from "node:crypto";
import type { Note } from "../data/documents.ts";
import { openLikeHoldfast } from "./hand-written.ts";

/**
 * Prepared statements that read the file of a Holdfast store, over a connection of their own.
 *
 * The plus before a parameter matters: better-sqlite3's SQLite is built with STAT4 and plans a statement anew on every call
 * when a bound value is compared with an indexed column of a join, or bounds a range or a LIMIT. An expression does not
 * count as such a value. It saves most of a short query; a statement by hand that can have it should.
 */
export interface HandWrittenReads {
  /** The value, unverified. */
  load(key: string): Note | undefined;
  /** The value, its bytes checked against the stored checksum. */
  loadVerified(key: string): Note | undefined;
  list(prefix: string, limit: number): ItemRow[];
  withTag(tag: string, limit: number): ItemRow[];
  /** Items that have a term which starts with each of the words, newest first. */
  search(words: readonly string[], limit: number): ItemRow[];
  close(): void;
}

export interface ItemRow {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly storedSize: number;
  readonly format: string;
  readonly compression: string | null;
  readonly checksum: string;
  readonly created: number;
  readonly modified: number;
  readonly expires: number | null;
  /** JSON of tags and metadata. */
  readonly rest: string;
}

const COLUMNS =
  "i.key, i.version, i.size, i.stored_size AS storedSize, i.format, i.compression, i.checksum, i.created, i.modified, i.expires, i.rest";

export function openHandWrittenReads(file: string): HandWrittenReads {
  const database = openLikeHoldfast(file);
  const select = <Row>(sql: string) => database.prepare<(string | number)[], Row>(sql);
  const body = select<{ bytes: Buffer }>("SELECT b.bytes FROM items i JOIN bodies b ON b.id = i.body WHERE i.key = +?");
  const item = select<{ bytes: Buffer; checksum: string }>(
    "SELECT b.bytes, i.checksum FROM items i JOIN bodies b ON b.id = i.body WHERE i.key = +?",
  );
  const list = select<ItemRow>(
    `SELECT ${COLUMNS} FROM items i WHERE i.key >= +? AND i.key < +? ORDER BY i.key LIMIT +?`,
  );
  const withTag = select<ItemRow>(
    `SELECT ${COLUMNS} FROM tags t JOIN items i ON i.key = t.key WHERE t.tag = +? ORDER BY t.key LIMIT +?`,
  );
  const search = select<ItemRow>(`
    SELECT ${COLUMNS} FROM (
      SELECT b.key AS hit, b.modified AS age FROM search s JOIN bodies b ON b.id = s.rowid
      WHERE s.search MATCH ? ORDER BY age DESC, hit LIMIT +?
    ) JOIN items i ON i.key = hit ORDER BY age DESC, hit`);
  return {
    load(key) {
      const row = body.get(key);
      return row === undefined ? undefined : parse(row.bytes);
    },
    loadVerified(key) {
      const row = item.get(key);
      if (row === undefined) return undefined;
      if (hash("sha256", row.bytes, "hex") !== row.checksum) throw new Error(`${key} is damaged`);
      return parse(row.bytes);
    },
    list: (prefix, limit) => list.all(prefix, `${prefix}\u{10ffff}`, limit),
    withTag: (tag, limit) => withTag.all(tag, limit),
    search: (words, limit) => search.all(words.map((word) => `"${word}"*`).join(" "), limit),
    close: () => database.close(),
  };
}

/** What a program by hand makes of such a row to have what Holdfast returns. */
export function toItem(row: ItemRow): object {
  const { tags, metadata } = JSON.parse(row.rest);
  const item = {
    key: row.key,
    version: row.version,
    size: row.size,
    storedSize: row.storedSize,
    format: row.format,
    created: new Date(row.created),
    modified: new Date(row.modified),
    tags,
    metadata,
    checksum: row.checksum,
    encrypted: false,
    compressed: row.compression !== null,
  };
  return row.expires === null ? item : { ...item, expiration: new Date(row.expires) };
}

function parse(bytes: Buffer): Note {
  return JSON.parse(bytes.toString());
}
