import { writeLayout1 } from "./layout-1.js";
import { NOW, version } from "./records.js";
import { openRaw } from "./stores.js";

// As layout 2 added it; never to be changed.
const HISTORY = `
CREATE TABLE history (
  key TEXT, version TEXT, body INTEGER NOT NULL,
  size INTEGER NOT NULL, stored_size INTEGER NOT NULL, format TEXT NOT NULL, compression TEXT, checksum TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, expires INTEGER,
  rest TEXT, replaced INTEGER NOT NULL, PRIMARY KEY (key, version)
) WITHOUT ROWID;
`;

/** A store as the second layout had it: what `writeLayout1` writes, and a previous version of `small`, which is `old body`. */
export function writeLayout2(path: string): void {
  writeLayout1(path);
  const database = openRaw(path);
  database.exec(`BEGIN; ${HISTORY}`);
  const body = new TextEncoder().encode("old body");
  database.prepare("INSERT INTO bodies (id, chunks, bytes) VALUES (3, 0, ?)").run(body);
  database
    .prepare("INSERT INTO history VALUES ('small', ?, 3, 8, 8, 'binary', NULL, ?, ?, ?, NULL, NULL, ?)")
    .run(version(0), "0".repeat(64), NOW, NOW, NOW);
  database.exec("PRAGMA user_version = 2; COMMIT");
  database.close();
}
