import type { Problem } from "@holdfast/core";
import { isDamage, isFull } from "../classify.js";
import type { Connection } from "../driver.js";
import { checkHeaders, rebuildTags } from "./header-checks.js";
import type { ItemTable } from "./item-table.js";
import { computeTerms, type Tokenizer } from "./reindex.js";
import { inSnapshot } from "./snapshot.js";

/** A stream that has not moved for so long has ended without word: its process died. */
const STREAM_TIMEOUT = 60 * 60 * 1000;
/** How long tombstones stay, at least. */
const TOMBSTONE_RETENTION = 30 * 24 * 60 * 60 * 1000;

/** Bodies that the indexes take in at a time. */
const STEP = 512;

interface Finding {
  /** Selects what is wrong: a count, and one example. */
  readonly sql: string;
  readonly parameters?: (now: number) => number[];
  readonly describe: (count: number) => string;
}

/** Bodies that an item, a kept version or a stream under way has. */
const IN_USE = "SELECT body FROM items UNION ALL SELECT body FROM history UNION ALL SELECT body FROM staging";

const FINDINGS: readonly Finding[] = [
  {
    sql: `SELECT key FROM bodies b WHERE id NOT IN (${IN_USE})`,
    describe: (count) => `${count} stored bodies belong to no item`,
  },
  {
    sql: "SELECT key FROM history WHERE body NOT IN (SELECT id FROM bodies)",
    describe: (count) => `${count} previous versions have lost their bodies`,
  },
  {
    sql: "SELECT h.key FROM history h JOIN bodies b ON b.id = h.body WHERE b.terms IS NOT NULL",
    describe: (count) => `${count} previous versions have words in the search index`,
  },
  {
    sql: "SELECT NULL AS key FROM chunks WHERE body NOT IN (SELECT id FROM bodies)",
    describe: (count) => `${count} chunks belong to no body`,
  },
  {
    sql: "SELECT NULL AS key FROM staging WHERE token <> '' AND touched < ?",
    parameters: (now) => [now - STREAM_TIMEOUT],
    describe: (count) => `${count} unfinished bodies were left behind by streams that ended without word`,
  },
  {
    sql: `SELECT i.key FROM items i JOIN bodies b ON b.id = i.body
          WHERE b.key IS NOT i.key OR b.modified IS NOT i.modified OR b.expires IS NOT i.expires`,
    describe: (count) => `${count} items differ from what their search entries say`,
  },
  {
    sql: "SELECT key FROM tombstones WHERE key IN (SELECT key FROM items)",
    describe: (count) => `${count} keys are marked as deleted although their items are there`,
  },
];

/** Damage to the file, to headers and to what is derived from them, but for the index of words. Bodies are for their readers to check. */
export function checkTables(connection: Connection, table: ItemTable, now: number): Problem[] {
  const pages = checkPages(connection);
  if (pages.length > 0) return pages;
  return inSnapshot(connection, () => [
    ...FINDINGS.flatMap((finding) => find(connection, finding, now)),
    ...checkHeaders(connection, table.indexes.reach),
  ]);
}

/** Damage to the index of words. It can only be checked as a whole, so what it lacks is put in first. Throws SQLITE_BUSY while somebody else writes. */
export function checkIndex(connection: Connection, { indexes }: ItemTable): Problem[] {
  connection.exec("BEGIN IMMEDIATE");
  try {
    while (indexes.behind > 0) indexes.catchUp(STEP);
    indexes.words.verify();
    commitWhereThereIsRoom(connection);
    return [];
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [damage("the search index does not hold what the items say", true)];
  } finally {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

/** Whether the file itself is damaged, and not single items: then every write may spread the damage. */
export function isFileDamage({ key, repairable }: Problem): boolean {
  return key === undefined && !repairable;
}

/** Makes everything that is derived from the items anew, and drops what belongs to none. Expects a transaction. */
export function repairTables(connection: Connection, table: ItemTable, tokenizer: Tokenizer, now: number): void {
  connection.exec(`
    DELETE FROM bodies WHERE id NOT IN (${IN_USE});
    DELETE FROM history WHERE body NOT IN (SELECT id FROM bodies);
    UPDATE bodies SET terms = NULL WHERE terms IS NOT NULL AND id IN (SELECT body FROM history);
    DELETE FROM chunks WHERE body NOT IN (SELECT id FROM bodies);
    UPDATE bodies SET key = i.key, modified = i.modified, expires = i.expires FROM items i
      WHERE i.body = bodies.id AND (bodies.key IS NOT i.key OR bodies.modified IS NOT i.modified OR bodies.expires IS NOT i.expires);
    DELETE FROM tombstones WHERE key IN (SELECT key FROM items);
  `);
  rebuildTags(connection);
  table.bodies.discardStale(now - STREAM_TIMEOUT);
  for (let after: string | undefined = ""; after !== undefined; ) after = computeTerms(connection, after, tokenizer);
  table.indexes.rebuild();
}

/** Drops old tombstones, and from the search index what was deleted. Expects a transaction. */
export function trimTables(connection: Connection, table: ItemTable, now: number): void {
  // The tombstone of what can be restored stays: it keeps the versions of its key in order.
  connection
    .prepare("DELETE FROM tombstones WHERE deleted < ? AND key NOT IN (SELECT key FROM history)")
    .run(now - TOMBSTONE_RETENTION);
  table.indexes.words.optimize();
}

/** Writes the file anew without its free pages, into the log. Not inside a transaction; throws SQLITE_BUSY while somebody else writes. */
export function rewriteFile(connection: Connection): void {
  // VACUUM makes a copy, which in memory could be more than there is.
  connection.exec("PRAGMA temp_store = FILE");
  try {
    connection.exec("VACUUM");
  } catch (error) {
    // What it has left in the log is what there is no room for.
    if (isFull(error)) emptyLogIfPossible(connection);
    throw error;
  } finally {
    connection.exec("PRAGMA temp_store = MEMORY");
  }
}

/** Brings the write-ahead log into the file, which gets as small as it can, and empties it. False while somebody reads what is in it, or writes. */
export function emptyLog(connection: Connection): boolean {
  return connection.prepare<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)").get()?.busy === 0;
}

/** The same where nothing depends on it: also without the room that it takes. */
export function emptyLogIfPossible(connection: Connection): void {
  try {
    emptyLog(connection);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

function checkPages(connection: Connection): Problem[] {
  try {
    const rows = connection.prepare<{ quick_check: string }>("PRAGMA quick_check(20)").all();
    // It looks into the search index too, which has a check of its own, and can be made anew.
    const said = rows.map(({ quick_check }) => quick_check).filter((each) => each !== "ok" && !/fts5/i.test(each));
    return said.map((each) => damage(`the database file: ${each}`, false));
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [damage(`the database file: ${String(error)}`, false)];
  }
}

function find(connection: Connection, { sql, parameters, describe }: Finding, now: number): Problem[] {
  const row = connection
    .prepare<{ count: number; key: string | null }>(`SELECT count(*) AS count, min(key) AS key FROM (${sql})`)
    .get(...(parameters?.(now) ?? []));
  if (row === undefined || row.count === 0) return [];
  const example = row.key === null ? "" : `, ${JSON.stringify(row.key)} among them`;
  return [damage(`${describe(row.count)}${example}`, true)];
}

/** What the index was given, another time will do for. */
function commitWhereThereIsRoom(connection: Connection): void {
  try {
    connection.exec("COMMIT");
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

function damage(message: string, repairable: boolean): Problem {
  return { code: "CORRUPT", message, repairable };
}
