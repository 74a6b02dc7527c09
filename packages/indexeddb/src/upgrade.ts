import { type AdapterContext, StorageError } from "@holdfast/core";
import { toHex } from "./hex.js";
import { foundBy, headerOf, isItem, type Row, TOKENIZERS } from "./layout.js";
import { answered } from "./requests.js";

/**
 * Brings a database from `oldVersion` (0: it is new) up to date, in the browser's own `versionchange` transaction: wholly, or
 * not at all. Awaits nothing but requests of that transaction, which would end otherwise.
 */
export async function upgrade(transaction: IDBTransaction, oldVersion: number, context: AdapterContext): Promise<void> {
  const layout = Math.floor(oldVersion / TOKENIZERS);
  if (oldVersion > 0 && layout === 0) throw foreign(transaction.db.name);
  for (const step of STEPS.slice(layout)) step(transaction, context);
  if (layout > 0 && oldVersion % TOKENIZERS !== context.tokenizerVersion) {
    await index(transaction.objectStore("records"), context);
  }
}

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
];

/** Computes anew what every item is found by. */
async function index(records: IDBObjectStore, { termsOf }: AdapterContext): Promise<void> {
  const request = records.openCursor();
  for (let cursor = await answered(request); cursor !== null; cursor = await answered(request)) {
    const row = cursor.value as Row;
    if (isItem(row)) {
      const header = headerOf(row);
      const t = foundBy(header.tags, termsOf(header));
      const { t: _, ...rest } = row;
      cursor.update(t === undefined ? rest : { ...rest, t });
    }
    cursor.continue();
  }
}

export function foreign(name: string): StorageError {
  return new StorageError(
    "CORRUPT",
    `the database ${JSON.stringify(name)} was not made by Holdfast and is left as it is: choose another name`,
  );
}
