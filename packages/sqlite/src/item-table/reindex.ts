import { setImmediate } from "node:timers/promises";
import type { RecordHeader } from "@holdfast/core";
import type { Connection } from "../driver.js";
import { Indexes } from "./indexes.js";
import { headerOf, ITEM_COLUMNS, type ItemRow, readRest } from "./rows.js";
import { TOKENIZER_SQL } from "./schema.js";
import { joinTerms } from "./search-index.js";

/** What makes the terms of the search index, and the number that changes with how it does. */
export interface Tokenizer {
  readonly version: number;
  readonly termsOf: (header: RecordHeader) => string[];
}

// So many items at a time, so that the event loop has its turns.
const STEP = 500;

/** Computes the terms of all items anew when the index was built with another tokenizer, in one transaction. */
export async function reindexIfOutdated(connection: Connection, tokenizer: Tokenizer): Promise<void> {
  const indexed = connection.prepare<{ version: string }>(TOKENIZER_SQL);
  const isCurrent = () => Number(indexed.get()?.version) === tokenizer.version;
  if (isCurrent()) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have done it before the lock was ours.
    if (!isCurrent()) {
      for (let after: string | undefined = ""; after !== undefined; await setImmediate()) {
        after = computeTerms(connection, after, tokenizer);
      }
      new Indexes(connection).rebuild();
      connection.prepare("UPDATE store SET value = ? WHERE name = 'terms'").run(String(tokenizer.version));
    }
    connection.exec("COMMIT");
  } catch (error) {
    if (connection.inTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Writes the terms of some items behind a key to `bodies.terms`, and returns the last key; undefined at the end. The index is not touched.
 * An item whose header is damaged keeps the terms that it has.
 */
export function computeTerms(connection: Connection, after: string, { termsOf }: Tokenizer): string | undefined {
  const rows = connection
    .prepare<ItemRow>(`SELECT ${ITEM_COLUMNS} FROM items i WHERE i.key > ? ORDER BY i.key LIMIT ?`)
    .all(after, STEP);
  const update = connection.prepare("UPDATE bodies SET terms = ? WHERE id = ?");
  for (const row of rows) {
    const rest = readRest(row.rest);
    if (rest !== undefined) update.run(joinTerms(termsOf(headerOf(row, rest))), row.body);
  }
  return rows.at(-1)?.key;
}
