import type { Version } from "@holdfast/core";
import type { Connection, Statement } from "@holdfast/sqlite/item-table";

/** A file outside of the root's tree that holds the body of one version. */
export interface Copy {
  readonly key: string;
  readonly version: Version;
  /** Below the work directory, with "/": `bodies/…` or `versions/…`. */
  readonly place: string;
  readonly sha256: string;
}

/** Where bodies are that are not in their place: large ones on their way, and previous versions. What writes expects a transaction. */
export class Copies {
  readonly #find: Statement<Copy>;
  readonly #of: Statement<Copy>;
  readonly #all: Statement<Copy>;
  readonly #surplus: Statement<Copy>;
  readonly #put: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(connection: Connection) {
    this.#find = connection.prepare("SELECT * FROM copies WHERE key = ? AND version = ?");
    this.#of = connection.prepare("SELECT * FROM copies WHERE key = ? ORDER BY version DESC");
    this.#all = connection.prepare("SELECT * FROM copies ORDER BY key, version");
    this.#surplus = connection.prepare(
      `SELECT * FROM copies c WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.key = c.key AND i.version = c.version)
       AND NOT EXISTS (SELECT 1 FROM history h WHERE h.key = c.key AND h.version = c.version)`,
    );
    this.#put = connection.prepare("INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?)");
    this.#delete = connection.prepare("DELETE FROM copies WHERE key = ? AND version = ?");
  }

  find(key: string, version: Version): Copy | undefined {
    return this.#find.get(key, version);
  }

  /** Newest first. */
  of(key: string): Copy[] {
    return this.#of.all(key);
  }

  all(): Copy[] {
    return this.#all.all();
  }

  /** Of versions that neither stand nor are kept. */
  surplus(): Copy[] {
    return this.#surplus.all();
  }

  put({ key, version, place, sha256 }: Copy): void {
    this.#put.run(key, version, place, sha256);
  }

  delete(key: string, version: Version): void {
    this.#delete.run(key, version);
  }
}
