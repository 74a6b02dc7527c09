import type { Version } from "@holdfast/core";
import type { Connection, Statement } from "@holdfast/sqlite/item-table";
import type { Fingerprint } from "../fingerprint.js";
import type { PairNames } from "../names/pair-names.js";
import { fold } from "../names/segments.js";

/** What is known of a key's pair. See docs/filesystem.md for its states. */
export interface FileRow {
  readonly key: string;
  readonly path: string | null;
  readonly companion: string | null;
  /** Of the pair that stands; null: none does. */
  readonly version: Version | null;
  /** SHA-256 of the data file that stands. */
  readonly sha256: string | null;
  readonly stat: Fingerprint | null;
  /** JSON of `Intent[]`: what is being published over it, oldest first. Null: nothing is under way. */
  readonly intent: string | null;
  /** The look of a damaged file that has been put into quarantine. */
  readonly damaged: Fingerprint | null;
  readonly pending: 0 | 1;
}

/** A pair that may stand although the row does not say so yet. */
export interface Intent extends PairNames {
  readonly version: Version;
  /** Of the data file. */
  readonly sha256: string;
}

/** A pair as it stands. */
export interface StandingPair extends PairNames {
  readonly key: string;
  readonly version: Version;
  readonly sha256: string;
  readonly stat: Fingerprint;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS files (
  key TEXT PRIMARY KEY, path TEXT, companion TEXT, version TEXT, sha256 TEXT, stat TEXT, intent TEXT, damaged TEXT,
  pending INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_pending ON files (key) WHERE pending = 1;
CREATE TABLE IF NOT EXISTS names (folded TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copies (
  key TEXT, version TEXT, place TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (key, version)
) WITHOUT ROWID;
`;

const COLUMNS = "key, path, companion, version, sha256, stat, intent, damaged, pending";

/** Which file belongs to which key. What writes expects a transaction. */
export class FileTable {
  readonly #find: Statement<FileRow>;
  readonly #pending: Statement<{ key: string }>;
  readonly #pendingCount: Statement<{ count: number }>;
  readonly #after: Statement<FileRow>;
  readonly #mark: Statement<never>;
  readonly #settle: Statement<never>;
  readonly #intend: Statement<never>;
  readonly #refresh: Statement<never>;
  readonly #damage: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #owner: Statement<{ key: string }>;
  readonly #below: Statement<{ folded: string; key: string }>;
  readonly #claim: Statement<never>;
  readonly #release: Statement<never>;

  /** Makes the tables where they are missing, inside the caller's transaction. */
  static create(connection: Connection): void {
    connection.exec(TABLES);
  }

  constructor(connection: Connection) {
    this.#find = connection.prepare(`SELECT ${COLUMNS} FROM files WHERE key = ?`);
    this.#pending = connection.prepare("SELECT key FROM files WHERE pending = 1 AND key > ? ORDER BY key LIMIT ?");
    this.#pendingCount = connection.prepare("SELECT count(*) AS count FROM files WHERE pending = 1");
    this.#after = connection.prepare(`SELECT ${COLUMNS} FROM files WHERE key > ? ORDER BY key LIMIT ?`);
    this.#mark = connection.prepare(
      "INSERT INTO files (key, pending) VALUES (?, 1) ON CONFLICT DO UPDATE SET pending = 1 WHERE pending = 0",
    );
    this.#settle = connection.prepare(
      `INSERT INTO files (key, path, companion, version, sha256, stat, intent, damaged, pending) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?)
       ON CONFLICT DO UPDATE SET path = excluded.path, companion = excluded.companion, version = excluded.version,
       sha256 = excluded.sha256, stat = excluded.stat, intent = NULL, damaged = NULL, pending = excluded.pending`,
    );
    this.#intend = connection.prepare("UPDATE files SET intent = ? WHERE key = ?");
    this.#refresh = connection.prepare("UPDATE files SET stat = ?, damaged = NULL WHERE key = ?");
    this.#damage = connection.prepare("UPDATE files SET damaged = ? WHERE key = ?");
    this.#delete = connection.prepare("DELETE FROM files WHERE key = ?");
    this.#owner = connection.prepare("SELECT key FROM names WHERE folded = ?");
    this.#below = connection.prepare(
      "SELECT folded, key FROM names WHERE folded > ? AND folded < ? ORDER BY folded LIMIT ?",
    );
    this.#claim = connection.prepare("INSERT OR REPLACE INTO names VALUES (?, ?)");
    this.#release = connection.prepare("DELETE FROM names WHERE folded = ? AND key = ?");
  }

  find(key: string): FileRow | undefined {
    return this.#find.get(key);
  }

  /** Keys with work for the mirror, in order. */
  pending(after: string, limit: number): string[] {
    return this.#pending.all(after, limit).map(({ key }) => key);
  }

  get pendingCount(): number {
    return this.#pendingCount.get()?.count ?? 0;
  }

  /** Rows in order of their keys. */
  after(key: string, limit: number): FileRow[] {
    return this.#after.all(key, limit);
  }

  /** The key's item was written or deleted, or its pair has to be made anew. */
  mark(key: string): void {
    this.#mark.run(key);
  }

  /** Before files are touched: what may stand from now on. */
  intend(key: string, intents: readonly Intent[]): void {
    for (const { path, companion } of intents) this.#claimNames(key, [path, companion]);
    this.#intend.run(JSON.stringify(intents), key);
  }

  /** The pair stands as told. */
  settle({ key, path, companion, version, sha256, stat }: StandingPair, pending: boolean): void {
    const before = this.find(key);
    const kept = new Set([fold(path), fold(companion)]);
    for (const name of before === undefined ? [] : namesOf(before)) if (!kept.has(fold(name))) this.release(key, name);
    this.#claimNames(key, [path, companion]);
    this.#settle.run(key, path, companion, version, sha256, stat, pending ? 1 : 0);
  }

  /** The same content looks different now. */
  refresh(key: string, stat: Fingerprint): void {
    this.#refresh.run(stat, key);
  }

  damage(key: string, look: Fingerprint): void {
    this.#damage.run(look, key);
  }

  /** Nothing of the key stands any more. */
  remove(row: FileRow): void {
    for (const name of namesOf(row)) this.release(row.key, name);
    this.#delete.run(row.key);
  }

  release(key: string, path: string): void {
    this.#release.run(fold(path), key);
  }

  /** The key whose file a path is. */
  ownerOf(path: string): string | undefined {
    return this.#owner.get(fold(path))?.key;
  }

  /** Whether some file of a key is below a folded path. */
  isDirectory(folded: string): boolean {
    // "0" comes right after "/".
    return this.#below.get(`${folded}/`, `${folded}0`, 1) !== undefined;
  }

  /** The keys that have a file below a directory ("" is the root), by the page. */
  *below(directory: string, page: number): Iterable<Set<string>> {
    const isRoot = directory === "";
    const folded = fold(directory);
    const end = isRoot ? "\u{10ffff}" : `${folded}0`;
    for (let after: string | undefined = isRoot ? "" : `${folded}/`; after !== undefined; ) {
      const names: { folded: string; key: string }[] = this.#below.all(after, end, page);
      if (names.length > 0) yield new Set(names.map(({ key }) => key));
      after = names.at(-1)?.folded;
    }
  }

  #claimNames(key: string, paths: readonly string[]): void {
    for (const path of paths) if (this.ownerOf(path) !== key) this.#claim.run(fold(path), key);
  }
}

/** The pair that a row tells of; undefined when none stands. */
export function standingOf({ key, path, companion, version, sha256, stat }: FileRow): StandingPair | undefined {
  if (path === null || companion === null || version === null || sha256 === null || stat === null) return undefined;
  return { key, path, companion, version, sha256, stat };
}

function namesOf({ path, companion, intent }: FileRow): string[] {
  const names = [path, companion, ...readIntents(intent).flatMap((each) => [each.path, each.companion])];
  return names.filter((name) => name !== null);
}

export function readIntents(intent: string | null): Intent[] {
  return intent === null ? [] : (JSON.parse(intent) as Intent[]);
}
