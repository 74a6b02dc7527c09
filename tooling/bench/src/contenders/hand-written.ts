import { createHash } from "node:crypto";
import { termsOf } from "@holdfast/core";
import Database from "better-sqlite3";
import type { Document, Note } from "../data/documents.ts";
import { openHoldfast } from "./holdfast.ts";

/**
 * The tables of a Holdfast store, kept by prepared statements and nothing else: the least that a program could do which
 * maintains the same items, tags, search index and feed. What core computes, it is given.
 */
export interface HandWritten {
  /** In a transaction that the caller has begun. */
  put(record: HandRecord): void;
  begin(): void;
  commit(): void;
  readonly database: Database.Database;
}

/** A document, and beside it what costs a program by hand nothing. */
export interface HandRecord {
  readonly document: Document;
  readonly version: string;
  readonly checksum: string;
  readonly terms: string;
  readonly now: number;
}

export function handRecord(document: Document, sequence: number): HandRecord {
  const { key, data, tags, metadata } = document;
  return {
    document,
    version: `${sequence.toString(16).padStart(12, "0")}-0000-000000000000`,
    checksum: createHash("sha256").update(JSON.stringify(data)).digest("hex"),
    terms: termsOf({ key, tags, metadata }).join(" "),
    now: Date.UTC(2026, 10, 1) + sequence,
  };
}

/** Makes the file by Holdfast itself, so that both always have the same tables and indexes. */
export async function createHandWritten(file: string, durability: "media" | "process"): Promise<HandWritten> {
  await (await openHoldfast(file, durability)).close();
  return writeByHand(openLikeHoldfast(file, durability));
}

/** A connection with the settings that Holdfast gives its own. */
export function openLikeHoldfast(file: string, durability: "media" | "process" = "media"): Database.Database {
  const database = new Database(file);
  for (const pragma of [
    "journal_mode = WAL",
    `synchronous = ${durability === "media" ? "FULL" : "NORMAL"}`,
    "cache_size = -32768",
    "temp_store = MEMORY",
    "secure_delete = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "wal_autocheckpoint = 1000",
    "journal_size_limit = 67108864",
  ]) {
    database.pragma(pragma);
  }
  return database;
}

function writeByHand(database: Database.Database): HandWritten {
  // It keeps its indexes up with each document, as one does by hand: none is left for later.
  database.prepare("UPDATE store SET value = '9007199254740991' WHERE name = 'indexed'").run();
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const find = database.prepare("SELECT body, created, rest FROM items WHERE key = ?");
  const addBody = database.prepare(
    "INSERT INTO bodies (key, modified, expires, terms, chunks, hashes, bytes) VALUES (?, ?, NULL, ?, 0, NULL, ?)",
  );
  const addItem = database.prepare(
    `INSERT INTO items (key, version, body, size, stored_size, format, compression, checksum, created, modified, expires, rest)
     VALUES (?, ?, ?, ?, ?, 'json', NULL, ?, ?, ?, NULL, ?)`,
  );
  const addTag = database.prepare("INSERT INTO tags (tag, key) VALUES (?, ?)");
  const addTerms = database.prepare("INSERT INTO search (rowid, terms) VALUES (?, ?)");
  const unbury = database.prepare("DELETE FROM tombstones WHERE key = ?");
  const addToFeed = database.prepare("INSERT INTO feed (key, version, type, high) VALUES (?, ?, 'save', ?)");
  return {
    database,
    begin: () => begin.run(),
    commit: () => commit.run(),
    put({ document: { key, data, tags, metadata }, version, checksum, terms, now }) {
      if (find.get(key) !== undefined) throw new Error(`${key} is there already`);
      const bytes = Buffer.from(JSON.stringify(data));
      const { lastInsertRowid: body } = addBody.run(key, now, terms, bytes);
      const { length } = bytes;
      addItem.run(key, version, body, length, length, checksum, now, now, JSON.stringify({ tags, metadata }));
      for (const tag of tags) addTag.run(tag, key);
      addTerms.run(body, terms);
      unbury.run(key);
      addToFeed.run(key, version, version);
    },
  };
}

/** A table of keys and values, with no other index: what the indexes cost is the difference. */
export interface PlainTable {
  put(document: Document): void;
  get(key: string): Note | undefined;
  begin(): void;
  commit(): void;
  close(): void;
}

export function openPlainTable(file: string, durability: "media" | "process" = "media"): PlainTable {
  const database = openLikeHoldfast(file, durability);
  database.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const put = database.prepare(
    "INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );
  const get = database.prepare<[string], { value: string }>("SELECT value FROM entries WHERE key = ?");
  return {
    put: ({ key, data }) => put.run(key, JSON.stringify(data)),
    get(key) {
      const row = get.get(key);
      return row === undefined ? undefined : JSON.parse(row.value);
    },
    begin: () => begin.run(),
    commit: () => commit.run(),
    close: () => database.close(),
  };
}
