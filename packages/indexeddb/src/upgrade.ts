import type { AdapterContext } from "@holdfast/core";
import { toHex } from "./hex.js";
import { foundBy, headerOf, isItem, type Row, type StoreName, TOKENIZERS } from "./layout.js";
import { answered } from "./requests.js";

/** The message of the DataError of `upgrade` that says that somebody else made the database. The browser has DataErrors of its own. */
export const FOREIGN = "foreign";

/**
 * Brings a database from `oldVersion` (0: it is new) up to date, in the browser's own `versionchange` transaction: wholly, or
 * not at all. Awaits nothing but requests of that transaction, which would end otherwise.
 */
export async function upgrade(transaction: IDBTransaction, oldVersion: number, context: AdapterContext): Promise<void> {
  const layout = Math.floor(oldVersion / TOKENIZERS);
  const { db } = transaction;
  if (oldVersion > 0 && !(layout > 0 && isStore(db))) throw new DOMException(FOREIGN, "DataError");
  for (const step of STEPS.slice(layout)) step(transaction, context);
  const isTokenizer = oldVersion % TOKENIZERS === context.tokenizerVersion;
  if (layout > 0 && (layout < WITH_MODIFIED || !isTokenizer)) {
    await rewrite(transaction.objectStore("records"), isTokenizer ? undefined : context);
  }
}

/** What every layout has. */
const EVER: readonly StoreName[] = ["records", "feed", "chunks", "unowned", "store"];
/** The layout from which on records say when they were modified. */
const WITH_MODIFIED = 3;

/** Each makes the layout of its place, counted from 1, out of the one before. */
const STEPS: readonly ((transaction: IDBTransaction, context: AdapterContext) => void)[] = [
  ({ db }, { ports }) => {
    const records = db.createObjectStore("records");
    records.createIndex("found", "t", { multiEntry: true });
    records.createIndex("expires", "e");
    db.createObjectStore("feed");
    db.createObjectStore("chunks");
    db.createObjectStore("unowned");
    db.createObjectStore("store").put(toHex(ports.random.bytes(8)), "epoch");
  },
  (transaction) => {
    transaction.objectStore("records").createIndex("used", "u");
    transaction.db.createObjectStore("history");
  },
  (transaction) => {
    transaction.objectStore("records").createIndex("newest", "m");
  },
];

/** Computes anew when every item was modified and, for another tokenizer, what it is found by. */
async function rewrite(records: IDBObjectStore, tokenizer: AdapterContext | undefined): Promise<void> {
  const request = records.openCursor();
  for (let cursor = await answered(request); cursor !== null; cursor = await answered(request)) {
    const row = cursor.value as Row;
    if (isItem(row)) {
      const header = headerOf(row);
      const { t: old, ...rest } = row;
      const t = tokenizer === undefined ? old : foundBy(header.tags, tokenizer.termsOf(header));
      cursor.update({ ...rest, ...(t !== undefined && { t }), m: -header.modified });
    }
    cursor.continue();
  }
}

/** Whether this adapter made the database, of whatever layout. */
export function isStore({ objectStoreNames }: IDBDatabase): boolean {
  return EVER.every((store) => objectStoreNames.contains(store));
}
