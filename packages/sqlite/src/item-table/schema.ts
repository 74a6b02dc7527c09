import { StorageError } from "@holdfast/core";
import type { Connection } from "../driver.js";
import { inSnapshot } from "./snapshot.js";

/** `HOLD`: marks a database as a store of the sqlite adapter. */
export const SQLITE_APPLICATION_ID = 0x484f4c44;

/** The number of the layout that docs/sqlite.md describes. */
export const LAYOUT = 3;

export interface StoreIdentity {
  readonly applicationId: number;
  /** Random, for this database alone. */
  readonly epoch: string;
  readonly tokenizerVersion: number;
}

const TABLES = `
CREATE TABLE store (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
  key TEXT PRIMARY KEY, version TEXT NOT NULL, body INTEGER NOT NULL,
  size INTEGER NOT NULL, stored_size INTEGER NOT NULL, format TEXT NOT NULL, compression TEXT, checksum TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, expires INTEGER,
  rest TEXT
) WITHOUT ROWID;
CREATE TABLE bodies (
  id INTEGER PRIMARY KEY, key TEXT, modified INTEGER, expires INTEGER, terms TEXT,
  chunks INTEGER NOT NULL, hashes BLOB, bytes BLOB
);
CREATE INDEX bodies_ranking ON bodies (id, modified, expires, key);
CREATE TABLE chunks (body INTEGER, n INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (body, n)) WITHOUT ROWID;
CREATE TABLE staging (body INTEGER PRIMARY KEY, token TEXT NOT NULL, touched INTEGER NOT NULL);
CREATE TABLE tags (tag TEXT, key TEXT, PRIMARY KEY (tag, key)) WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5(
  terms, content='bodies', content_rowid='id', columnsize=0, detail=none, tokenize='ascii');
CREATE TABLE tombstones (key TEXT PRIMARY KEY, version TEXT NOT NULL, deleted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE feed (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL,
  high TEXT NOT NULL);
`;

const HISTORY = `
CREATE TABLE history (
  key TEXT, version TEXT, body INTEGER NOT NULL,
  size INTEGER NOT NULL, stored_size INTEGER NOT NULL, format TEXT NOT NULL, compression TEXT, checksum TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, expires INTEGER,
  rest TEXT, replaced INTEGER NOT NULL, PRIMARY KEY (key, version)
) WITHOUT ROWID;
`;

/**
 * From now on indexes may lag. Processes that do not know look for the tokenizer under its old name before they write, and refuse to
 * when it is not the one that they have.
 */
const LAG = `
UPDATE store SET name = 'terms' WHERE name = 'tokenizer';
INSERT INTO store SELECT 'indexed', coalesce(max(id), 0) FROM bodies;
`;

/** What makes each layout out of the one before; the first, out of nothing. */
const STEPS: readonly string[] = [TABLES, HISTORY, LAG];

/** Makes the tables in an empty database, inside the caller's transaction. */
export function createTables(connection: Connection, { applicationId, epoch, tokenizerVersion }: StoreIdentity): void {
  for (const step of STEPS) connection.exec(step);
  const insert = connection.prepare("INSERT INTO store VALUES (?, ?)");
  insert.run("epoch", epoch);
  insert.run("terms", String(tokenizerVersion));
  connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${LAYOUT}`);
}

/** Brings the tables of an older layout up to this one, inside the caller's transaction. */
export function upgradeTables(connection: Connection): void {
  for (const step of STEPS.slice(readNumber(connection, "user_version"))) connection.exec(step);
  connection.exec(`PRAGMA user_version = ${LAYOUT}`);
}

/**
 * Whether the tables are there, of an older layout, or still to be made. Reads only; throws CORRUPT for another program's
 * database, UNSUPPORTED for a newer layout.
 */
export function inspectTables(
  connection: Connection,
  path: string,
  applicationId: number,
): "present" | "outdated" | "missing" {
  // All of one instant: another process may just be making the tables.
  const { found, layout, objects } = inSnapshot(connection, () => ({
    found: readNumber(connection, "application_id"),
    layout: readNumber(connection, "user_version"),
    objects: connection.prepare<{ count: number }>("SELECT count(*) AS count FROM sqlite_schema").get()?.count ?? 0,
  }));
  if (found === 0 && layout === 0 && objects === 0) return "missing";
  if (found !== applicationId) {
    throw new StorageError(
      "CORRUPT",
      `${path} is a database, but not a store of this kind: it was left as it is; choose another path`,
    );
  }
  if (layout > LAYOUT) {
    throw new StorageError(
      "UNSUPPORTED",
      `${path} has layout ${layout} and this version of Holdfast knows layouts up to ${LAYOUT}: it was left as it is; update Holdfast`,
    );
  }
  if (layout < 1 || objects === 0) {
    throw new StorageError("CORRUPT", `${path} has lost its tables or their number; restore it from a backup`);
  }
  return layout < LAYOUT ? "outdated" : "present";
}

/** Selects the version of the tokenizer that the terms were made with. */
export const TOKENIZER_SQL = "SELECT value AS version FROM store WHERE name = 'terms'";

/** Selects the id of the last body that is in the indexes. */
export const INDEXED_SQL = "SELECT CAST(value AS INTEGER) FROM store WHERE name = 'indexed'";

/** A value of the `store` table. */
export function readStoreValue(connection: Connection, name: string): string | undefined {
  return connection.prepare<{ value: string }>("SELECT value FROM store WHERE name = ?").get(name)?.value;
}

/** The value of a pragma that has one. */
export function readNumber(connection: Connection, pragma: string): number {
  const row = connection.prepare<Record<string, unknown>>(`PRAGMA ${pragma}`).get();
  return Number(Object.values(row ?? {})[0]);
}
