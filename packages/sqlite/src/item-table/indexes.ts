import { StorageError } from "@holdfast/core";
import { codeOf } from "../classify.js";
import type { Connection, Statement } from "../driver.js";
import { readRest } from "./rows.js";
import { INDEXED_SQL } from "./schema.js";
import { SearchIndex } from "./search-index.js";

/** Headers that may be held in memory at a time. */
const STEP = 500;

const BODIES_AND_ITEMS = "bodies b CROSS JOIN items i ON i.key = b.key";

/**
 * The index of tags and that of words. They may lag behind the items: of bodies with ids above `reach` they hold nothing, and
 * who searches looks at those one by one. What writes expects a transaction.
 */
export class Indexes {
  readonly #connection: Connection;
  /** The full-text index alone. */
  readonly words: SearchIndex;
  readonly #reach: Statement<{ reach: number | null }>;
  readonly #behind: Statement<{ behind: number | null }>;
  readonly #next: Statement<{ last: number | null }>;
  readonly #last: Statement<{ last: number }>;
  readonly #setReach: Statement<never>;
  readonly #addWords: Statement<never>;
  readonly #copyTags: Statement<never>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.words = new SearchIndex(connection);
    this.#reach = connection.prepare(`SELECT (${INDEXED_SQL}) AS reach`);
    this.#behind = connection.prepare(`SELECT (SELECT max(id) FROM bodies) - (${INDEXED_SQL}) AS behind`);
    this.#next = connection.prepare(
      "SELECT max(id) AS last FROM (SELECT id FROM bodies WHERE id > ? ORDER BY id LIMIT ?)",
    );
    this.#last = connection.prepare("SELECT coalesce(max(id), 0) AS last FROM bodies");
    this.#setReach = connection.prepare("UPDATE store SET value = ? WHERE name = 'indexed'");
    this.#addWords = connection.prepare(
      "INSERT INTO search (rowid, terms) SELECT id, terms FROM bodies WHERE id > ? AND id <= ? AND terms IS NOT NULL",
    );
    this.#copyTags = connection.prepare(
      `INSERT OR IGNORE INTO tags SELECT j.value, i.key FROM ${BODIES_AND_ITEMS},
       json_each(i.rest, '$.tags') j WHERE b.id > ? AND b.id <= ?`,
    );
  }

  /** The greatest id of a body that is in them, if it has tags or words at all. */
  get reach(): number {
    const reach = this.#reach.get()?.reach;
    if (typeof reach === "number") return reach;
    throw new StorageError("CORRUPT", "the database has lost how far its indexes reach; restore it from a backup");
  }

  /** So many bodies, at most, are not in them. */
  get behind(): number {
    return Math.max(0, this.#behind.get()?.behind ?? 0);
  }

  /** Takes in at most so many bodies that are not in them yet, the oldest first. */
  catchUp(most: number): void {
    const { reach } = this;
    const last = this.#lastOf(reach, most);
    if (last === undefined) return;
    this.#addWords.run(reach, last);
    this.#addTags(reach, last);
    this.#setReach.run(String(last));
    // Has words written out now, not by `COMMIT`: damage to their index is this step's alone.
    this.#connection.exec("SAVEPOINT caught_up; RELEASE caught_up");
  }

  /** Makes the index of words anew, and takes everything in. */
  rebuild(): void {
    const last = this.#last.get()?.last ?? 0;
    this.words.rebuild();
    for (let from = Math.min(this.reach, last), to = from; from < last; from = to) {
      to = this.#lastOf(from, STEP) ?? last;
      this.#addTags(from, to);
    }
    this.#setReach.run(String(last));
  }

  /** The last of so many bodies behind an id. */
  #lastOf(after: number, most: number): number | undefined {
    return this.#next.get(after, most)?.last ?? undefined;
  }

  #addTags(after: number, last: number): void {
    try {
      this.#copyTags.run(after, last);
    } catch (error) {
      if (codeOf(error) !== "SQLITE_ERROR") throw error;
      // There is a header that SQLite cannot read: too deep for it, or damaged.
      this.#addTagsOneByOne(after, last);
    }
  }

  /** A damaged header has none. */
  #addTagsOneByOne(after: number, last: number): void {
    const headers = this.#connection.prepare<{ key: string; rest: string | null }>(
      `SELECT i.key, i.rest FROM ${BODIES_AND_ITEMS} WHERE b.id > ? AND b.id <= ?`,
    );
    const add = this.#connection.prepare("INSERT OR IGNORE INTO tags VALUES (?, ?)");
    for (const { key, rest } of headers.all(after, last)) {
      for (const tag of readRest(rest)?.tags ?? []) add.run(tag, key);
    }
  }
}
