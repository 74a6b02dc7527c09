import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Driver, openDatabase, type SqlValue, type Statement } from "@holdfast/sqlite/item-table";
import type Database from "better-sqlite3";

/**
 * The item table of a simulated disk: a real SQLite in memory. A commit is atomic and on the disk when it returns: SQLite's own files
 * are no part of the simulation.
 */
export interface ItemDatabase {
  /** In the place of the real one. */
  readonly open: typeof openDatabase;
  /** Everything that stands in it now. */
  tables(): Table[];
}

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** The real `openDatabase` on another driver. A file stands for the database, and nobody deletes or replaces it. */
export function openingWith(driver: Driver): typeof openDatabase {
  return async (options) => {
    const { connection } = await openDatabase({ ...options, path: standIn(), driver });
    return { connection, identity: { verify: () => undefined } };
  };
}

/** An in-memory database has no write-ahead log, and does not need one: its commits are atomic as they are. */
export const WRITE_AHEAD_LOG = /^PRAGMA journal_mode = WAL/i;
export const hasWriteAheadLog = { journal_mode: "wal" };

/** A statement that is not made, because only its answer matters. */
export function answering<Row>(row: Row): Statement<Row> {
  return {
    get: () => row,
    all: () => [row],
    iterate: () => [row].values(),
    run: () => ({ changes: 0, rowid: 0 }),
  };
}

/** How to read every row of every table, those behind the search index among them. */
export function selectAll(database: Database.Database): Map<string, () => Table> {
  const names = database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    .pluck()
    .all();
  return new Map(
    names.map((name) => {
      const select = database.prepare<[], SqlValue[]>(`SELECT * FROM "${name}"`).raw();
      const columns = select.columns().map((column) => column.name);
      return [name, () => ({ name, columns, rows: select.all() })];
    }),
  );
}

const digests = new WeakMap<Table, string>();

/** Equal for tables that hold the same. */
export function digestOf(table: Table): string {
  let digest = digests.get(table);
  if (digest === undefined) {
    digest = makeDigest(table);
    digests.set(table, digest);
  }
  return digest;
}

function makeDigest({ name, rows }: Table): string {
  const digest = createHash("sha1");
  let text = name;
  for (const row of rows) {
    text += "\nrow";
    for (const value of row) {
      if (!(value instanceof Uint8Array)) text += `\n${typeof value} ${value}`;
      else {
        digest.update(`${text}\n${value.byteLength}:`).update(value);
        text = "";
      }
    }
  }
  return digest.update(text).digest("base64");
}

let made: string | undefined;

function standIn(): string {
  if (made === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-replay-"));
    process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
    made = join(directory, "store.db");
    writeFileSync(made, "");
  }
  return made;
}
