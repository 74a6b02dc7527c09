import type { Problem } from "@holdfast/core";
import type { Connection } from "../driver.js";
import { damagedHeader, readRest } from "./rows.js";

interface HeaderRow {
  readonly key: string;
  readonly body: number;
  readonly rest: string;
}

interface TagRow {
  readonly tag: string;
  readonly key: string;
  /** Null for an item without tags, and for no item. */
  readonly rest: string | null;
}

/** Headers that are held in memory at a time. */
const PAGE = 500;

/** Damaged headers, and where the index of tags does not hold what the others say; `reach` is how far it goes. Reads only. */
export function checkHeaders(connection: Connection, reach: number): Problem[] {
  const damaged: Problem[] = [];
  const surplus = new Findings((count) => `${count} entries of the tag index belong to no tag of an item`);
  const missing = new Findings((count) => `${count} tags of items are missing from the tag index`);
  const indexed = connection.prepare("SELECT 1 FROM tags WHERE tag = ? AND key = ?");
  for (const { key, body, rest } of headers(connection)) {
    const tags = readRest(rest)?.tags;
    if (tags === undefined) damaged.push(damage(key));
    else if (body <= reach) for (const tag of tags) if (indexed.get(tag, key) === undefined) missing.add(key);
  }
  const kept = connection.prepare<{ key: string; version: string; rest: string }>(
    "SELECT key, version, rest FROM history WHERE rest IS NOT NULL",
  );
  for (const { key, version, rest } of kept.iterate()) {
    if (readRest(rest) === undefined) damaged.push(damagedVersion(key, version));
  }
  const entries = connection.prepare<TagRow>(
    "SELECT t.tag, t.key, i.rest FROM tags t LEFT JOIN items i ON i.key = t.key",
  );
  for (const { tag, key, rest } of entries.iterate()) {
    // What a damaged header says nobody knows.
    if (readRest(rest)?.tags.includes(tag) === false) surplus.add(key);
  }
  return [...damaged, ...surplus.problems, ...missing.problems];
}

/** Makes the index of tags anew, of all items whose headers can be read. Expects a transaction. */
export function rebuildTags(connection: Connection): void {
  connection.exec("DELETE FROM tags");
  const add = connection.prepare("INSERT OR IGNORE INTO tags VALUES (?, ?)");
  for (const { key, rest } of headers(connection)) for (const tag of readRest(rest)?.tags ?? []) add.run(tag, key);
}

/** Of items that have anything in `rest`. Page by page, so that other statements may run in between. */
function* headers(connection: Connection): Generator<HeaderRow> {
  const page = connection.prepare<HeaderRow>(
    "SELECT key, body, rest FROM items WHERE key > ? AND rest IS NOT NULL ORDER BY key LIMIT ?",
  );
  for (let after = ""; ; ) {
    const rows = page.all(after, PAGE);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.key;
  }
}

function damage(key: string): Problem {
  return { key, code: "CORRUPT", message: damagedHeader(key).message, repairable: false };
}

/** The item is whole: to delete it would cost it, and not what is damaged. */
function damagedVersion(key: string, version: string): Problem {
  const message = `previous version ${version}: its header is damaged, and the item is not; a sweep of a storage opened with "history: false" drops all previous versions`;
  return { key, code: "CORRUPT", message, repairable: false };
}

/** So many of a kind, and one example. */
class Findings {
  readonly #describe: (count: number) => string;
  #count = 0;
  #example = "";

  constructor(describe: (count: number) => string) {
    this.#describe = describe;
  }

  add(key: string): void {
    if (this.#count++ === 0) this.#example = key;
  }

  get problems(): Problem[] {
    if (this.#count === 0) return [];
    const message = `${this.#describe(this.#count)}, ${JSON.stringify(this.#example)} among them`;
    return [{ code: "CORRUPT", message, repairable: true }];
  }
}
