import type { AdapterContext, HistoryLimits } from "@holdfast/core";
import { type Connection, readStoreValue } from "@holdfast/sqlite/item-table";

const DAY = 24 * 60 * 60 * 1000;

/** What is kept where nobody has ever said. */
const DEFAULT_HISTORY: HistoryLimits = { versions: 3, age: 7 * DAY };

/** What somebody keeps who does not say, where others have: to drop versions is for those who said how many. */
const ALL: HistoryLimits = { versions: Number.MAX_SAFE_INTEGER, age: Number.MAX_SAFE_INTEGER };

/**
 * What this user of the store keeps. One who does not say asks in each transaction that may drop versions: others may say while both have
 * the store open.
 */
export function historyLimits({ history }: AdapterContext, connection: Connection): () => HistoryLimits | false {
  if (history !== undefined) return () => history;
  // Nobody takes back that it was said.
  let isSaid = false;
  return () => {
    isSaid ||= !goesByDefault(connection);
    return isSaid ? ALL : DEFAULT_HISTORY;
  };
}

/** Notes that some user of the store has said which versions to keep; expects a transaction. */
export function rememberHistoryIsSet(connection: Connection): void {
  connection.prepare("INSERT OR IGNORE INTO store VALUES ('history', 'set')").run();
}

/** Whether old versions go by themselves: only where nobody has ever said which to keep. */
export function goesByDefault(connection: Connection): boolean {
  return readStoreValue(connection, "history") === undefined;
}
