import { TOKENIZER_VERSION, termsOf } from "@holdfast/core";
import { APPLICATION_ID } from "./marks.js";
import { NOW, version } from "./records.js";
import { openRaw } from "./stores.js";

export const EPOCH_OF_LAYOUT_1 = "0123456789abcdef0123456789abcdef";

// As layout 1 was written; never to be changed.
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

/** A store as the first layout had it: `small` and `large` (two chunks of ones and twos), both tagged `t`, and `gone`, deleted. */
export function writeLayout1(path: string): void {
  const database = openRaw(path);
  database.exec(`PRAGMA journal_mode = WAL; BEGIN; ${TABLES}`);
  const insert = (table: string, ...values: unknown[]) =>
    database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join(", ")})`).run(...values);
  insert("store", "epoch", EPOCH_OF_LAYOUT_1);
  insert("store", "tokenizer", String(TOKENIZER_VERSION));
  const tags = ["t"];
  const rest = JSON.stringify({ tags, metadata: { word: "alpha" } });
  const chunks = [new Uint8Array(2 ** 20).fill(1), new Uint8Array(5).fill(2)];
  const bodies = [
    { key: "small", id: 1, chunks: [], bytes: new TextEncoder().encode("small body"), size: 10 },
    { key: "large", id: 2, chunks, bytes: null, size: 2 ** 20 + 5 },
  ];
  for (const { key, id, chunks, bytes, size } of bodies) {
    const terms = termsOf({ key, tags, metadata: { word: "alpha" } }).join(" ");
    const checksum = "0".repeat(64);
    insert("items", key, version(id), id, size, size, "binary", null, checksum, NOW, NOW, null, rest);
    insert("bodies", id, key, NOW, null, terms, chunks.length, null, bytes);
    for (const [n, chunk] of chunks.entries()) insert("chunks", id, n, chunk);
    insert("tags", "t", key);
    database.prepare("INSERT INTO search (rowid, terms) VALUES (?, ?)").run(id, terms);
    insert("feed", id, key, version(id), "save", version(id));
  }
  insert("feed", 3, "gone", version(3), "save", version(3));
  insert("feed", 4, "gone", version(4), "delete", version(4));
  insert("tombstones", "gone", version(4), NOW);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1; COMMIT`);
  database.close();
}
